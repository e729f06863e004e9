"""The source of functions as trees, and what of it the words of statements are made of."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from types import FunctionType, ModuleType

from dispatcher.db.statements.calls import sql_of


@cache
def tree_of(function: FunctionType) -> ast.FunctionDef | None:
    """A function as a tree, with the line numbers of its file; None where it has no source."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return None
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)
    return next((n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)), None)


def called(call: ast.Call) -> str:
    """The last name of what is called."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


@cache
def names_called(function: FunctionType) -> frozenset[str]:
    tree = tree_of(function)
    return frozenset(called(n) for n in ast.walk(tree or ast.Pass()) if isinstance(n, ast.Call))


@cache
def what_matters(function: FunctionType, handed_in: frozenset[str]) -> frozenset[str]:
    """Names of a function that the words of a statement may be made of.

    `handed_in`: names of functions that are handed such words.
    """
    tree = tree_of(function)
    assert tree is not None
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (sql_of(node) is not None or called(node) in handed_in):
            found |= _names(node)
    bound = list(_bound(tree))
    while True:
        more = {name for to, value in bound if _names(to) & found for name in _names(value)}
        if more <= found:
            return frozenset(found)
        found |= more


def _bound(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Every name that is given a value, with what it is given."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((to, value) for to in targets)
            case (
                ast.AnnAssign(target=to, value=ast.expr() as value)
                | ast.AugAssign(target=to, value=value)
                | ast.For(target=to, iter=value)
                | ast.comprehension(target=to, iter=value)
            ):
                yield to, value


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def functions(module: ModuleType) -> Iterator[tuple[FunctionType, type | None]]:
    """Functions and methods that a module defines, with their class."""
    for value in vars(module).values():
        if getattr(value, "__module__", "") != module.__name__:
            continue
        if isinstance(value, type):
            for method in vars(value).values():
                plain = method.fget if isinstance(method, property) else method
                plain = inspect.unwrap(plain) if callable(plain) else plain
                if isinstance(plain, FunctionType):
                    yield plain, value
        elif callable(value):
            plain = inspect.unwrap(value)
            if isinstance(plain, FunctionType):
                yield plain, None
