"""Reads the code for the statements each of its functions may run.

Comes from: the source of `dispatcher/db`.   Goes to: the register of statements.
Never: runs a statement, or more of the program than what makes the words of one.

A function is followed from its first line to its last, once for each way through it that makes
another statement. What only a running program knows is `Unknown`. Where the words of a statement
are handed in by a caller, the function is read again with what each caller hands in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any, NamedTuple

from dispatcher.db.scope import Scope
from dispatcher.db.statements import calls
from dispatcher.db.statements.knowing import Env, Knowing, bind, distinct
from dispatcher.db.statements.trees import called, names_called, tree_of, what_matters
from dispatcher.db.statements.unknown import UNREAD, Unknown

DEEPEST = 5  # callers of callers


class FoundStatement(NamedTuple):
    """A statement as it stands in the code."""

    function: str
    line: int
    sql: str
    kinds: tuple[tuple[str, str], ...] = ()  # columns of its rows
    words: frozenset[str] = frozenset()  # lists in it that hold words and not numbers
    scoped: bool = False  # it is given a scope


@dataclass
class Reader:
    """Reads functions for one database. `samples`: values of parameters, see samples.py."""

    sqlite: bool
    samples: Mapping[str, Sequence[Any]]
    found: dict[FoundStatement, None] = field(default_factory=dict)
    handed_in: set[FunctionType] = field(default_factory=set)  # need their callers to be read
    _depth: int = 0

    def __post_init__(self) -> None:
        some, self.dialect = Unknown(), "sqlite" if self.sqlite else "postgresql"
        self.tx = SimpleNamespace(
            is_sqlite=self.sqlite, actor=some, now=some, sealer=some, scope=Scope()
        )

    def read_all(self, functions: Sequence[tuple[FunctionType, type | None]]) -> None:
        """Find the statements of some functions; those whose words are handed in come last."""
        waiting = list(functions)
        while waiting:
            known = set(self.handed_in)
            for function, of in waiting:
                for own in self.samples.get(of.__name__, [None]) if of else [None]:
                    self.read(function, of=own)
            news = {f.__name__ for f in self.handed_in - known}
            waiting = [pair for pair in functions if names_called(pair[0]) & news]

    def read(self, function: FunctionType, given: Env | None = None, of: Any = None) -> None:
        """Find the statements of one function; `given`: what a caller hands in; `of`: its self."""
        tree = tree_of(function)
        if tree is None or self._depth > DEEPEST:
            return
        envs = [{**env, **(given or {})} for env in self._parameters(function, tree, of)]
        self._depth += 1
        _Way(self, function).block(tree.body, distinct(envs))
        self._depth -= 1

    def _parameters(self, function: FunctionType, tree: ast.FunctionDef, of: Any) -> list[Env]:
        envs: list[Env] = [{}]
        place = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        arguments = [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs]
        rest = [argument for argument in (tree.args.vararg, tree.args.kwarg) if argument]
        for argument in (*arguments, *rest):
            name = argument.arg
            kind = ast.unparse(argument.annotation) if argument.annotation else ""
            values: Sequence[Any] = [Unknown(UNREAD if kind.startswith("str") else "1")]
            for known in (f"{place}.{name}", f"{name}: {kind}", kind):
                if known in self.samples:
                    values = self.samples[known]
                    break
            if name == "tx":
                values = [self.tx]
            elif kind == "sa.Connection":
                values = [SimpleNamespace(dialect=SimpleNamespace(name=self.dialect))]
            elif name == "self" and of is not None:
                values = [of]
            envs = [{**env, name: value} for env in envs for value in values]
        return envs


class _Way(Knowing):
    """Follows the lines of one function."""

    def __init__(self, reader: Reader, function: FunctionType) -> None:
        names = frozenset(f.__name__ for f in reader.handed_in)
        super().__init__(reader.sqlite, function.__globals__, what_matters(function, names))
        self.reader, self.function = reader, function

    def block(self, lines: Sequence[ast.stmt], envs: list[Env]) -> list[Env]:
        """What may be known after some lines; no way goes on after a return."""
        for line in lines:
            envs = distinct([after for env in envs for after in self.line(line, env)])
        return envs

    def line(self, line: ast.stmt, env: Env) -> list[Env]:
        """What may be known after one line."""
        for part in _own_expressions(line):
            self.look(part, env)
        match line:
            case ast.FunctionDef():
                self.block(line.body, [{**env, **{a.arg: Unknown() for a in line.args.args}}])
            case ast.Return() | ast.Raise():
                return []
            case ast.Assign(targets=[target], value=value):
                return [bind(env, target, v, self.matters) for v in self.values(value, env)]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return [bind(env, target, v, self.matters) for v in self.values(value, env)]
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                return [{**env, name: _sum(env.get(name), v)} for v in self.values(value, env)]
            case ast.If():
                known = self.decided(line.test, env)
                yes = self.block(line.body, [env]) if known is not False else []
                return yes + (self.block(line.orelse, [env]) if known is not True else [])
            case ast.For():
                return self._loop(line, env)
            case ast.While():
                names = [n.target.id for n in ast.walk(line.test) if isinstance(n, ast.NamedExpr)]
                return [env, *self.block(line.body, [{**env, **dict.fromkeys(names, Unknown())}])]
            case ast.With():
                return self.block(line.body, [env])
            case ast.Try():
                after = self.block([*line.body, *line.orelse], [env])
                after += [e for h in line.handlers for e in self.block(h.body, [env])]
                return self.block(line.finalbody, after)
            case ast.Match():
                return [env, *(e for case in line.cases for e in self.block(case.body, [env]))]
        return [env]

    def _loop(self, line: ast.For, env: Env) -> list[Env]:
        after = [env]
        for items in self.values(line.iter, env):
            known = _known_items(items)
            envs = [env]
            for item in known:
                started = [bind(e, line.target, item, self.matters) for e in envs]
                envs = self.block(line.body, started)
                after += envs
        return after

    # --- statements ---------------------------------------------------------------------------

    def look(self, node: ast.AST, env: Env) -> None:
        """Find statements in an expression, and functions that are handed words of one."""
        for call, known in self._calls(node, env):
            sql = calls.sql_of(call)
            if sql is not None:
                self._statement(call, sql, known)
            elif called(call) in {f.__name__ for f in self.reader.handed_in}:
                self._enter(call, known)

    def _calls(self, node: ast.AST, env: Env) -> Iterator[tuple[ast.Call, Env]]:
        """Every call in an expression, with what is known where it stands."""
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            envs = [env]
            for part in node.generators:
                for known in envs:
                    yield from self._calls(part.iter, known)
                envs = [
                    bind(known, part.target, item, self.matters)
                    for known in envs
                    for items in self.values(part.iter, known)
                    for item in _known_items(items)
                ]
            made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            for known in envs:
                for part_made in made:
                    yield from self._calls(part_made, known)
            return
        if isinstance(node, ast.IfExp) and (is_so := self.decided(node.test, env)) is not None:
            yield from self._calls(node.body if is_so else node.orelse, env)
            return
        if isinstance(node, ast.Call):
            yield node, env
        for child in ast.iter_child_nodes(node):
            yield from self._calls(child, env)

    def _statement(self, call: ast.Call, sql: ast.expr, env: Env) -> None:
        kinds, columns = calls.kinds_of(call), calls.columns_of(call)
        typed: tuple[tuple[str, str], ...] = ()
        for value in self.values(kinds, env) if kinds is not None else []:
            typed = tuple(value.items()) if isinstance(value, Mapping) else ()
        where = f"{self.function.__module__}.{self.function.__qualname__}"
        for text in self.values(sql, env):
            for named in [None] if columns is None else self.values(columns, env):
                words = calls.as_text(call, text, named)
                if UNREAD in words:
                    self.reader.handed_in.add(self.function)
                found = FoundStatement(
                    where.removeprefix("dispatcher.db."),
                    call.lineno,
                    words,
                    typed,
                    calls.lists_of_words(call),
                    calls.is_scoped(call),
                )
                self.reader.found[found] = None

    def _enter(self, call: ast.Call, env: Env) -> None:
        """Read a function that is handed words again, with what is handed in here."""
        target: Any = self.target(call, env)
        of: Any = None
        if isinstance(target, MethodType):
            of, target = target.__self__, target.__func__
        if not isinstance(target, FunctionType) or target not in self.reader.handed_in:
            return
        tree = tree_of(target)
        assert tree is not None
        names = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args)][of is not None :]
        pairs = [*zip(names, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]
        envs: list[Env] = [{}]
        for name, node in pairs:
            values = self.values(node, env)
            if name is None or name == "tx" or all(_is_any(value) for value in values):
                continue
            if any(UNREAD in str(value) for value in values):
                self.reader.handed_in.add(self.function)
            envs = [{**known, name: value} for known in envs for value in values]
        for given in envs:
            self.reader.read(target, given, of)


def _own_expressions(line: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a line, without the lines inside it."""
    match line:
        case ast.If(test=test) | ast.While(test=test):
            yield test
        case ast.For(iter=items):
            yield items
        case ast.With(items=contexts):
            yield from (context.context_expr for context in contexts)
        case ast.Match(subject=subject):
            yield subject
        case ast.Try() | ast.FunctionDef():
            return
        case _:
            yield line


def _known_items(items: object) -> list[Any]:
    """What a loop goes through, or one thing nothing is known of."""
    if isinstance(items, range):
        return list(items[:1])
    return list(items) if isinstance(items, list | tuple | dict) else [Unknown()]


def _is_any(value: object) -> bool:
    return isinstance(value, Unknown) and value.shown != UNREAD


def _sum(before: Any, more: Any) -> Any:
    try:
        return before + more
    except TypeError:
        return Unknown()
