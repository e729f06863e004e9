"""How a mistake is planted in the program: a line or two of one or several places are others while
it is there, wherever they are called from. The mistakes themselves: mistakes_*.py.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType
from typing import Any, NamedTuple


class SourceChange(NamedTuple):
    """Words of the source, and others for them.

    `where`: module:function, module:Class.function, or a module, of which constants change.
    """

    where: str
    was: str
    now: str


@dataclass(frozen=True)
class Mutant:
    """`why`: what goes wrong, in a sentence. `fault`: which one it puts back that was mended."""

    name: str
    why: str
    changes: tuple[SourceChange, ...]
    fault: str = ""

    @contextmanager
    def planted(self) -> Iterator[None]:
        """The mistake is there as long as this lasts."""
        with ExitStack() as stack:
            for where in dict.fromkeys(change.where for change in self.changes):
                changes = [c for c in self.changes if c.where == where]
                stack.callback((_in_function if ":" in where else _in_constants)(where, changes))
            yield


MUTANTS: dict[str, Mutant] = {}


def mistake(name: str, why: str, *changes: tuple[str, str, str], fault: str = "") -> None:
    """Register one: see Mutant."""
    assert name not in MUTANTS, name
    MUTANTS[name] = Mutant(name, why, tuple(SourceChange(*c) for c in changes), fault)


def function_at(where: str) -> FunctionType:
    """What stands at a place, as it is now."""
    module, _, path = where.partition(":")
    found: Any = import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    found = inspect.unwrap(found)
    assert isinstance(found, FunctionType), where
    return found


def _in_function(where: str, changes: Sequence[SourceChange]) -> Callable[[], None]:
    """Change a function; what comes back changes it back."""
    function = function_at(where)
    kept = function.__code__
    assert not kept.co_freevars, f"{where} is a closure"
    place = dict(function.__globals__)
    _run(textwrap.dedent(inspect.getsource(function)), changes, place)
    made = inspect.unwrap(place[function.__name__])
    assert isinstance(made, FunctionType)
    function.__code__ = made.__code__

    def undo() -> None:
        function.__code__ = kept

    return undo


def _in_constants(where: str, changes: Sequence[SourceChange]) -> Callable[[], None]:
    """Texts a module builds when it is imported, mostly of SQL, also where others have them."""
    module = import_module(where)
    place: dict[str, Any] = {"__name__": f"{where} with a mistake"}
    _run(inspect.getsource(module), changes, place)
    changed: list[tuple[Any, str, str]] = []
    for other in [m for n, m in sys.modules.items() if n.startswith("dispatcher")]:
        for name, value in list(vars(other).items()):
            is_ours = isinstance(value, str) and vars(module).get(name) is value
            if is_ours and place.get(name, value) != value:
                changed.append((other, name, value))
    assert changed, f"{where}: no constant changes"
    for other, name, _ in changed:
        setattr(other, name, place[name])

    def undo() -> None:
        for other, name, value in changed:
            setattr(other, name, value)

    return undo


def _run(source: str, changes: Sequence[SourceChange], place: dict[str, Any]) -> None:
    for change in changes:
        assert source.count(change.was) == 1, f"{change.where}: «{change.was}» is not there once"
        source = source.replace(change.was, change.now)
    flags = __import__("__future__").annotations.compiler_flag
    code = compile(source, f"<{changes[0].where}>", "exec", flags=flags)
    exec(code, place)  # noqa: S102  (our own source, changed)
