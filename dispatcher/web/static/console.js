// Pages work without this file; it adds keys and boxes that filter a list. The rest is htmx.
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((r) => r.offsetParent !== null);
  let at = -1;
  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    at = Math.max(0, Math.min(all.length - 1, at + step));
    all.forEach((r, i) => r.classList.toggle("at", i === at));
    const link = all[at].querySelector("a, button, summary") || all[at];
    link.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    const search = document.querySelector("input[type=search]");
    const follow = (rel) => document.querySelector(`a[rel=${rel}]`)?.click();
    if (event.key === "/") { event.preventDefault(); search ? search.focus() : (location.href = "/why"); }
    else if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "n") follow("next");
    else if (event.key === "p") follow("prev");
    else if (event.key === "?") document.getElementById("keys")?.showModal();
  });
  document.querySelectorAll("[data-filter]").forEach((box) => {
    const plain = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
    box.addEventListener("input", () => {
      const wanted = plain(box.value);
      document.querySelectorAll(box.dataset.filter).forEach((x) => { x.hidden = !plain(x.textContent).includes(wanted); });
    });
  });
})();
