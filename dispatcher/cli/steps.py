"""What to type next: for problems by their step, for gateways by how they are.

Comes from: commands with something to tell.   Goes to: the terminal, behind the sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from dispatcher.domain import outages
from dispatcher.domain.outages import Attendance, Health, Way, Work
from dispatcher.domain.problems import Problem, with_step
from dispatcher.i18n import Say, Spoken

if TYPE_CHECKING:
    from dispatcher.usecases.preview_lines import PreviewLine

# By `Problem.step`; the names in braces are fields of the problem's sentence.
STEPS: Mapping[str, Say] = {
    # broadcasts
    "no-audience": Say("Add --ward 'Ward name' (or all) or --group."),
    "groups-without-ward": Say("Add --ward 'Ward name'."),
    "field-missing": Say("Add --set {missing}='…'"),
    "unchanged-broadcast": Say("Add --set, --title, --ward, --window …"),
    "unknown-template": Say("See: dispatcher templates list"),
    "unknown-broadcast": Say("See: dispatcher broadcasts list"),
    "nothing-sent": Say("See: dispatcher broadcasts list"),
    "unwritable": Say("Mend the list or the text, or leave them out: add --leave-out."),
    "vendor-template": Say("Mend it, or submit all the same: --leave-out."),
    "over-budget": Say(
        "Write to fewer people, or say why: --over-budget 'reason' (it is held until a leader "
        "lets it go)."
    ),
    "same_words": Say("If it is needed again, say why: --again 'reason'"),
    "same-words-of-a-schedule": Say('If it is needed again, say why in the file: again = "reason"'),
    "same-words-each-day": Say('Let it fire once a day, or say why in the file: again = "reason"'),
    "tet": Say("Send from {after:%Y-%m-%d}, or say why it must go: --despite 'reason'."),
    "ward-cap": Say("Choose another day, or say why: --despite 'reason'."),
    "who-signed": Say("Add --signed-by NAME."),
    "already-released": Say("Stop and correct it: dispatcher broadcasts correct {id}"),
    "advertising-hours": Say("Set --window inside these hours."),
    "advertising-brandname": Say("Set “brandname” under [senders] in dispatcher.toml."),
    "advertising-consent": Say("Name their group under [promotion] consent in dispatcher.toml."),
    # urgent texts
    "name-of-an-urgent-text-taken": Say(
        "Choose another name, or end it: dispatcher urgent end {name}"
    ),
    "not-on-duty": Say("The roster: dispatcher duty list"),
    "not-approved": Say("Send the usual way: dispatcher broadcasts create --urgent"),
    "no-emergency": Say("Use: dispatcher broadcasts correct {id}"),
    # lists and areas
    "no-table": Say("Point to the columns with --map, e.g. --map phone='Số ĐT'"),
    "list-without-ward": Say("Add --ward 'Ward name'."),
    "unknown-import": Say("See: dispatcher contacts undo --list"),
    "changed-later": Say("Undo it first: dispatcher contacts undo {later}"),
    "unknown-group": Say("See: dispatcher areas list --ward '{parent}'"),
    "name-of-a-group-taken": Say("Make them one: dispatcher areas merge"),
    "unknown-row": Say("--before takes a row that was shown, like m12."),
    # people
    "who-acts": Say("Add --as NAME (see: dispatcher people list)."),
    "unknown-person": Say("Add people: dispatcher people add"),
    "admins-only": Say("An admin acts with --as NAME."),
    "same-name": Say("If it is somebody else: --namesake"),
    "people-of-a-ward": Say("Name one of them: --ward."),
    "not-their-ward": Say("Change that first: dispatcher people role"),
    # gateways
    "settings-missing": Say("Write it under [gateways.{name}] in dispatcher.toml."),
    "needs-description": Say("Write it into dispatcher.toml."),
    "no-public-url": Say("Set public_url under [web] in dispatcher.toml."),
    "no-consent": Say("First run: dispatcher gateways login {name}"),
    "gateway-slow": Say("Try again later, or see: dispatcher gateways check"),
    "drill-asks-nobody": Say('Set mode = "live" in dispatcher.toml to ask it.'),
    "why": Say("Say it: --note '…'"),
    # the site
    "bad-area-set": Say("Check [areas] set in dispatcher.toml."),
    "unknown-unit": Say(
        "Choose one of them with --unit NAME, or bring areas of your own: --areas FILE.csv "
        "(columns: {columns})."
    ),
    "bad-listen": Say("--listen looks like 127.0.0.1:8700."),
    "clock-doubtful": Say("Set the clock; if it is right: dispatcher doctor --clock-is-right"),
    "database-version": Say("Run: dispatcher db upgrade"),
    "database-unreachable": Say("Check `database` in dispatcher.toml."),
    "database-held": Say("If no other copy is sending: dispatcher db release --i-am-the-only-one"),
    "only-one": Say("Once sure, add --i-am-the-only-one."),
    "no-driver": Say("Install 'dispatcher[postgresql]'."),
    "postgresql-restore": Say("Use pg_restore into a new database, then dispatcher db check."),
    "refusals-missing": Say("An admin confirms: dispatcher db release --without-refusals"),
    "second-place": Say("Mend [backup] second in dispatcher.toml."),
}
WAYS: Mapping[Way, str] = {
    Way.RESUME: "dispatcher gateways resume {name}",
    Way.CHECK: "dispatcher gateways check {name}",
    Way.SIGN_IN: "dispatcher gateways login {name}",
    Way.REPORTS: "dispatcher log receipts",
}
WORK: Mapping[Attendance, Say] = {
    Attendance.NOBODY: Say("{told}: dispatcher run"),
    Attendance.STANDS: Say("{told}: end it and start it anew (dispatcher run)"),
}


def sentence_and_step(problem: Problem) -> Spoken:
    """What is wrong, and what to type."""
    return with_step(problem, STEPS)


def remedy(found: Health, now: datetime) -> Spoken:
    """What to do about a gateway, and what to type; empty where all is well."""
    return _by_its_way(outages.remedy(found, now), found)


def gateway(found: Health, now: datetime) -> Spoken:
    """Which gateway, how it is, what to do and to type."""
    return outages.alarm_sentence(found, remedy(found, now))


def work(found: Work) -> Spoken:
    """That nobody sends, and what to type; empty while somebody does."""
    said = outages.work_sentence(found)
    command = WORK.get(found.attendance)
    return Say(command.id, told=said) if command is not None else said


def line(found: PreviewLine) -> Spoken:
    """A line of a preview, and what to type about it."""
    match found.about:
        case Problem():
            return sentence_and_step(found.about)
        case Health():
            return _by_its_way(found.say, found.about)
        case None:
            return found.say


def _by_its_way(todo: Spoken, found: Health) -> Spoken:
    way = outages.way(found)
    if way is None:
        return todo
    return Say("{todo}: {command}", todo=todo, command=WAYS[way].format(name=found.gateway))
