"""What a vendor or network was asked to let through, and what it said, per form and network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dispatcher.db.database import Tx
from dispatcher.domain import storable
from dispatcher.domain.model import Registered


@dataclass(frozen=True)
class Registration:
    """`carrier` "" is every network. `digest` is that of the frame as it was handed in."""

    gateway: str
    template: str
    form: str  # sms | sms_accented | zalo
    carrier: str
    digest: str
    state: Registered
    day: date
    until: date | None = None
    vendor_id: str = ""
    note: str = ""

    def standing(self, digest: str, today: date) -> Registered:
        """What it is worth today for a text whose frame has this digest."""
        if self.until is not None and self.until < today:
            return Registered.EXPIRED
        if digest != self.digest:
            return Registered.CHANGED
        return self.state


def put(tx: Tx, found: Registration) -> None:
    """Remember the latest word on one template, form and network."""
    values = {**found.__dict__, "state": found.state.value, "day": found.day.isoformat()}
    values["note"] = storable.words(found.note, storable.REPLY)  # a vendor's, now and then
    values["vendor_id"] = storable.identifier(found.vendor_id)
    values["until"] = found.until.isoformat() if found.until else None
    tx.run(
        "INSERT INTO registrations (gateway, template, form, carrier, digest, state, day, until, "
        "vendor_id, note) VALUES (:gateway, :template, :form, :carrier, :digest, :state, :day, "
        ":until, :vendor_id, :note) ON CONFLICT (gateway, template, form, carrier) DO UPDATE SET "
        "digest = excluded.digest, state = excluded.state, day = excluded.day, "
        "until = excluded.until, vendor_id = excluded.vendor_id, note = excluded.note",
        values,
    )
    tx.note(
        "registered",
        "gateway",
        found.gateway,
        template=found.template,
        form=found.form,
        carrier=found.carrier,
        state=found.state.value,
    )


def list_registrations(tx: Tx, gateway: str | None = None) -> list[Registration]:
    """Everything known, of one gateway or of all, in name order."""
    where = "WHERE gateway = :g " if gateway else ""
    rows = tx.rows(
        f"SELECT * FROM registrations {where}ORDER BY gateway, template, form, carrier", g=gateway
    )
    return [_read(row) for row in rows]


def _read(row: Mapping[str, Any]) -> Registration:
    return Registration(
        row["gateway"],
        row["template"],
        row["form"],
        row["carrier"],
        row["digest"],
        Registered(row["state"]),
        date.fromisoformat(str(row["day"])),
        date.fromisoformat(str(row["until"])) if row["until"] else None,
        row["vendor_id"],
        row["note"],
    )
