"""Stands for what only a running program knows, while the code is read for its statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

UNREAD = "\0"  # in a text: words that depend on who calls


class Unknown:
    """Any value. In a statement a number stands for it; UNREAD for words that are handed in."""

    def __init__(self, shown: str = "1") -> None:
        self.shown = shown

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Unknown(self.shown)

    def __call__(self, *args: Any, **kwargs: Any) -> Unknown:
        return Unknown(self.shown)

    def __getitem__(self, key: Any) -> Unknown:
        return Unknown()

    def __iter__(self) -> Iterator[Unknown]:
        return iter([Unknown()])

    def __len__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        return True

    def __int__(self) -> int:
        return 1

    __index__ = __int__

    def __str__(self) -> str:
        return self.shown

    def __format__(self, spec: str) -> str:
        return self.shown

    __repr__ = __str__

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown)

    def __contains__(self, item: object) -> bool:
        return False

    def __add__(self, other: Any) -> Any:
        return f"{self}{other}" if isinstance(other, str) else Unknown()

    def __radd__(self, other: Any) -> Any:
        return f"{other}{self}" if isinstance(other, str) else Unknown()

    def _compared(self, other: Any) -> bool:
        return False

    __lt__ = __gt__ = __le__ = __ge__ = _compared

    def _number(self, *other: Any) -> Unknown:
        return Unknown()

    __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __mod__ = __and__ = __or__ = _number
    __truediv__ = __rtruediv__ = __neg__ = _number
