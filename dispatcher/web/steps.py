"""What to press or fill in next: for problems by their step, for gateways by how they are.

Comes from: pages with something to tell.   Goes to: the page, under the sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from dispatcher.domain import outages
from dispatcher.domain.outages import Attendance, Health, Way, Work
from dispatcher.domain.problems import Problem, with_step
from dispatcher.i18n import Say, Spoken, pgettext

if TYPE_CHECKING:
    from dispatcher.usecases.preview_lines import PreviewLine

# By `Problem.step`; names in braces are fields of the problem's sentence, or labels of our pages.
STEPS: Mapping[str, Say] = {
    # broadcasts
    "no-audience": Say("Tick wards, residential groups or groups."),
    "groups-without-ward": Say("Choose the ward too."),
    "field-missing": Say("Fill it in."),
    "unchanged-broadcast": Say("Change something in the form first."),
    "unknown-template": Say("Choose a text from the list."),
    "unknown-broadcast": Say("The page “{page}” shows them all.", page=Say("Broadcasts")),
    "nothing-sent": Say("The page “{page}” shows them all.", page=Say("Broadcasts")),
    "unwritable": Say(
        "Mend the list or the text, or tick “{tick}”.",
        tick=pgettext("short", "leave out whoever cannot be given a text"),
    ),
    "vendor-template": Say(
        "Mend it, or tick “{tick}” to submit all the same.",
        tick=pgettext("short", "leave out whoever cannot be given a text"),
    ),
    "over-budget": Say(
        "Write to fewer people, or fill in “{field}” (it is held until a leader lets it go).",
        field=Say("Why over the budget"),
    ),
    "same_words": Say(
        "If it is needed again, fill in “{field}”.", field=Say("Why it goes out again")
    ),
    "same-words-of-a-schedule": Say(
        "If it is needed again, whoever looks after the machine writes why into the schedule."
    ),
    "same-words-each-day": Say(
        "Whoever looks after the machine lets it fire once a day, or writes why into the schedule."
    ),
    "tet": Say(
        "Send from {after:%Y-%m-%d}, or fill in “{field}”.", field=Say("Why, in Tết or once more")
    ),
    "ward-cap": Say(
        "Choose another day, or fill in “{field}”.", field=Say("Why, in Tết or once more")
    ),
    "who-signed": Say("Choose somebody under “{field}”.", field=Say("Who signed")),
    "already-released": Say("Stop it on its page, then correct it there."),
    "advertising-hours": Say("Choose hours inside these under “{field}”.", field=Say("Hours")),
    "advertising-brandname": Say(
        "An admin fills in “{field}” on the page “{page}”.",
        field=Say("SMS brandname"),
        page=Say("Settings"),
    ),
    "advertising-consent": Say(
        "Whoever looks after the machine names their group in the settings."
    ),
    "clock-doubtful": Say(
        "Whoever looks after the machine sets its clock, or confirms that it is right."
    ),
    # urgent texts
    "name-of-an-urgent-text-taken": Say("Choose another name, or end that one."),
    "not-on-duty": Say("The roster is on the page “{page}”.", page=Say("Urgent")),
    "not-approved": Say(
        "Send the usual way: write a broadcast and tick “{tick}”.",
        tick=Say("urgent: ahead of all, at night too"),
    ),
    "no-emergency": Say("Correct it on its page."),
    # lists and areas
    "no-table": Say("Put headings over the columns with names and phone numbers, then try again."),
    "list-without-ward": Say("Choose the ward under “{field}”.", field=Say("Whose list it is")),
    "basis-missing": Say("Fill in “{field}”.", field=Say("What the list rests on")),
    "unknown-import": Say("The page “{page}” shows them all.", page=Say("Bring in a list")),
    "changed-later": Say("Undo that one first."),
    "unknown-group": Say("The page “{page}” shows them all.", page=Say("Areas")),
    "name-of-a-group-taken": Say("Make them one: “{field}”.", field=Say("Make it part of")),
    # people
    "same-name": Say(
        "If it is somebody else, tick “{tick}”.", tick=Say("somebody else of that name")
    ),
    "people-of-a-ward": Say("Tick one of them."),
    "not-their-ward": Say(
        "Change that first on the page “{page}”.", page=pgettext("users", "People")
    ),
    # gateways and the site
    "settings-missing": Say("The page of the gateway shows what to write into the settings."),
    "needs-description": Say("The page of the gateway shows what to write into the settings."),
    "no-public-url": Say(
        "An admin fills in “{field}” on the page “{page}”.",
        field=Say("Address from outside"),
        page=Say("Settings"),
    ),
    "gateway-slow": Say(
        "Try again later, or press “{button}” on its page.",
        button=Say("Check settings, connection and balance"),
    ),
    "no-sender": Say(
        "An admin fills in “{field}” on the page “{page}”.",
        field=Say("Senders"),
        page=Say("Settings"),
    ),
    "database-unreachable": Say("Tell whoever looks after the machine."),
    "database-held": Say(
        "Whoever looks after the machine makes sure that no other copy sends, then releases it."
    ),
    "refusals-missing": Say("An admin confirms on the machine that the others go all the same."),
    "second-place": Say("Tell whoever looks after the machine."),
}
WAYS: Mapping[Way, Say] = {
    Way.RESUME: Say(
        "{todo} (page “{page}”, “{button}”)", page=Say("Gateways"), button=Say("Resume")
    ),
    Way.CHECK: Say(
        "{todo} (page “{page}”, “{button}”)",
        page=Say("Gateways"),
        button=Say("Check settings, connection and balance"),
    ),
    Way.SIGN_IN: Say("{todo} (on the machine)"),
}
WORK: Mapping[Attendance, Say] = {
    Attendance.NOBODY: Say("{told}: whoever looks after the machine starts it"),
    Attendance.STANDS: Say("{told}: whoever looks after the machine ends it and starts it anew"),
}


def remedy(found: Health, now: datetime) -> Spoken:
    """What to do about a gateway, and on which page; empty where all is well."""
    return _by_its_way(outages.remedy(found, now), found)


def work(found: Work) -> Spoken:
    """That nobody sends, and who mends it; empty while somebody does."""
    said = outages.work_sentence(found)
    step = WORK.get(found.attendance)
    return Say(step.id, told=said) if step is not None else said


def line(found: PreviewLine) -> Spoken:
    """A line of a preview, and what to press about it."""
    match found.about:
        case Problem():
            return with_step(found.about, STEPS)
        case Health():
            return _by_its_way(found.say, found.about)
        case None:
            return found.say


def _by_its_way(todo: Spoken, found: Health) -> Spoken:
    way = outages.way(found)
    step = WAYS.get(way) if way is not None else None
    return Say(step.id, **{**step.fields, "todo": todo}) if step is not None else todo
