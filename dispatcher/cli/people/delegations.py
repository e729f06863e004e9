"""people: who stands in for whom, by which document, and where staff are told what waits."""

from __future__ import annotations

from dispatcher.cli.days import read_day
from dispatcher.cli.people.words import typed_phone
from dispatcher.cli.spoken import OneOf, argument, command, option
from dispatcher.cli.surface import Surface
from dispatcher.domain.problems import Say
from dispatcher.usecases import delegations as cases
from dispatcher.usecases import people
from dispatcher.usecases.delegations import PREFIXES, Lending


@command(
    "Ghi ủy quyền phê duyệt: ai thay ai, theo văn bản nào, từ ngày đến ngày, tới mức nào.",
    "Note who approves for whom: by which document, between which days, up to what.",
    "dispatcher people delegate minh mai --document 15/QĐ-UBND --until 31/12/2026 --as minh",
    "delegate",
)
@argument("principal", complete="person")
@argument("deputy", complete="person")
@option("--document", required=True, vi="số văn bản ủy quyền", en="document number")
@option("--from", "first", vi="từ ngày (mặc định: hôm nay)", en="first day (today)")
@option("--until", required=True, vi="đến hết ngày", en="last day")
@option(
    "--prefix",
    type=OneOf(PREFIXES, "bad-delegation"),
    default="KT.",
    vi="cách ghi trước chữ ký",
    en="what stands before the signature",
)
@option("--most-people", type=int, vi="nhiều nhất bao nhiêu người", en="at most so many people")
@option("--most-dong", type=int, vi="nhiều nhất bao nhiêu đồng", en="at most so many đồng")
def delegate(
    surface: Surface,
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
    made = cases.lend(surface.context(), wanted)
    if surface.json:
        surface.emit({"id": made, "principal": principal, "deputy": deputy})
    surface.say(
        f"Ủy quyền {made}: {deputy} ký {prefix} {principal} đến hết {until}.",
        f"Delegation {made}: {deputy} signs {prefix} {principal} until {until}.",
    )
    surface.hint(
        f"Người này duyệt: dispatcher broadcasts approve SỐ --for {principal} --as {deputy}",
        f"They approve: dispatcher broadcasts approve N --for {principal} --as {deputy}",
    )


@command(
    "Các ủy quyền phê duyệt chưa kết thúc.",
    "Delegations that were not ended.",
    "dispatcher people delegations",
    "delegations",
)
def list_delegations(surface: Surface) -> None:
    found = cases.seen(surface.context())
    if surface.json:
        surface.emit(
            [
                {**d.__dict__, "principal": principal, "deputy": deputy}
                for d, principal, deputy in found
            ]
        )
        return
    surface.table(
        [
            Say("số", "id"),
            Say("người ủy quyền", "principal"),
            Say("người ký thay", "deputy"),
            Say("văn bản", "document"),
            Say("từ", "from"),
            Say("đến hết", "until"),
            Say("người", "people"),
            Say("đồng", "đồng"),
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
    "Kết thúc một ủy quyền ngay.",
    "End a delegation at once.",
    "dispatcher people end-delegation 1 --as minh",
    "end-delegation",
)
@argument("number_", type=int)
def end_delegation(surface: Surface, number_: int) -> None:
    cases.take_back(surface.context(), number_)
    if surface.json:
        surface.emit({"id": number_, "ended": True})
    surface.say(f"Ủy quyền {number_} đã kết thúc.", f"Delegation {number_} has ended.")


@command(
    "Báo việc cho người này qua email, di động nào.",
    "Where this person is told what waits for them.",
    "dispatcher people reach minh --email minh@phuong.example --phone - --as minh",
    "reach",
)
@argument("name", complete="person")
@option("--email", vi="email", en="e-mail")
@option("--phone", vi="di động, hoặc -", en="mobile, or -")
def reach(surface: Surface, name: str, email: str | None, phone: str | None) -> None:
    told = typed_phone(phone) if phone else None
    person = people.reach(surface.context(), name, email=email, phone=told)
    if surface.json:
        surface.emit({"name": person.name, "email": bool(email), "phone": bool(phone)})
    surface.say(f"Đã ghi chỗ báo việc cho {person.name}.", f"{person.name} can be told.")
