// Pages work without this file; it adds keys and boxes that filter a list. The rest is htmx.
"use strict";
(() => {
  const shown = (row) => row.offsetParent !== null;
  const rows = () => [...document.querySelectorAll("[data-row]")].filter(shown);
  let at = -1;

  // The row `step` further down gets the mark and the focus.
  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    at = Math.max(0, Math.min(all.length - 1, at + step));
    all.forEach((row, i) => row.classList.toggle("at", i === at));
    const link = all[at].querySelector("a, button, summary") || all[at];
    link.focus();
  };

  const follow = (rel) => document.querySelector(`a[rel=${rel}]`)?.click();

  const search = () => {
    const box = document.querySelector("input[type=search]");
    if (box) box.focus();
    else location.href = "/why";
  };

  const keys = {
    "/": search,
    "j": () => go(1),
    "k": () => go(-1),
    "n": () => follow("next"),
    "p": () => follow("prev"),
    "?": () => document.getElementById("keys")?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select")) return;
    if (event.key === "/") event.preventDefault(); // or the slash is typed into the box
    keys[event.key]?.();
  });

  // A list shows only what holds the words typed, with or without Vietnamese marks.
  const plain = (s) =>
    s.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();

  document.querySelectorAll("[data-filter]").forEach((box) => {
    box.addEventListener("input", () => {
      const wanted = plain(box.value);
      document.querySelectorAll(box.dataset.filter).forEach((one) => {
        one.hidden = !plain(one.textContent).includes(wanted);
      });
    });
  });
})();
