"""[gateways]: accounts at vendors, how they count, and where their secrets are kept."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from dispatcher.config.sections import Section, take_duration
from dispatcher.domain.model import LONGEST_CALL
from dispatcher.domain.problems import Problem, settings
from dispatcher.domain.sms import STANDARD, Profile, Table
from dispatcher.i18n import Say


@dataclass(frozen=True)
class Secret:
    """Where a secret is kept: an environment variable or a file inside the site."""

    env: str | None
    file: Path | None

    @property
    def place(self) -> str:
        return self.env or (self.file.name if self.file else "")

    def fetch(self) -> str:
        """The secret itself; a missing one is a problem that names the place, never the value."""
        if self.env is not None:
            value = os.environ.get(self.env, "").strip()
            if not value:
                raise settings(
                    "secret-missing",
                    Say("The environment variable {env} is not set.", env=self.env),
                )
            return value
        assert self.file is not None
        try:
            return self.file.read_text("utf-8-sig").strip()
        except OSError:
            raise settings(
                "secret-missing",
                Say("The secret file {file} cannot be read.", file=self.file),
            ) from None


@dataclass(frozen=True)
class GatewaySettings:
    name: str
    adapter: str
    per_second: float | None = None
    in_flight: int | None = None
    timeout: timedelta = timedelta(
        seconds=20
    )  # a whole call; leases are more than three times this
    options: Mapping[str, Any] = field(default_factory=dict)  # strings, numbers and Secrets
    callback: int = 1  # counted up, the callback address is a new one
    parts_per_second: float | None = None
    most: Mapping[str, int] = field(default_factory=dict)  # of QUOTAS: how many, or how much
    free: bool = False  # its messages cost nothing
    profile: Profile = STANDARD  # how it counts and bills parts
    registered: bool = False  # it lets through registered texts only
    odd_reports: int = 20  # per cent of an hour's reports that may be of no use, without an alarm


# What an account may do in one day or month: messages, or đồng.
QUOTAS = ("per_day", "per_month", "dong_per_day", "dong_per_month")


def read_gateways(section: Section, root: Path) -> dict[str, GatewaySettings]:
    """[gateways.…] by name."""
    from dispatcher.gateways import adapter_settings, adapter_tables

    found = {}
    for name in section.values:
        part = Section(section.take(name, dict), f"gateways.{name}", section.path, section.text)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
            raise part.problem(
                None,
                Say("the gateway name “{name}” may only have letters, digits, - and _.", name=name),
            )
        adapter = part.required("adapter", str)
        try:
            known = adapter_settings(adapter)
        except Problem as problem:
            raise part.problem("adapter", problem.say) from None
        options: dict[str, Any] = {}
        tables = adapter_tables(adapter)
        for key in known:
            value = part.take(key, (str, int, float, bool, dict))
            if isinstance(value, dict) and key in tables:
                value = _table(value, root)
            elif isinstance(value, dict):
                value = read_secret(part, key, value, root)
            if value is not None:
                options[key] = value
        paces = {key: part.take(key, (int, float)) for key in ("per_second", "parts_per_second")}
        most = {key: part.take(key, int) for key in QUOTAS if key in part.values}
        flight = {"in_flight": part.take("in_flight", int)}
        if None not in paces.values():
            raise part.problem(
                "parts_per_second",
                Say("set “per_second” or “parts_per_second”, not both."),
            )
        for key, number in {**paces, **most, **flight}.items():
            if number is not None and number <= 0:
                raise part.problem(key, Say("“{key}” must be above 0.", key=key))
        timeout = take_duration(part, "timeout", timedelta(seconds=20)) or timedelta(seconds=20)
        if not timedelta(seconds=1) <= timeout <= LONGEST_CALL:
            raise part.problem("timeout", Say('“timeout” is from "1s" to "25s".'))
        found[name] = GatewaySettings(
            name, adapter, paces["per_second"], flight["in_flight"], timeout, options,
            part.take("callback", int, 1), paces["parts_per_second"], most,
            part.take("free", bool, False), _profile(part, adapter),
            part.take("registered", bool, False), _share(part, "odd_reports", 20),
        )  # fmt: skip
        part.close(known)
    return found


def _share(gateway: Section, key: str, default: int) -> int:
    """Per cent."""
    found: int = gateway.take(key, int, default)
    if not 1 <= found <= 100:
        raise gateway.problem(key, Say("“{key}” is per cent, from 1 to 100.", key=key))
    return found


def _profile(gateway: Section, adapter: str) -> Profile:
    """[gateways.NAME.parts]: how many characters a part holds, as the contract says."""
    from dispatcher.gateways import adapter_module

    known: Profile = getattr(adapter_module(adapter), "PROFILE", STANDARD)
    values = gateway.take("parts", dict, {})
    part = Section(values, f"{gateway.name}.parts", gateway.path, gateway.text)
    reserved, most = part.take("reserved", int, 0), part.take("most", int, known.most)
    if not 0 <= reserved <= 60 or most < 1:
        wrong = "most" if most < 1 else "reserved"
        raise part.problem(
            wrong, Say("“{wrong}” is out of range (reserved is 0 to 60).", wrong=wrong)
        )
    tables = {}
    for key in ("plain", "promotion", "accented"):
        table = getattr(known, key)
        if key in part.values:
            try:
                table = Table.read(part.take(key, list))
            except (ValueError, TypeError):
                raise part.problem(
                    key,
                    Say(
                        "“{key}” gives the characters of 1, 2, 3… parts: [160, 306, 459].", key=key
                    ),
                ) from None
        tables[key] = table.keeping(reserved)
    found = Profile(
        tables["plain"],
        tables["promotion"],
        tables["accented"],
        part.take("any_mark", bool, known.any_mark),
        part.take("forbidden", str, known.forbidden),
        most,
    )
    part.close()
    return found


def read_secret(part: Section, key: str, value: dict[str, Any], root: Path) -> Secret:
    if len(value) == 1 and isinstance(value.get("env"), str):
        return Secret(value["env"], None)
    if len(value) == 1 and isinstance(value.get("file"), str):
        return Secret(None, root / value["file"])
    raise part.problem(
        key,
        Say('“{key}” must be {{ env = "NAME" }} or {{ file = "keys/name" }}.', key=key),
    )


def _table(value: Any, root: Path) -> Any:
    """A nested table of an adapter; `{ env = … }` and `{ file = … }` inside it are secrets."""
    if isinstance(value, list):
        return [_table(v, root) for v in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"env"} and isinstance(value["env"], str):
        return Secret(value["env"], None)
    if set(value) == {"file"} and isinstance(value["file"], str):
        return Secret(None, root / value["file"])
    return {k: _table(v, root) for k, v in value.items()}
