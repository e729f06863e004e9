"""people: who stands in for whom, by which document, and where staff are told what waits."""

from __future__ import annotations

from dispatcher.cli.click_i18n import OneOf, argument, command, option
from dispatcher.cli.days import read_day
from dispatcher.cli.people.words import typed_phone
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.i18n import Say, pgettext
from dispatcher.usecases import delegations, people
from dispatcher.usecases.delegations import PREFIXES, Lending


@command(
    Say("Note who approves for whom: by which document, between which days, up to what."),
    "dispatcher people delegate minh mai --document 15/QĐ-UBND --until 31/12/2026 --as minh",
    "delegate",
)
@argument("principal", complete="person")
@argument("deputy", complete="person")
@option("--document", required=True, say=pgettext("delegation", "document number"))
@option("--from", "first", say=Say("first day (today)"))
@option("--until", required=True, say=Say("last day"))
@option(
    "--prefix",
    type=OneOf(PREFIXES, "bad-delegation"),
    default="KT.",
    say=Say("what stands before the signature"),
)
@option("--most-people", type=int, say=Say("at most so many people"))
@option("--most-dong", type=int, say=Say("at most so many đồng"))
def delegate(
    terminal: TerminalContext,
    principal: str,
    deputy: str,
    document: str,
    first: str | None,
    until: str,
    prefix: str,
    most_people: int | None,
    most_dong: int | None,
) -> None:
    wanted = Lending(
        principal,
        deputy,
        document,
        read_day(until),
        first=read_day(first) if first else None,
        prefix=prefix,
        most_people=most_people,
        most_dong=most_dong,
    )
    made = delegations.lend(terminal.context(), wanted)
    if terminal.json:
        terminal.emit({"id": made, "principal": principal, "deputy": deputy})
    terminal.say(
        Say(
            "Delegation {made}: {deputy} signs {prefix} {principal} until {until}.",
            made=made,
            deputy=deputy,
            prefix=prefix,
            principal=principal,
            until=until,
        ),
    )
    terminal.hint(
        Say(
            "They approve: dispatcher broadcasts approve N --for {principal} --as {deputy}",
            principal=principal,
            deputy=deputy,
        ),
    )


@command(
    Say("Delegations that were not ended."),
    "dispatcher people delegations",
    "delegations",
)
def list_delegations(terminal: TerminalContext) -> None:
    found = delegations.visible_delegations(terminal.context())
    if terminal.json:
        terminal.emit(
            [
                {**d.__dict__, "principal": principal, "deputy": deputy}
                for d, principal, deputy in found
            ]
        )
        return
    terminal.table(
        [
            Say("id"),
            Say("principal"),
            Say("deputy"),
            Say("document"),
            Say("from"),
            pgettext("day", "until"),
            Say("people"),
            Say("đồng"),
        ],
        [
            [
                d.id,
                principal,
                f"{d.prefix} {deputy}",
                d.document,
                f"{d.valid_from:%d/%m/%Y}",
                f"{d.valid_to:%d/%m/%Y}",
                d.most_people,
                d.most_dong,
            ]
            for d, principal, deputy in found
        ],
        numbers=(0, 6, 7),
    )


@command(
    Say("End a delegation at once."),
    "dispatcher people end-delegation 1 --as minh",
    "end-delegation",
)
@argument("number_", type=int)
def end_delegation(terminal: TerminalContext, number_: int) -> None:
    delegations.take_back(terminal.context(), number_)
    if terminal.json:
        terminal.emit({"id": number_, "ended": True})
    terminal.say(Say("Delegation {number} has ended.", number=number_))


@command(
    Say("Where this person is told what waits for them."),
    "dispatcher people reach minh --email minh@phuong.example --phone - --as minh",
    "reach",
)
@argument("name", complete="person")
@option("--email", say=Say("e-mail"))
@option("--phone", say=Say("mobile, or -"))
def reach(terminal: TerminalContext, name: str, email: str | None, phone: str | None) -> None:
    told = typed_phone(phone) if phone else None
    person = people.reach(terminal.context(), name, email=email, phone=told)
    if terminal.json:
        terminal.emit({"name": person.name, "email": bool(email), "phone": bool(phone)})
    terminal.say(Say("{name} can be told.", name=person.name))
