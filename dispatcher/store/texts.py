"""Template versions, rendered texts and prices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dispatcher.model import Kind, Text
from dispatcher.sms import measure
from dispatcher.store.database import Tx, json_rows, on_rows
from dispatcher.store.schema import template_versions, templates

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


def store_bodies(tx: Tx, texts: Mapping[int, Text], *, personal: bool) -> dict[int, int]:
    """Store rendered texts, equal ones once; the body's id for each key of `texts`.

    `personal` texts name a person and are sealed.
    """
    digests: dict[bytes, Text] = {}
    keys: dict[int, bytes] = {}
    for key, text in texts.items():
        params = json.dumps(dict(text.params), sort_keys=True, ensure_ascii=False)
        digest = tx.sealer.digest("body", text.body, params, text.template_id or "")
        digests[digest], keys[key] = text, digest
    rows = []
    for digest, text in digests.items():
        found = measure(text.body)
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
        some = {f"d{i}": d for i, d in enumerate(wanted[start : start + 500])}
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
        f"FROM {json_rows({'id': 'bigint'})} r JOIN bodies b ON b.id = r.id",
        [[i] for i in ids],
    )
    return {row["id"]: (opened(tx, row), row["encoding"], row["parts"]) for row in rows}


def set_prices(tx: Tx, prices: Mapping[str, int], today: date) -> None:
    """Put the default prices of the settings in force where they differ from today's."""
    held = {
        row["channel"]: row["dong"]
        for row in tx.rows(
            "SELECT channel, dong FROM prices WHERE valid_to IS NULL AND carrier IS NULL "
            "AND kind IS NULL"
        )
    }
    for channel, dong in prices.items():
        if held.get(channel) == dong:
            continue
        tx.run(
            "UPDATE prices SET valid_to = :d WHERE channel = :c AND valid_to IS NULL "
            "AND carrier IS NULL AND kind IS NULL",
            {"d": today.isoformat(), "c": channel},
        )
        tx.run(
            "INSERT INTO prices (channel, valid_from, dong) VALUES (:c, :d, :p)",
            {"c": channel, "d": today.isoformat(), "p": dong},
        )


def price_list(tx: Tx) -> Prices:
    """đồng per part in force, by (channel, carrier, kind); None is "any other"."""
    return {
        (row["channel"], row["carrier"], row["kind"]): row["dong"]
        for row in tx.rows(
            "SELECT channel, carrier, kind, dong FROM prices WHERE valid_to IS NULL ORDER BY id"
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
        (channel, carrier, kind.value),
        (channel, carrier, None),
        (channel, None, kind.value),
        (channel, None, None),
    ):
        if key in prices:
            return prices[key]
    return 0
