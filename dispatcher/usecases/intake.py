"""What doors share when a list comes in: what the site knows before, and remembers after."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from dispatcher.broadcasts.app import App
from dispatcher.db.contacts import areas
from dispatcher.db.database import Tx
from dispatcher.db.ops import settings
from dispatcher.domain import phone
from dispatcher.domain.areas import ward_key
from dispatcher.domain.model import AddressKind, AreaKind
from dispatcher.domain.problems import Problem, Say, refused
from dispatcher.importing.basis import LABELS, Basis
from dispatcher.importing.columns import remembered_from
from dispatcher.importing.entries import read_listing
from dispatcher.importing.listing import Context, Listing
from dispatcher.importing.merge import merge, store
from dispatcher.importing.sheets import Sheet


def context(
    tx: Tx, app: App, ward: str | None, group: str | None, choices: Mapping[str, str]
) -> Context:
    """What the site knows before it reads a file."""
    known = areas.listed(tx, AreaKind.WARD)
    names = {a.key: a.name for a in known}
    names |= {ward_key(alias): a.name for a in known for alias in a.aliases}
    names |= {a.code: a.name for a in known if a.code}
    chosen = areas.ward(tx, ward).name if ward else None
    if chosen is None and len(known) == 1:  # a ward's own site need not say whose list it is
        chosen = known[0].name
    by_id = {str(a.id): a.name for a in known}
    remembered = {
        by_id[i]: json.loads(text)
        for i, text in settings.starting(tx, "columns:").items()
        if i in by_id
    }
    return Context(
        names,
        chosen,
        group,
        app.site.sample_heads,
        choices,
        remembered,
        app.site.keep_birth_dates,
    )


def wards_of(tx: Tx, listing: Listing) -> dict[int, str]:
    """The wards a list is about."""
    names = {e.ward for e in listing.entries}
    return {a.id: a.name for a in areas.listed(tx, AreaKind.WARD) if a.name in names}


def remembered_basis(tx: Tx, wards: Collection[int]) -> dict[str, str]:
    """What was said for these wards, where it was the same for all."""
    found = settings.starting(tx, "basis:")
    told = {found.get(str(w), "{}") for w in wards}
    return dict(json.loads(told.pop())) if len(told) == 1 else {}


def remember(tx: Tx, listing: Listing, wards: Collection[int], basis: Basis) -> None:
    """Next time a ward's list is understood without a word."""
    columns = remembered_from([t.header for t in listing.tables])
    old = settings.starting(tx, "columns:")
    for ward in wards:
        if columns:
            merged = json.loads(old.get(str(ward), "{}")) | columns
            settings.put(tx, f"columns:{ward}", json.dumps(merged, ensure_ascii=False))
        if len(basis.missing()) < len(LABELS):
            settings.put(tx, f"basis:{ward}", json.dumps(basis.as_json(), ensure_ascii=False))


def check_wards(tx: Tx, listing: Listing) -> None:
    """Refuse rows of wards that are not the actor's."""
    if tx.actor.wards is None:
        return
    mine = {a.name for a in areas.listed(tx, AreaKind.WARD) if a.id in tx.actor.wards}
    foreign = sorted({e.ward for e in listing.entries} - mine)
    if foreign:
        raise refused(
            "not-your-ward",
            f"{tx.actor.name} không phụ trách phường {', '.join(foreign)}.",
            f"{tx.actor.name} is not in charge of {', '.join(foreign)}.",
        )


def numbers(words: Iterable[str], heads: Sequence[str]) -> list[tuple[AddressKind, str]]:
    """Numbers a person may be written to at; a doubtful one is a problem, never a guess."""
    found = []
    for word in words:
        reading = phone.read(word, heads)
        if reading.e164 is None or reading.type not in ("mobile", "landline"):
            why = reading.why() or Say("không phải số điện thoại", "it is no phone number")
            raise Problem(
                "bad-phone",
                f"Số điện thoại không dùng được: {why.vi}.",
                f"The phone number cannot be used: {why.en}.",
            )
        found.append((AddressKind(reading.type), reading.e164))
    return found


_HEADS = ("Họ và tên", "Số điện thoại", "Tổ dân phố", "Chủ hộ", "Chức danh", "Nhóm")


def add_one(
    tx: Tx,
    app: App,
    ward: str,
    *,
    name: str,
    phones: tuple[str, ...] = (),
    group: str = "",
    household: str = "",
    title: str = "",
    member_of: str = "",
    source: str,
) -> tuple[int, bool]:
    """One person, through the same doors as a list: (import, whether they are new).

    What a list would reject or want looked at is a problem; somebody who is there is refused.
    """
    if not name.strip():
        raise Problem("bad-name", "Tên đang trống.", "The name is empty.")
    row = (name, " ; ".join(phones), group, household, title, member_of)
    sheet = Sheet(source, "", ((1, _HEADS), (2, row)))
    listing = read_listing([sheet], context(tx, app, ward, None, {}))
    for finding in [*listing.rejected, *listing.needs_review]:
        raise Problem(finding.code, finding.message.vi, finding.message.en)
    plan = merge(tx, listing.entries)
    if not (plan.created or plan.updated):
        raise refused("already-there", f"{name} đã có trong danh bạ.", f"{name} is there.")
    return store(tx, plan, [], app.site.sample_heads), bool(plan.created)
