"""A preview in words, the same for pages and commands: who, what it costs, what is to be mended.

Comes from: `broadcasts_views.preview`.   Goes to: doors, which only choose how a line looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatcher.broadcasts import Preview, registered
from dispatcher.domain import outages
from dispatcher.domain.amounts import number
from dispatcher.domain.model import HANOI
from dispatcher.domain.outages import Health, State
from dispatcher.domain.problems import Say
from dispatcher.domain.words import REASONS
from dispatcher.usecases.broadcasts_views import Previewed

INFO, NOTE, WARN, PROBLEM = "info", "note", "warn", "problem"


@dataclass(frozen=True)
class Line:
    """One thing to say. `deep`: how far it belongs to the line before; `look`: info | note
    (not as one might think) | warn (mind it) | problem (mend it)."""

    say: Say
    deep: int = 0
    look: str = INFO


def lines(seen: Previewed) -> list[Line]:
    """All there is to say of a preview, but the texts themselves."""
    found = seen.found
    return [
        *_people(found),
        *_money(found),
        *_same_words(found),
        *_registered(found),
        *_texts(found),
        *times(found),
        *(ahead(found.forecast.as_json(), of_left=found.late is None) if found.forecast else ()),
        *(line for told in seen.vendors for line in vendor(told)),
    ]


def blocks(found: Sequence[Line]) -> list[tuple[Line, list[Line]]]:
    """Lines with those that belong to them."""
    made: list[tuple[Line, list[Line]]] = []
    for line in found:
        if line.deep and made:
            made[-1][1].append(line)
        else:
            made.append((line, []))
    return made


def _people(found: Preview) -> Iterator[Line]:
    left = found.people - found.queued
    yield Line(Say(
        f"{number(found.people)} người, {number(found.households)} hộ: gửi {number(found.queued)}, "
        f"bỏ qua {number(left)}.",
        f"{found.people} people, {found.households} households: {found.queued} to send, "
        f"{left} skipped.",
    ))  # fmt: skip
    for reason, n in found.skipped.items():
        words = REASONS[reason]
        yield Line(Say(f"{number(n)} {words.vi}", f"{n} {words.en}"), 1)
    for channel, cost in found.cost.items():
        parts, each = found.parts[channel], found.most_parts[channel]
        yield Line(Say(
            f"{channel}: {each} tin/người, {number(parts)} tin, nhiều nhất {number(cost)} đồng",
            f"{channel}: {each} parts each, {parts} parts, at most {cost} đồng",
        ), 1)  # fmt: skip
    for channel, n in found.remembered.items():
        yield Line(Say(
            f"{number(n)} người gần đây không nhận được qua {channel}: đi thẳng đường khác",
            f"{n} people could not be reached by {channel} lately: sent another way at once",
        ), 1)  # fmt: skip
    if found.despite_refusal:
        n = found.despite_refusal
        yield Line(Say(
            f"{number(n)} người đã từ chối tin thường, vẫn nhận tin khẩn này",
            f"{n} people refused ordinary texts and get this urgent one",
        ), 1)  # fmt: skip


def _money(found: Preview) -> Iterator[Line]:
    each = found.as_json()["cost"]
    yield Line(Say(
        f"Tổng nhiều nhất {number(found.total)} đồng (ước tính): mỗi máy {each['per_phone']}, "
        f"mỗi hộ {each['per_household']} đồng.",
        f"At most {found.total} đồng in all (estimate): {each['per_phone']} a phone, "
        f"{each['per_household']} a household.",
    ))  # fmt: skip
    for budget in found.budgets:
        yield Line(Say(
            f"Ngân sách {budget.budget} {budget.period}: đã dùng và giữ {number(budget.used)} "
            f"trên {number(budget.most)} đồng.",
            f"Budget {budget.budget} {budget.period}: {budget.used} of {budget.most} đồng spent "
            "or set aside.",
        ), 1)  # fmt: skip
    over = found.over_budget
    if over is not None:
        yield Line(Say(
            f"Vượt ngân sách {over.budget} {over.period}.",
            f"Over the budget {over.budget} {over.period}.",
        ), look=PROBLEM)  # fmt: skip
    for saving in found.savings:
        yield Line(Say(
            f"Bớt {saving.characters} ký tự: {number(saving.people)} người bớt một tin, "
            f"rẻ hơn {number(saving.dong)} đồng.",
            f"{saving.characters} characters less: one part less for {saving.people} "
            f"people, {saving.dong} đồng saved.",
        ), 1)  # fmt: skip


def _same_words(found: Preview) -> Iterator[Line]:
    for earlier, people in found.repeated.items():
        yield Line(Say(
            f"{number(people)} người đã nhận, hoặc sắp nhận, đúng tin này trong vòng 24 giờ (đợt "
            f"gửi {earlier}).",
            f"{people} people were sent exactly this within 24 hours, or will be (broadcast "
            f"{earlier}).",
        ), look=WARN)  # fmt: skip
    yield from again(found.again)


def again(reason: str) -> Iterator[Line]:
    """The reason that was given for the same words, if any."""
    if reason:
        yield Line(Say(
            f"lý do gửi lại cùng nội dung: {reason}", f"why the same words go out again: {reason}"
        ), 1)  # fmt: skip


def _registered(found: Preview) -> Iterator[Line]:
    """What the vendors let through today, per network."""
    for standing in found.standings:
        told = standing.as_json()
        words, network = registered.WORDS[standing.state], told["carrier"] or "?"
        yield Line(Say(
            f"{told['gateway']} {network}: {number(standing.people)} người, mẫu "
            f"{told['template']} {words.vi}",
            f"{told['gateway']} {network}: {standing.people} people, template "
            f"{told['template']} {words.en}",
        ), 1)  # fmt: skip
    today = found.can_go_today
    if today is not None:
        yield Line(Say(
            f"Hôm nay gửi được tới {number(today)} người (mẫu đã được duyệt).",
            f"Today {today} people can be reached (templates approved).",
        ))  # fmt: skip


def _texts(found: Preview) -> Iterator[Line]:
    for remark in found.remarks:
        said = Say(f"{remark.rule}: {remark.say.vi}", f"{remark.rule}: {remark.say.en}")
        yield Line(said, look=PROBLEM if remark.severity == "block" else WARN)
    for finding in found.findings:
        yield Line(Say(f"{finding.say.vi}:", f"{finding.say.en}:"), look=PROBLEM)
        for worst in finding.worst:
            shown = f" ({worst['amount']}) {worst['value'][:60]}" if worst["value"] else ""
            yield Line(Say(f"{worst['who']}{shown}", f"{worst['who']}{shown}"), 2)


def times(found: Preview) -> Iterator[Line]:
    """From when until when it is sent; who would be late, and the ways out."""
    if found.period is not None:
        yield Line(found.period.told(), look=NOTE if found.period.waits else INFO)
    if found.late is not None:
        yield Line(found.late.told(), look=PROBLEM)
        for way in found.late.ways:
            yield Line(way.say, 2)


# --- when it will be through --------------------------------------------------------------------


def ahead(forecast: Mapping[str, Any], *, of_left: bool = True) -> Iterator[Line]:
    """A forecast in one line, more where a gateway lets nothing out or, unless it is said
    elsewhere, something will be left."""
    low, high = forecast["cost"]["low"], forecast["cost"]["high"]
    basis = Say("theo cài đặt, chưa đo", "by the settings, not measured yet")
    if forecast["measured"]:
        basis = Say("theo tốc độ đã đo", "by measured rates")
    money = Say("", "")
    if 0 < high >= low:
        money = Say(f", {number(low)}–{number(high)} đồng", f", {low}–{high} đồng")
    if forecast["finish"]:
        finish = clock(forecast["finish"])
        yield Line(Say(
            f"dự kiến chuyển xong {finish}{money.vi} ({basis.vi})",
            f"handed over by {finish}{money.en} ({basis.en})",
        ))  # fmt: skip
    else:
        yield Line(Say(
            f"chưa biết khi nào xong{money.vi}", f"nobody can say when it is through{money.en}"
        ))  # fmt: skip
    for waits in forecast.get("waits", ()):
        yield Line(_waiting(waits), look=NOTE)
    left = forecast["left"]
    if left and of_left:
        yield Line(Say(
            f"{number(left)} tin không kịp gửi trước khi hết hạn: kéo dài hạn, thêm nhà cung cấp "
            "hoặc bớt người",
            f"{left} messages will not leave before it expires: give it longer, add a gateway or "
            "write to fewer people",
        ), look=NOTE)  # fmt: skip


def _waiting(waits: Mapping[str, Any]) -> Say:
    """How many wait for a gateway in trouble, how it is and what to do."""
    since = datetime.fromisoformat(waits["since"]) if waits["since"] else None
    found = Health(waits["gateway"], State(waits["state"]), since, waits["code"])
    how, many = outages.described(found), waits["messages"]
    todo = Both(waits["todo"]["vi"], waits["todo"]["en"])
    return Say(
        f"{number(many)} tin chờ ở {found.gateway}: {how.vi}; {todo.vi}",
        f"{many} messages wait for {found.gateway}: {how.en}; {todo.en}",
    )


def clock(moment: str) -> str:
    """An ISO moment as Hanoi's time of day and day."""
    return f"{datetime.fromisoformat(moment).astimezone(HANOI):%H:%M:%S %d/%m}"


