"""What a site holds, told so that two doors can be compared: rows that came and went, trail entries.

Left out: what differs by chance (moments, seals, salts) and what belongs to one door alone
(sessions, keys used, forms half filled in).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dispatcher.config import parse
from dispatcher.db.columns import Instant
from dispatcher.db.engines import engine_for
from dispatcher.db.schema import metadata, moment

OF_A_DOOR = {"sessions", "devices", "kept_forms", "api_keys.used_at"}
OF_A_DOOR |= {"people.failures", "people.locked_until", "people.totp_step"}
ACTS_OF_A_DOOR = ("key_used", "signed_in", "password_right")
ONE_BY_ONE = {"source=nhập tay": "source=✎", "source=API": "source=✎"}  # which door, in words
BY_CHANCE = {"api_keys.digest", "files.digest"}
SITE_BY_CHANCE = ("idempotency:", "backed_up_at")
DERIVED = {"headcounts", "list_changes"}  # counted from the rows beside them
SLOT = 10 * 60  # seconds: moments are compared this roughly

Rows = Counter[tuple[str, tuple[Any, ...]]]  # (table, values in the order of its columns)


def dump(root: Path) -> Rows:
    """Every row of a closed site, and every line of its settings."""
    rows: Rows = Counter()
    engine = engine_for(parse(root).database)
    with engine.connect() as database:
        for table in metadata.tables.values():
            if table.name not in OF_A_DOOR | DERIVED:
                columns = ", ".join(f'"{c.name}"' for c in table.columns)
                found = database.exec_driver_sql(f'SELECT {columns} FROM "{table.name}"')
                rows.update((table.name, tuple(row)) for row in found)
    engine.dispose()
    lines = (root / "dispatcher.toml").read_text("utf-8").splitlines()
    rows.update(("dispatcher.toml", (line,)) for line in lines)
    return rows


def changes(before: Rows, after: Rows) -> tuple[list[str], list[str]]:
    """(rows that came + and went -, entries that came into the trail), for people."""
    came, gone = _lines(after - before), _lines(before - after)
    rows = [f"+ {line}" for line in (came - gone).elements()]
    rows += [f"- {line}" for line in (gone - came).elements()]
    entries = [
        dict(zip(metadata.tables["trail"].columns.keys(), values, strict=True))
        for table, values in (after - before).elements()
        if table == "trail"
    ]
    trail = [_entry(e["entry"]) for e in entries if e["act"] not in ACTS_OF_A_DOOR]
    return sorted(rows), sorted(trail)


def _lines(rows: Rows) -> Counter[str]:
    """Rows for people, without the trail and what differs by chance."""
    found: Counter[str] = Counter()
    for name, values in rows.elements():
        if name == "dispatcher.toml":
            found[f"{name}: {values[0]}"] += 1
        elif name not in ("trail", "checkpoints"):
            columns = metadata.tables[name].columns
            row = dict(zip(columns.keys(), values, strict=True))
            told = [_told(name, c.name, isinstance(c.type, Instant), row[c.name]) for c in columns]
            if name == "contacts":
                told = _without_lots(row, told)
            if name != "site" or not row["name"].startswith(SITE_BY_CHANCE):
                found[f"{name}: " + ", ".join(t for t in told if t)] += 1
    return found


def _told(table: str, name: str, is_moment: bool, value: Any) -> str:
    place = f"{table}.{name}"
    if value is None or place in OF_A_DOOR:
        return ""
    if place in BY_CHANCE or "sealed" in name or name.endswith("_hash"):
        return f"{name}=✓"
    if is_moment:
        at = moment(value).timestamp()
        return f"{name}≈{moment(int(at // SLOT * SLOT * 1_000_000)):%d/%m %H:%M}"
    return f"{name}={value.hex()[:12] if isinstance(value, bytes) else value}"


def _without_lots(row: Mapping[Any, Any], told: list[str]) -> list[str]:
    """A contact without the key that is drawn for a phone of ours and for whoever was erased."""
    if row["kind"] == "tester" or row["removed_at"] is not None:
        told = [t for t in told if not t.startswith("name_key=")]
    return [ONE_BY_ONE.get(t, t) for t in told]


def _entry(text: str) -> str:
    entry = json.loads(text)
    facts = json.dumps(entry["facts"], sort_keys=True, ensure_ascii=False)
    return f"{entry['actor']} {entry['act']} {entry['noun']} {entry['id']} {facts}"
