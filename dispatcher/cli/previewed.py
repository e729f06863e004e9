"""A preview in words: who, what it costs, what vendors let through, and what is to be mended."""

from __future__ import annotations

from dispatcher.broadcasts import Preview, registered
from dispatcher.cli import foretold
from dispatcher.cli.surface import Surface
from dispatcher.cli.templates import bubble
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Say
from dispatcher.domain.words import REASONS
from dispatcher.reports.reporting import number

DRILL = Say("CHẠY THỬ: không tin nào rời khỏi máy này.", "DRILL: nothing leaves this machine.")


def say_drill(surface: Surface, mode: Mode) -> None:
    """Said on every text and report of a drill."""
    if mode is Mode.DRILL:
        surface.say(DRILL.vi, DRILL.en)


def tell_preview(surface: Surface, broadcast: Broadcast, found: Preview) -> None:
    """A preview in words: who, what it costs, and two samples."""
    say_drill(surface, broadcast.mode)
    surface.say(
        f"{number(found.people)} người, {number(found.households)} hộ: gửi {number(found.queued)}, "
        f"bỏ qua {number(found.people - found.queued)}.",
        f"{found.people} people, {found.households} households: {found.queued} to send, "
        f"{found.people - found.queued} skipped.",
    )
    for reason, n in found.skipped.items():
        words = REASONS[reason]
        surface.say(f"  {number(n)} {words.vi}", f"  {n} {words.en}")
    for channel, cost in found.cost.items():
        surface.say(
            f"  {channel}: {found.most_parts[channel]} tin/người, "
            f"{number(found.parts[channel])} tin, "
            f"nhiều nhất {number(cost)} đồng",
            f"  {channel}: {found.most_parts[channel]} parts each, {found.parts[channel]} parts, "
            f"at most {cost} đồng",
        )
    for channel, n in found.remembered.items():
        surface.say(
            f"  {number(n)} người gần đây không nhận được qua {channel}: đi thẳng đường khác",
            f"  {n} people could not be reached by {channel} lately: sent another way at once",
        )
    if found.despite_refusal:
        surface.say(
            f"  {number(found.despite_refusal)} người đã từ chối tin thường, vẫn nhận tin khẩn này",
            f"  {found.despite_refusal} people refused ordinary texts and get this urgent one",
        )
    totals = found.as_json()["cost"]
    surface.say(
        f"Tổng nhiều nhất {number(found.total)} đồng (ước tính): mỗi máy {totals['per_phone']}, "
        f"mỗi hộ {totals['per_household']} đồng.",
        f"At most {found.total} đồng in all (estimate): {totals['per_phone']} a phone, "
        f"{totals['per_household']} a household.",
    )
    for budget in found.budgets:
        surface.say(
            f"  Ngân sách {budget.budget} {budget.period}: đã dùng và giữ {number(budget.used)} "
            f"trên {number(budget.most)} đồng.",
            f"  Budget {budget.budget} {budget.period}: {budget.used} of {budget.most} đồng spent "
            "or set aside.",
        )
    if found.over_budget is not None:
        surface.warn(
            f"Vượt ngân sách {found.over_budget.budget} {found.over_budget.period}.",
            f"Over the budget {found.over_budget.budget} {found.over_budget.period}.",
        )
    for saving in found.savings:
        surface.say(
            f"  Bớt {saving.characters} ký tự: {number(saving.people)} người bớt một tin, "
            f"rẻ hơn {number(saving.dong)} đồng.",
            f"  {saving.characters} characters less: one part less for {saving.people} "
            f"people, {saving.dong} đồng saved.",
        )
    for earlier, people in found.repeated.items():
        surface.warn(
            f"{number(people)} người đã nhận, hoặc sắp nhận, đúng tin này trong vòng 24 giờ (đợt "
            f"gửi {earlier}).",
            f"{people} people were sent exactly this within 24 hours, or will be (broadcast "
            f"{earlier}).",
        )
    tell_again(surface, broadcast)
    _tell_registered(surface, found)
    for remark in found.remarks:
        surface.warn(f"{remark.rule}: {remark.say.vi}", f"{remark.rule}: {remark.say.en}")
    for finding in found.findings:
        surface.warn(f"{finding.say.vi}:", f"{finding.say.en}:")
        for worst in finding.worst:
            shown = f" ({worst['amount']}) {worst['value'][:60]}" if worst["value"] else ""
            surface.say(f"    {worst['who']}{shown}")
    tell_times(surface, found)
    if found.forecast is not None:
        foretold.tell_ahead(surface, found.forecast.as_json(), of_left=found.late is None)
    for sample in found.samples[:3]:
        to = f"{sample['channel']} → {sample['contact']} {sample['to']}"
        surface.say(
            f"\n{to} ({sample['characters']} ký tự = {sample['parts']} tin)",
            f"\n{to} ({sample['characters']} characters = {sample['parts']} parts)",
        )
        surface.say(bubble(sample["body"]))


def tell_again(surface: Surface, broadcast: Broadcast) -> None:
    """The reason that was given for the same words, if any."""
    if broadcast.again:
        surface.say(
            f"  lý do gửi lại cùng nội dung: {broadcast.again}",
            f"  why the same words go out again: {broadcast.again}",
        )


def tell_times(surface: Surface, found: Preview) -> None:
    """From when until when it is sent; who would be late, and the ways out."""
    if found.period is not None:
        surface.say(found.period.told().vi, found.period.told().en)
    if found.late is not None:
        surface.warn(found.late.told().vi, found.late.told().en)
        for way in found.late.ways:
            surface.say(f"    {way.say.vi}", f"    {way.say.en}")


def _tell_registered(surface: Surface, found: Preview) -> None:
    """What the vendors let through today, per network."""
    for standing in found.standings:
        told_by = standing.as_json()
        words = registered.WORDS[standing.state]
        network = told_by["carrier"] or "?"
        surface.say(
            f"  {told_by['gateway']} {network}: {number(standing.people)} người, mẫu "
            f"{told_by['template']} {words.vi}",
            f"  {told_by['gateway']} {network}: {standing.people} people, template "
            f"{told_by['template']} {words.en}",
        )
    if found.can_go_today is not None:
        surface.say(
            f"Hôm nay gửi được tới {number(found.can_go_today)} người (mẫu đã được duyệt).",
            f"Today {found.can_go_today} people can be reached (templates approved).",
        )
