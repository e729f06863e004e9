"""people: who stands in for whom, by which document, and where staff are told what waits."""

from __future__ import annotations

import click

from dispatcher.cli.credentials import people
from dispatcher.cli.days import read_day
from dispatcher.cli.people import known, may_change, staff_phone
from dispatcher.cli.spoken import argument, option
from dispatcher.cli.surface import Surface
from dispatcher.db.staff import delegations
from dispatcher.db.staff import people as rows
from dispatcher.domain.model import HANOI
from dispatcher.domain.problems import Say
from dispatcher.usecases import deputizing

__all__ = ["people"]


@people.verb(
    "delegate",
    "Ghi ủy quyền phê duyệt: ai thay ai, theo văn bản nào, từ ngày đến ngày, tới mức nào.",
    "Note who approves for whom: by which document, between which days, up to what.",
    "dispatcher people delegate minh mai --document 15/QĐ-UBND --until 31/12/2026 --as minh",
)
@argument("principal", complete="person")
@argument("deputy", complete="person")
@option("--document", required=True, vi="số văn bản ủy quyền", en="document number")
@option("--from", "first", vi="từ ngày (mặc định: hôm nay)", en="first day (today)")
@option("--until", required=True, vi="đến hết ngày", en="last day")
@option(
    "--prefix",
    type=click.Choice(delegations.PREFIXES),
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
    app, actor = surface.open_app(), surface.actor()
    today = app.clock().astimezone(HANOI).date()
    days = read_day(first) if first else today, read_day(until)
    with app.begin(actor)() as tx:
        made = deputizing.lend(
            tx,
            principal,
            deputy,
            prefix=prefix,
            document=document,
            days=days,
            most=(most_people, most_dong),
        )
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


@people.verb(
    "delegations",
    "Các ủy quyền phê duyệt chưa kết thúc.",
    "Delegations that were not ended.",
    "dispatcher people delegations",
)
def list_delegations(surface: Surface) -> None:
    with surface.open_app().store.read(surface.actor()) as tx:
        found = deputizing.seen(tx)
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


@people.verb(
    "end-delegation",
    "Kết thúc một ủy quyền ngay.",
    "End a delegation at once.",
    "dispatcher people end-delegation 1 --as minh",
)
@argument("number_", type=int)
def end_delegation(surface: Surface, number_: int) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        deputizing.take_back(tx, number_)
    if surface.json:
        surface.emit({"id": number_, "ended": True})
    surface.say(f"Ủy quyền {number_} đã kết thúc.", f"Delegation {number_} has ended.")


@people.verb(
    "reach",
    "Báo việc cho người này qua email, di động nào.",
    "Where this person is told what waits for them.",
    "dispatcher people reach minh --email minh@phuong.example --phone - --as minh",
)
@argument("name", complete="person")
@option("--email", vi="email", en="e-mail")
@option("--phone", vi="di động, hoặc -", en="mobile, or -")
def reach(surface: Surface, name: str, email: str | None, phone: str | None) -> None:
    app, actor = surface.open_app(), surface.actor()
    with app.begin(actor)() as tx:
        person = rows.actor(tx, name)
        if person.person_id != actor.person_id:
            may_change(actor, tx)
            person = known(tx, name)
        assert person.person_id is not None
        address = staff_phone(surface, tx, phone) if phone else None
        rows.reach(tx, person.person_id, email=email, address_id=address)
    if surface.json:
        surface.emit({"name": person.name, "email": bool(email), "phone": bool(phone)})
    surface.say(f"Đã ghi chỗ báo việc cho {person.name}.", f"{person.name} can be told.")