# --- vendors ------------------------------------------------------------------------------------


def vendor(told: Mapping[str, Any]) -> Iterator[Line]:
    """What one vendor says of one of its templates; see `vendor_templates.findings`."""
    if "problem" in told:
        yield Line(told["problem"].say, look=WARN)
        return
    id_price = told["price_by_id"]
    by_id = Say("", "")
    if id_price is not None:
        by_id = Say(f" ({id_price} theo mã người dùng)", f" ({id_price} by user id)")
    yield Line(Say(
        f"{told['gateway']}: còn {told['quota_left']} tin hôm nay, chất lượng {told['quality']}, "
        f"{told['price']} đồng/tin{by_id.vi}.",
        f"{told['gateway']}: {told['quota_left']} messages left today, quality {told['quality']}, "
        f"{told['price']} đồng each{by_id.en}.",
    ))  # fmt: skip
    if told["enough_quota"] is False:
        yield Line(Say(
            "Hạn mức hôm nay không đủ: phần còn lại chờ sang ngày hoặc qua kênh sau.",
            "Today's quota is not enough: the rest waits for tomorrow or the next step.",
        ), look=WARN)  # fmt: skip
    if not told["enabled"]:
        yield Line(Say(
            f"Mẫu {told['template']} chưa được Zalo duyệt: sẽ bị từ chối.",
            f"Template {told['template']} is not approved by Zalo: it will be refused.",
        ), look=PROBLEM)  # fmt: skip
    for long in told["too_long"]:
        yield Line(Say(
            f"«{long['value']}» dài tới {long['longest']} ký tự, mẫu chỉ cho {long['allowed']}: "
            "những tin đó sẽ bị từ chối.",
            f"“{long['value']}” is up to {long['longest']} characters, the template allows "
            f"{long['allowed']}: those messages will be refused.",
        ), look=PROBLEM)  # fmt: skip
    for key in (*told["missing"], *told["unknown"]):
        yield Line(Say(
            f"«{key}» không khớp giữa mẫu của ta và mẫu đã đăng ký.",
            f"“{key}” differs between our template and the registered one.",
        ), look=PROBLEM)  # fmt: skip
