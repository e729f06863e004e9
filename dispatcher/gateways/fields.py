"""What settings are made of: fields with a sentence and a range, secrets by their place.

Comes from: dispatcher.toml.   Goes to: the structs of `config` and of each adapter's file.
Never: a secret's value in a text that is shown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec.structs import replace

from dispatcher.domain.problems import settings
from dispatcher.i18n import Say, Spoken

HTTP = r"(?i)^(https?://\S+)?\Z"
URL = Say("an address like https://…")
Code = str | int  # an id or a number that a vendor gives: quotes or none


@dataclass(frozen=True)
class Said:
    """What is said of a setting: one line; what is allowed; whether an account must have it."""

    what: Spoken
    looks: Spoken | None = None
    live: bool = False


def setting(
    what: Spoken, *, looks: Spoken | None = None, live: bool = False, **limits: Any
) -> msgspec.Meta:
    """What is said of a setting, and the limits msgspec keeps (ge, le, pattern, min_length …).

    `what`: one line for the reference and the form. `looks`: what is allowed, where the type and
    its limits do not say it. `live`: an account must have it before it sends.
    """
    return msgspec.Meta(extra={"said": Said(what, looks, live)}, **limits)


class UnfitSetting(ValueError):
    """A rule over several keys is broken: the key to look at, and why."""

    def __init__(self, key: str | None, say: Spoken) -> None:
        super().__init__(say.en)
        self.key, self.say = key, say


class Secret:
    """Where a secret is kept: an environment variable, a file inside the site, or here."""

    LOOKS: ClassVar[Spoken] = Say(
        '{ env = "NAME" } or { file = "keys/name" }',
    )

    def __init__(self, env: str | None = None, file: Path | None = None, text: str = "") -> None:
        self.env, self.file, self._text = env, file, text

    @classmethod
    def spelled(cls, value: object, root: Path) -> Secret:
        """A secret as it is written; a plain text or number is the secret itself."""
        match value:
            case Secret():
                return value
            case str() | int() if not isinstance(value, bool):
                return cls(text=str(value))
            case {"env": str(env), **rest} if not rest and re.fullmatch(r"[^\s=]+", env):
                return cls(env)
            case {"file": str(file), **rest} if not rest and file:
                return cls(file=root / file)
        raise ValueError(cls.LOOKS.en)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"Secret({self.place or '…'})"

    @property
    def _key(self) -> tuple[str | None, Path | None, str]:
        return self.env, self.file, self._text

    @property
    def place(self) -> str:
        """Where it is kept; empty when it was written down or fetched."""
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
        if self.file is None:
            return self._text
        try:
            return self.file.read_text("utf-8-sig").strip()
        except OSError:
            raise settings(
                "secret-missing",
                Say("The secret file {file} cannot be read.", file=self.file),
            ) from None


class Content:
    """What a described call carries: a text, or tables and lists in which secrets may stand."""

    LOOKS: ClassVar[Spoken] = Say(
        'a text, or a table like { to = "{to}", text = "{body}" }',
    )

    def __init__(self, tree: object) -> None:
        self.tree = tree

    @classmethod
    def spelled(cls, value: object, root: Path) -> Content:
        """Any text, table or list; `{ env = … }` and `{ file = … }` inside are secrets."""
        if isinstance(value, Content):
            return value
        if not isinstance(value, str | Mapping | list):
            raise ValueError(cls.LOOKS.en)
        return cls(_tree(value, root))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and self.tree == other.tree

    def __hash__(self) -> int:
        return hash(str(self.tree))


def _tree(value: object, root: Path) -> Any:
    if isinstance(value, list):
        return [_tree(v, root) for v in value]
    if not isinstance(value, Mapping):
        return value
    if set(value) in ({"env"}, {"file"}):
        return Secret.spelled(value, root)
    return {k: _tree(v, root) for k, v in value.items()}


class SettingsTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of settings. A key it does not know is a mistake."""

    def trim(self, *keys: str) -> None:
        """Take away what stands before and after a text; for `__post_init__`."""
        for key in keys:
            msgspec.structs.force_setattr(self, key, getattr(self, key).strip())


class Options(SettingsTable, frozen=True):
    """The settings of an adapter, beside those all gateways have: a struct in the vendor's file.

    A setting of the type Secret, and one marked `live`, must be there before an account sends.
    """


def known(secret: Secret | None) -> str:
    """A secret that was fetched; empty where there is none."""
    return secret.fetch() if secret is not None else ""


SomeOptions = TypeVar("SomeOptions", bound=Options)


def changed(options: SomeOptions, changes: Mapping[str, object]) -> SomeOptions:
    """The same settings with some of them changed."""
    return replace(options, **changes)


AnyOptions = Options | Mapping[str, object]  # a struct, or a table that says the same
Swap = Callable[[str, Secret], str]


def swapped(options: SomeOptions, swap: Swap) -> SomeOptions:
    """The same settings with each secret replaced by what `swap` (its key, itself) says it is."""
    found: SomeOptions = _swapped(options, swap, "")
    return found


def _swapped(value: object, swap: Swap, key: str) -> Any:
    match value:
        case Secret():
            return Secret(text=swap(key, value))
        case Content(tree=tree):
            return Content(_swapped(tree, swap, key))
        case Mapping():
            return {k: _swapped(v, swap, f"{key}.{k}" if key else k) for k, v in value.items()}
        case list():
            return [_swapped(v, swap, key) for v in value]
        case msgspec.Struct():
            given = {name: getattr(value, name) for name in value.__struct_fields__}
            return type(value)(**_swapped(given, swap, key))
    return value


def secrets_in(options: Options) -> list[tuple[str, Secret]]:
    """Every secret in some settings, with its key."""
    found: list[tuple[str, Secret]] = []

    def keep(key: str, secret: Secret) -> str:
        found.append((key, secret))
        return ""

    swapped(options, keep)
    return found


def needed(options: type[Options]) -> list[str]:
    """What an account of an adapter must have before it sends."""
    return [f.name for f in msgspec.structs.fields(options) if said(f.type).live]


def secret_keys(options: type[Options]) -> list[str]:
    """The settings of an adapter that are secrets."""
    return [f.name for f in msgspec.structs.fields(options) if _is_secret(f.type)]


def choices(kind: Any) -> list[Any]:
    """The types a setting may have, None apart; one for most settings."""
    if get_origin(kind) is Annotated:
        inner = get_args(kind)[0]
        return choices(inner) if get_origin(inner) in (Union, UnionType) else [kind]
    if get_origin(kind) in (Union, UnionType):
        return [k for k in get_args(kind) if k is not type(None)]
    return [kind]


def meta_of(kind: object) -> msgspec.Meta:
    """The limits of a setting, and what is said of it."""
    for part in (kind, *choices(kind)):
        for meta in getattr(part, "__metadata__", ()):
            if isinstance(meta, msgspec.Meta):
                return meta
    return msgspec.Meta()


def said(kind: object) -> Said:
    """What `setting` says of a setting."""
    extra = meta_of(kind).extra or {}
    found: Said = extra.get("said", _NOTHING)
    return found


_NOTHING = Said(Say(""))


def _is_secret(kind: object) -> bool:
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return plain in (Secret, Secret | None)


def _spelled(root: Path, kind: Any, value: object) -> Any:
    if kind in (Secret, Content):
        return kind.spelled(value, root)
    return value if type(value) is kind else kind.spelled(value)


def spelling(root: Path) -> Callable[[Any, Any], Any]:
    """What msgspec asks to read our own types; `root`: the site whose files are meant."""
    return partial(_spelled, root)
