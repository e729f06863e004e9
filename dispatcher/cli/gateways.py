"""gateways: list, check, balance, explain, pause, resume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatcher.broadcasts.routes import adapter_channel
from dispatcher.cli.spoken import Group, argument, option
from dispatcher.cli.surface import Surface
from dispatcher.cli.tools import each_line
from dispatcher.db.queue import gateways as rows
from dispatcher.domain import outages, rights
from dispatcher.domain.model import Heard as Bits
from dispatcher.domain.model import Mode
from dispatcher.domain.outages import State
from dispatcher.domain.problems import OK, SETTINGS, UNREACHABLE, Problem, Say, unknown
from dispatcher.gateways import adapter_module, cleaned
from dispatcher.gateways.contract import Accepted, Answer, Call
from dispatcher.usecases import accounts, alarms

UNANSWERED = frozenset({State.UNREACHABLE, State.THROTTLED, State.UNREADABLE})  # exit 5
gateways = Group(Say("Nhà cung cấp.", "Gateways."))


@gateways.verb(
    "list",
    "Liệt kê nhà cung cấp và tình trạng.",
    "List gateways and how they are.",
    "dispatcher gateways list",
)
def list_gateways(surface: Surface) -> None:
    app, now = surface.open_app(), surface.open_app().clock()
    with app.store.read(surface.actor()) as tx:
        states, sign_ins, health = rows.states(tx), rows.sign_ins(tx), alarms.gateways(app, tx)
        odd = alarms.odd_reports(app, tx)
    found = []
    for name, chosen in app.site.gateways.items():
        state = states.get(name)
        paused = state if state is not None and state["paused_at"] is not None else None
        found.append(
            {
                "name": name,
                "adapter": chosen.adapter,
                "channel": adapter_channel(chosen).value,
                **health[name].as_json(),
                "paused": paused is not None,
                "reason": paused["paused_reason"] if paused else None,
                "code": health[name].code or None,
                "unknowns_in_a_row": state["unknowns"] if state else 0,
                "sign_in": sign_ins[name][0] if name in sign_ins else None,
                "odd_reports": odd.get(name),
            }
        )
    if surface.json:
        surface.emit(found)
        return
    surface.table(
        [
            Say("tên", "name"),
            Say("trình kết nối", "adapter"),
            Say("kênh", "channel"),
            Say("tình trạng", "state"),
        ],
        [
            [
                f["name"],
                f["adapter"],
                f["channel"],
                surface.text("cần đăng nhập lại", "sign in again")
                if f["sign_in"] == "reconsent_required" and f["state"] in ("ok", "unknown")
                else outages.described(health[f["name"]]).to(surface.language),
            ]
            for f in found
        ],
    )
    for one in health.values():
        then = outages.remedy(one, now)
        if then.vi:
            surface.say(f"  {one.gateway}: {then.vi}", f"  {one.gateway}: {then.en}")


@gateways.verb(
    "check",
    "Kiểm tra cấu hình và, khi gửi thật, kết nối tới nhà cung cấp.",
    "Check settings and, when live, the connection.",
    "dispatcher gateways check",
)
@argument("names", nargs=-1)
def check(surface: Surface, names: tuple[str, ...]) -> int:
    app = surface.open_app()
    found, worst = [], OK
    for name in names or tuple(app.site.gateways):
        named(app.site, name)
        result = accounts.checked(app, name, surface.language)
        if not result["ok"]:
            nobody = result.get("fault") in UNANSWERED
            worst = max(worst, UNREACHABLE if nobody else SETTINGS)
        found.append(result)
    if surface.json:
        surface.emit(found)
    for f in found:
        if f["ok"]:
            surface.say(*_fine(f))
        else:
            name, told = f["gateway"], f.get("message", "?")
            surface.say(told if told.startswith(f"{name}:") else f"{name}: {told}")
        if odd := f.get("odd_reports"):
            said = alarms.of_no_use(odd)
            surface.warn(
                f"Báo nhận giờ qua không khớp tin nào hoặc không đọc được: {said.vi}. Xem: "
                "dispatcher log receipts; kiểm tra khóa ở nhà cung cấp",
                f"Reports of the last hour that match nothing or cannot be read: {said.en}. See: "
                "dispatcher log receipts; check the keys at the vendor",
            )
        if f.get("not_registered"):
            unknown_names = ", ".join(f["not_registered"])
            surface.warn(
                f"Nhà cung cấp chưa có tên định danh: {unknown_names}. "
                "Tin ký tên này sẽ bị từ chối.",
                f"The vendor does not know these senders: {unknown_names}. Messages they sign "
                "will be refused.",
            )
    if app.site.mode is Mode.DRILL:
        surface.hint(
            "Đang chạy thử nên chưa kiểm tra khóa và kết nối thật.",
            "This is a drill: real keys and connections were not tried.",
        )
    return worst


def _fine(found: Mapping[str, Any]) -> tuple[str, str]:
    """What a check without a trouble shows: how much of it was tried, and how messages fare."""
    name, state = found["gateway"], State(found["state"])
    tried = {True: (", nối được", ", connected"), None: (", chưa thử nối", ", not connected to")}
    vi, en = tried[found["reached"]]
    by_reports = state is State.UNREADABLE and "odd_reports" in found  # they are told apart
    if state not in (State.OK, State.UNKNOWN) and not by_reports:
        vi, en = f"{vi}; {outages.NAMES[state].vi}", f"{en}; {outages.NAMES[state].en}"
    return f"{name}: đạt{vi}", f"{name}: fine{en}"


def named(site: Any, name: str) -> Any:
    if name not in site.gateways:
        raise unknown(Say("nhà cung cấp", "gateway"), name, site.gateways)
    return site.gateways[name]


@gateways.verb(
    "pause", "Tạm dừng một nhà cung cấp.", "Pause a gateway.", "dispatcher gateways pause esms"
)
@argument("name", complete="gateway")
def pause(surface: Surface, name: str) -> None:
    app = surface.open_app()
    named(app.site, name)
    rights.need_site(surface.actor(), "tạm dừng nhà cung cấp", "pause a gateway", rights.WRITERS)
    with app.begin(surface.actor())() as tx:
        rows.pause(tx, name, "person")
    if surface.json:
        surface.emit({"gateway": name, "paused": True})
    surface.say(
        f"Đã tạm dừng {name}; tin chờ ở đó không mất.", f"{name} is paused; nothing is lost."
    )


@gateways.verb(
    "resume",
    "Cho một nhà cung cấp chạy lại.",
    "Resume a gateway.",
    "dispatcher gateways resume esms",
)
@argument("name", complete="gateway")
def resume(surface: Surface, name: str) -> None:
    app = surface.open_app()
    named(app.site, name)
    rights.need_site(surface.actor(), "cho nhà cung cấp chạy lại", "resume a gateway")
    with app.begin(surface.actor())() as tx:
        rows.resume(tx, name)
    if surface.json:
        surface.emit({"gateway": name, "paused": False})
    surface.say(f"{name} chạy lại.", f"{name} runs again.")


@gateways.verb(
    "explain",
    "Một trả lời hay báo nhận của nhà cung cấp nghĩa là gì.",
    "What an answer or a callback of a vendor means.",
    "dispatcher gateways explain esms answer --jsonl -",
)
@argument("adapter")
@argument("what")
@option(
    "--jsonl",
    required=True,
    vi="đọc từng dòng JSON từ đầu vào (-)",
    en="one JSON value per line (-)",
)
def explain(surface: Surface, adapter: str, what: str, jsonl: str) -> None:
    module = adapter_module(adapter)
    if what not in ("answer", "receipt") or jsonl != "-":
        raise Problem(
            "usage",
            "Dùng: gateways explain ADAPTER answer|receipt --jsonl -",
            "Use: gateways explain ADAPTER answer|receipt --jsonl -",
        )
    if not hasattr(module, "read_answer"):
        raise Problem(
            "nothing-to-explain",
            f"«{adapter}» không có gì để giải thích.",
            f"“{adapter}” has nothing to explain.",
        )
    options = _receipt_options(surface, adapter, module)
    each_line(
        surface,
        lambda v: _answer(module, v, options) if what == "answer" else _receipt(module, v, options),
    )


def _receipt_options(surface: Surface, adapter: str, module: Any) -> dict[str, Any]:
    """The secrets receipts are verified with, where this site has them."""
    from dispatcher.config import Secret

    try:
        site = surface.open_site()
    except Problem:
        return {}
    for chosen in site.gateways.values():
        if chosen.adapter == adapter:
            found = {}
            for key, value in chosen.options.items():
                try:
                    found[key] = value.fetch() if isinstance(value, Secret) else value
                except Problem:
                    continue
            return found
    return {}


def _answer(module: Any, value: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    headers = {str(k).lower(): str(v) for k, v in (value.get("headers") or {}).items()}
    answer = Answer(
        int(value.get("status", 200)),
        headers,
        str(value.get("body", "")).encode("utf-8", "surrogatepass"),
    )
    results = []
    described = {"options": options} if module.__name__.endswith(".http") else {}
    for verdict in map(cleaned.verdict, module.read_answer(answer, **described)):
        if isinstance(verdict, Accepted):
            results.append(
                {
                    "result": "accepted",
                    "fault": None,
                    "code": None,
                    "provider_id": verdict.provider_id,
                }
            )
        else:
            results.append(
                {
                    "result": "refused",
                    "fault": verdict.fault.value,
                    "code": verdict.code,
                    "provider_id": None,
                }
            )
    return {"results": results}


def _receipt(module: Any, value: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    headers = {str(k).lower(): str(v) for k, v in (value.get("headers") or {}).items()}
    call = Call(
        str(value.get("method", "GET")),
        str(value.get("query") or ""),
        headers,
        str(value.get("body") or "").encode("utf-8", "surrogatepass"),
    )
    heard = cleaned.heard(module.read_receipt(call, options))
    return {
        "receipts": [
            {
                "reference": r.reference,
                "provider_id": r.provider_id,
                "to": r.to,
                "state": (Bits(r.state).name or "accepted").lower(),
                "code": r.code,
            }
            for r in heard.receipts
        ],
        "verified": heard.verified,
    }
