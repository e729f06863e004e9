"""What is known of an expression while the code is read: every value it may have."""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Iterator, Mapping
from types import FunctionType, MethodType
from typing import Any

import sqlalchemy as sa

from dispatcher.db.compiling import Among
from dispatcher.db.contacts.suppression_rules import SuppressionRules
from dispatcher.db.statements.unknown import Unknown

MOST_WAYS = 600  # through one function
_PURE = {
    *(int, str, len, list, tuple, dict, set, frozenset, sorted, range, zip, enumerate, map, repr),
    *(min, max, sum, any, all, reversed, bool, Among, SuppressionRules, sa.delete),
}
_PURE_METHODS = {
    "join",
    "format",
    "replace",
    "items",
    "keys",
    "values",
    "insert",
    "update",
    "where",
}
_OF_WORDS = ("str", "tuple[str", "dict[str", "Mapping[str")
Env = dict[str, Any]  # names and what is known of them


class Knowing:
    """What expressions of one function may be. `names`: of its module; `matters`: which of its own
    the words of statements may be made of."""

    def __init__(self, sqlite: bool, names: Mapping[str, Any], matters: frozenset[str]) -> None:
        self.sqlite, self.names, self.matters = sqlite, names, matters
        self._code: dict[int, Any] = {}

    def values(self, node: ast.expr, env: Env) -> list[Any]:
        """Every value of an expression."""
        match node:
            case ast.Constant():
                return [node.value]
            case ast.Name(id=name) if name in env:
                return [env[name]]
        found: list[Any] = []
        for choice in self._choices(node, env):
            try:
                value = eval(self._compiled(choice, env), {**self.names, **env, "_some": Unknown()})
            except Exception:
                value = Unknown()
            if not any(isinstance(value, str) and value == other for other in found):
                found.append(value)
        return found

    def _compiled(self, node: ast.expr, env: Env) -> Any:
        """An expression to evaluate: calls that do more than make words are left out."""
        plain = not any(isinstance(part, ast.Call) for part in ast.walk(node))
        if plain and id(node) in self._code:
            return self._code[id(node)][1]
        tree = ast.Expression(node if plain else _Plain(self, env).visit(copy.deepcopy(node)))
        code = compile(ast.fix_missing_locations(tree), "read", "eval")
        if plain:
            self._code[id(node)] = node, code
        return code

    def _choices(self, node: ast.expr, env: Env) -> Iterator[ast.expr]:
        """The expression with each conditional in it decided, in every way it may be."""
        for part in ast.walk(node):
            if isinstance(part, ast.IfExp):
                known = self.decided(part.test, env)
                for chosen, is_so in ((part.body, True), (part.orelse, False)):
                    if known in (None, is_so):
                        yield from self._choices(_replaced(node, part, chosen), env)
                return
        yield node

    def decided(self, test: ast.expr, env: Env) -> bool | None:
        """True or False where that is known now."""
        match test:
            case ast.BoolOp(op=op, values=parts):
                each = [self.decided(part, env) for part in parts]
                stops = isinstance(op, ast.Or)
                if stops in each:
                    return stops
                return None if None in each else not stops
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                known = self.decided(operand, env)
                return None if known is None else not known
            case ast.Attribute(attr="is_sqlite"):
                return self.sqlite
        names = {part.id for part in ast.walk(test) if isinstance(part, ast.Name)}
        if any(isinstance(part, ast.Call) for part in ast.walk(test)) or "tx" in names:
            return None
        if not all(is_known(env.get(name, self.names.get(name, Unknown()))) for name in names):
            return None
        values = self.values(test, env)
        return bool(values[0]) if len(values) == 1 and is_known(values[0]) else None

    def is_pure(self, call: ast.Call, env: Env) -> bool:
        """True for a call that makes words and does nothing else."""
        if isinstance(call.func, ast.Attribute) and call.func.attr in _PURE_METHODS:
            return True
        target = self.target(call, env)
        if isinstance(target, MethodType):
            target = target.__func__
        if isinstance(target, FunctionType) and target.__module__.startswith("dispatcher."):
            return str(target.__annotations__.get("return", "")).startswith(_OF_WORDS)
        try:
            return target in _PURE
        except TypeError:
            return False

    def target(self, call: ast.Call, env: Env) -> Any:
        """What is called, where that is known."""
        node, path = call.func, []
        while isinstance(node, ast.Attribute):
            path.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        found = env.get(node.id, self.names.get(node.id, vars(builtins).get(node.id)))
        for name in reversed(path):
            found = None if isinstance(found, Unknown) else getattr(found, name, None)
        return None if isinstance(found, Unknown) else found


class _Plain(ast.NodeTransformer):
    """Takes calls out of an expression that do more than make words."""

    def __init__(self, knowing: Knowing, env: Env) -> None:
        self.knowing, self.env = knowing, env

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not self.knowing.is_pure(node, self.env):
            return ast.Name("_some", ast.Load())
        return self.generic_visit(node)


def _replaced(tree: ast.expr, old: ast.expr, new: ast.expr) -> ast.expr:
    """A copy of an expression with another part in the place of one."""
    found: ast.expr = copy.deepcopy(tree, {id(old): copy.deepcopy(new)})
    return found if tree is not old else copy.deepcopy(new)


def bind(env: Env, target: ast.expr, value: Any, matters: frozenset[str]) -> Env:
    """What is known after a name, or several, were given a value."""
    match target:
        case ast.Name(id=name):
            return {**env, name: value if name in matters else Unknown()}
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            known = isinstance(value, tuple | list) and len(value) == len(parts)
            for part, one in zip(parts, value if known else [Unknown()] * len(parts), strict=True):
                env = bind(env, part, one, matters)
    return env


def distinct(envs: list[Env]) -> list[Env]:
    """Those that differ in what is known, as many as are followed at most."""
    found: dict[tuple[object, ...], Env] = {}
    for env in envs:
        found.setdefault(tuple((k, _mark(v)) for k, v in env.items() if is_known(v)), env)
    return list(found.values())[:MOST_WAYS]


def is_known(value: Any) -> bool:
    """False where some part of a value is unknown."""
    match value:
        case Unknown():
            return False
        case list() | tuple() | set() | frozenset():
            return all(is_known(part) for part in value)
        case dict():
            return all(is_known(part) for part in value.values())
    return True


def _mark(value: Any) -> object:
    """The same for values that make the same words."""
    match value:
        case str() | int() | None:
            return value
        case list() | tuple():
            return tuple(_mark(part) for part in value)
    return id(value)
