"""Template versions, rendered texts and prices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from dispatcher.db.database import Tx
from dispatcher.db.rows import on_rows
from dispatcher.db.schema import template_versions, templates
from dispatcher.domain.model import Kind, Price, Text
from dispatcher.domain.sms import Measure, measure

Count = Callable[[str], Measure]
# (channel, carrier, kind) → đồng per part; None is "any other"
Prices = dict[tuple[str, str | None, str | None], int]


def version(tx: Tx, name: str, digest: str, source: str) -> int:
    """The id of this exact wording; stored once."""
    template = tx.value("SELECT id FROM templates WHERE name = :n", n=name)
    if template is None:
        template = tx.insert(templates, name=name)
    found = tx.value(
        "SELECT id FROM template_versions WHERE template_id = :t AND digest = :d",
        t=template,
        d=digest,
    )
    if found is not None:
        return int(found)
    return tx.insert(
        template_versions, template_id=template, digest=digest, source=source, created_at=tx.now
    )


def source_of(tx: Tx, version_id: int) -> tuple[str, str, str]:
    """(template name, digest, source) of a version."""
    row = tx.one(
        "SELECT t.name, v.digest, v.source FROM template_versions v "
        "JOIN templates t ON t.id = v.template_id WHERE v.id = :id",
        id=version_id,
    )
    assert row is not None
    return row["name"], row["digest"], row["source"]


def store_bodies(
    tx: Tx, texts: Mapping[int, Text], count: Count, *, personal: bool
) -> dict[int, int]:
    """Store rendered texts, equal ones once; the body's id for each key of `texts`.

    `personal` texts name a person and are sealed. `count` measures as the gateway bills: where
    that is not the usual way, the same text is another body.
    """
    digests: dict[bytes, tuple[Text, Measure]] = {}
    keys: dict[int, bytes] = {}
    for key, text in texts.items():
        params = json.dumps(dict(text.params), sort_keys=True, ensure_ascii=False)
        found, usual = count(text.body), measure(text.body)
        other = () if found == usual else (found.encoding, str(found.parts))
        digest = tx.sealer.digest("body", text.body, params, text.template_id or "", *other)
        digests[digest], keys[key] = (text, found), digest
    rows = []
    for digest, (text, found) in digests.items():
        params = json.dumps(dict(text.params), sort_keys=True, ensure_ascii=False)
        sealed = tx.sealer.seal(json.dumps([text.body, params])) if personal else None
        rows.append(
            {
                "digest": digest,
                "text": None if personal else text.body,
                "sealed": sealed,
                "params": None if personal else params,
                "template_id": text.template_id,
                "encoding": found.encoding,
                "parts": found.parts,
            }
        )
    tx.run(
        "INSERT INTO bodies (digest, text, sealed, params, template_id, encoding, parts) VALUES "
        "(:digest, :text, :sealed, :params, :template_id, :encoding, :parts) "
        "ON CONFLICT (digest) DO NOTHING",
        rows,
    )
    ids: dict[bytes, int] = {}
    wanted = list(digests)
    for start in range(0, len(wanted), 500):
        some: dict[str, Any] = {f"d{i}": d for i, d in enumerate(wanted[start : start + 500])}
        marks = ", ".join(f":{name}" for name in some)
        for row in tx.rows(f"SELECT id, digest FROM bodies WHERE digest IN ({marks})", **some):
            ids[bytes(row["digest"])] = row["id"]
    return {key: ids[digest] for key, digest in keys.items()}


def opened(tx: Tx, row: Mapping[str, Any]) -> Text:
    """The text of a body row (text, sealed, params, template_id)."""
    body, params = row["text"], row["params"]
    if row["sealed"] is not None:
        body, params = json.loads(tx.sealer.open(row["sealed"]))
    return Text(body, json.loads(params), row["template_id"])


def bodies(tx: Tx, ids: Iterable[int]) -> dict[int, tuple[Text, str, int]]:
    """Texts by id: (text, encoding, parts)."""
    rows = on_rows(
        tx,
        "SELECT b.id, b.text, b.sealed, b.params, b.template_id, b.encoding, b.parts "
        "FROM :rows r JOIN bodies b ON b.id = r.id",
        {"id": "bigint"},
        [[i] for i in ids],
    )
    return {row["id"]: (opened(tx, row), row["encoding"], row["parts"]) for row in rows}


def set_prices(tx: Tx, prices: Sequence[Price], today: date) -> None:
    """Put the price list of the settings in force; what is no longer in it ends today.

    A line without a date is in force from the day it is first seen.
    """
    held = [
        dict(row)
        for row in tx.rows(
            "SELECT id, channel, carrier, kind, valid_from, dong FROM prices "
            "WHERE valid_to IS NULL ORDER BY id"
        )
    ]
    for price in prices:
        same = (p for p in held if _is_same(p, price, today))
        found = next(same, None)
        if found is not None:
            held.remove(found)
            continue
        tx.run(
            "INSERT INTO prices (channel, carrier, kind, valid_from, dong) "
            "VALUES (:channel, :carrier, :kind, :day, :dong)",
            {
                "channel": price.channel,
                "carrier": price.carrier,
                "kind": price.kind,
                "day": (price.valid_from or today).isoformat(),
                "dong": price.dong,
            },
        )
    for left in held:
        tx.run(
            "UPDATE prices SET valid_to = :d WHERE id = :id",
            {"d": today.isoformat(), "id": left["id"]},
        )


def _is_same(held: Mapping[str, Any], price: Price, today: date) -> bool:
    since = date.fromisoformat(str(held["valid_from"]))
    in_time = since <= today if price.valid_from is None else since == price.valid_from
    return in_time and all(
        held[key] == getattr(price, key) for key in ("channel", "carrier", "kind", "dong")
    )


def price_list(tx: Tx, day: date) -> Prices:
    """đồng per part in force on `day`, by (channel, carrier, kind); None is "any other"."""
    return {
        (row["channel"], row["carrier"], row["kind"]): row["dong"]
        for row in tx.rows(
            "SELECT channel, carrier, kind, dong FROM prices WHERE valid_from <= :day "
            "AND (valid_to IS NULL OR valid_to > :day) ORDER BY valid_from, id",
            day=day.isoformat(),
        )
    }


def price(
    prices: Prices,
    channel: str,
    carrier: str | None,
    kind: Kind,
) -> int:
    """The most particular price for a message, 0 when none is known."""
    for key in (
        (channel, carrier, kind),
        (channel, carrier, None),
        (channel, None, kind),
        (channel, None, None),
    ):
        if key in prices:
            return prices[key]
    return 0
