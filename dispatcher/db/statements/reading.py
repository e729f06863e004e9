"""Reads the code of a module for the statements each of its functions may run.

Comes from: the source of `dispatcher/db`.   Goes to: the register of statements.
Never: runs a statement, or anything of the program but the functions that make pieces of SQL.

A function is followed from its first line to its last, once per way through it that makes another
statement. What only a running program knows is `Unknown`. Where the words of a statement are handed
in by a caller, the function is read again with what each caller hands in.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import sqlalchemy as sa

from dispatcher.db.scope import Scope
from dispatcher.db.statements.unknown import UNREAD, Unknown

MOST_WAYS = 600  # through one function
DEEPEST = 5  # callers of callers
_ON_TX = {"rows", "one", "value", "taken", "run"}
_ON_ROWS = {"on_rows", "tuples", "on_ids"}
_PURE = {
    *(int, str, len, list, tuple, dict, set, frozenset, sorted, range, zip, enumerate, map, repr),
    *(min, max, sum, any, all, reversed, bool),
}
_PURE_METHODS = {"join", "format", "replace", "items", "keys", "values", "insert"}
_OF_WORDS = ("str", "tuple[str", "dict[str", "Mapping[str")
Env = dict[str, Any]


class Found(NamedTuple):
    """A statement as it stands in the code."""

    function: str
    line: int
    sql: str
    kinds: tuple[tuple[str, str], ...] = ()  # columns of its rows
    words: frozenset[str] = frozenset()  # lists in it that hold words and not numbers
    scoped: bool = False  # it is given a scope


@dataclass
class Reader:
    """Reads functions for one database. `samples`: values of parameters, by type or by name."""

    sqlite: bool
    samples: Mapping[str, Sequence[Any]]
    found: dict[Found, None] = field(default_factory=dict)
    handed_in: set[FunctionType] = field(default_factory=set)  # need their callers to be read
    _depth: int = 0

    def __post_init__(self) -> None:
        unknown = Unknown()
        self.tx = SimpleNamespace(
            is_sqlite=self.sqlite, actor=unknown, now=unknown, sealer=unknown, scope=Scope(None)
        )

    def read(self, function: FunctionType, given: Env | None = None, of: Any = None) -> None:
        """Find the statements of one function; `given`: what a caller hands in; `of`: its self."""
        tree = _tree(function)
        if tree is None or self._depth > DEEPEST:
            return
        envs = [{**self._parameters(function, tree, of), **(given or {})}]
        for name in list(envs[0]):
            if isinstance(envs[0][name], _Several):
                several = envs[0][name].values
                envs = [{**env, name: value} for env in envs for value in several]
        self._depth += 1
        _Way(self, function).block(tree.body, envs)
        self._depth -= 1

    def _parameters(self, function: FunctionType, tree: ast.FunctionDef, of: Any) -> Env:
        env: Env = {}
        arguments = [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs]
        for argument in arguments:
            name = argument.arg
            kind = ast.unparse(argument.annotation) if argument.annotation else ""
            if name == "tx":
                env[name] = self.tx
            elif name == "self":
                env[name] = of if of is not None else Unknown()
            elif (
                f"{function.__module__.rpartition('.')[2]}.{function.__name__}.{name}"
                in self.samples
            ):
                key = f"{function.__module__.rpartition('.')[2]}.{function.__name__}.{name}"
                env[name] = _Several(self.samples[key])
            elif kind in self.samples:
                env[name] = _Several(self.samples[kind])
            elif kind.startswith("str"):
                env[name] = Unknown(UNREAD)
            else:
                env[name] = Unknown()
        for rest in (tree.args.vararg, tree.args.kwarg):
            if rest:
                env[rest.arg] = Unknown()
        return env


class _Several:
    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values


class _Way:
    """Follows the lines of one function."""

    def __init__(self, reader: Reader, function: FunctionType) -> None:
        self.reader, self.function = reader, function
        self.globals = function.__globals__
        names = {f.__name__ for f in reader.handed_in}
        self.matters = _matters(function, frozenset(names))

    # --- lines --------------------------------------------------------------------------------

    def block(self, lines: Sequence[ast.stmt], envs: list[Env]) -> list[Env]:
        """What may be known after some lines; no way goes on after a return."""
        for line in lines:
            envs = _distinct([after for env in envs for after in self.line(line, env)])
            if not envs:
                break
        return envs

    def line(self, line: ast.stmt, env: Env) -> list[Env]:
        match line:
            case ast.FunctionDef():
                self.block(line.body, [{**env, **{a.arg: Unknown() for a in line.args.args}}])
                return [env]
            case ast.Return() | ast.Raise():
                self.look(line, env)
                return []
            case ast.Assign(targets=[target], value=value):
                self.look(value, env)
                return [self._bind(env, target, v) for v in self.values(value, env)]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.look(value, env)
                return [self._bind(env, target, v) for v in self.values(value, env)]
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                self.look(value, env)
                return [{**env, name: _added(env.get(name), v)} for v in self.values(value, env)]
            case ast.If():
                self.look(line.test, env)
                known = self.decided(line.test, env)
                yes = self.block(line.body, [env]) if known is not False else []
                no = self.block(line.orelse, [env]) if known is not True else []
                return yes + no
            case ast.For():
                self.look(line.iter, env)
                return self._loop(line, env)
            case ast.While():
                self.look(line.test, env)
                return [env, *self.block(line.body, [self._walrus(line.test, env)])]
            case ast.With():
                for item in line.items:
                    self.look(item.context_expr, env)
                return self.block(line.body, [env])
            case ast.Try():
                after = self.block([*line.body, *line.orelse], [env])
                for handler in line.handlers:
                    after += self.block(handler.body, [env])
                return self.block(line.finalbody, after) if line.finalbody else after
            case ast.Match():
                self.look(line.subject, env)
                return [e for case in line.cases for e in self.block(case.body, [env])] or [env]
            case _:
                self.look(line, env)
                return [env]

    def _loop(self, line: ast.For, env: Env) -> list[Env]:
        after = [env]
        for items in self.values(line.iter, env):
            known = list(items) if isinstance(items, list | tuple | dict) else [Unknown()]
            envs = [env]
            for item in known:
                envs = _distinct(
                    self.block(line.body, [self._bind(e, line.target, item) for e in envs])
                )
                after += envs
        return after

    def _walrus(self, test: ast.expr, env: Env) -> Env:
        names = [n.target.id for n in ast.walk(test) if isinstance(n, ast.NamedExpr)]
        return {**env, **{name: Unknown() for name in names}}

    def _bind(self, env: Env, target: ast.expr, value: Any) -> Env:
        if isinstance(target, ast.Name):
            return {**env, target.id: value if target.id in self.matters else Unknown()}
        if isinstance(target, ast.Tuple | ast.List):
            known = isinstance(value, tuple | list) and len(value) == len(target.elts)
            values = list(value) if known else [Unknown() for _ in target.elts]
            for part, one in zip(target.elts, values, strict=True):
                env = self._bind(env, part, one)
        return env

    # --- what is known ------------------------------------------------------------------------

    def values(self, node: ast.expr, env: Env) -> list[Any]:
        """What an expression may be."""
        found: list[Any] = []
        for tree in self._choices(node, env):
            plain = _Plain(self, env).visit(ast.parse(ast.unparse(tree), mode="eval"))
            ast.fix_missing_locations(plain)
            try:
                code = compile(plain, "read", "eval")
                value = eval(code, {**self.globals, **env, "__unknown__": Unknown()})
            except Exception:
                value = Unknown()
            if not any(value is f or _same(value, f) for f in found):
                found.append(value)
        return found

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
            case ast.Attribute(value=ast.Name(id="tx"), attr="is_sqlite"):
                return self.reader.sqlite
        names = {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}
        calls = any(isinstance(n, ast.Call) for n in ast.walk(test))
        if calls or any(n == "tx" or not _is_known(env.get(n)) for n in names if n in env):
            return None
        if any(n not in env and n not in self.globals for n in names):
            return None
        values = self.values(test, env)
        if len(values) != 1 or isinstance(values[0], Unknown):
            return None
        return bool(values[0])

    def is_pure(self, call: ast.Call, env: Env) -> bool:
        """True for a call that makes words and does nothing else."""
        if isinstance(call.func, ast.Attribute) and call.func.attr in _PURE_METHODS:
            return True
        target = self.target(call, env)
        if isinstance(target, type):
            return target in _PURE or target.__name__ in ("Among", "Eligible")
        if target in _PURE:
            return True
        if isinstance(target, MethodType):
            target = target.__func__
        if isinstance(target, FunctionType) and target.__module__.startswith("dispatcher."):
            return str(target.__annotations__.get("return", "")).startswith(_OF_WORDS)
        return False

    def target(self, call: ast.Call, env: Env) -> Any:
        """What is called, where that is known."""
        node: ast.expr = call.func
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        missing = object()
        builtin = self.globals["__builtins__"]
        builtins = builtin if isinstance(builtin, dict) else vars(builtin)
        found = env.get(node.id, self.globals.get(node.id, builtins.get(node.id, missing)))
        for name in reversed(names):
            if found is missing or isinstance(found, Unknown):
                return None
            found = getattr(found, name, missing)
        return None if found is missing or isinstance(found, Unknown) else found

    # --- statements ---------------------------------------------------------------------------

    def look(self, node: ast.AST, env: Env) -> None:
        """Find statements in an expression, and functions that are handed words of one."""
        for call, known in self._calls(node, env):
            sql = _sql_of(call)
            if sql is not None:
                self._statement(call, sql, known)
                continue
            target = self.target(call, known)
            of = None
            if isinstance(target, MethodType):
                target, of = target.__func__, target.__self__
            if isinstance(target, FunctionType) and target in self.reader.handed_in:
                self._enter(call, target, of, known)

    def _calls(self, node: ast.AST, env: Env) -> Iterator[tuple[ast.Call, Env]]:
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            envs = [env]
            for part in node.generators:
                for known in envs:
                    yield from self._calls(part.iter, known)
                inner = []
                for known in envs:
                    for items in self.values(part.iter, known):
                        few = list(items) if isinstance(items, list | tuple) else [Unknown()]
                        inner += [self._bind(known, part.target, item) for item in few]
                envs = inner
            parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            for known in envs:
                for part_node in parts:
                    yield from self._calls(part_node, known)
            return
        if isinstance(node, ast.Call):
            yield node, env
        for child in ast.iter_child_nodes(node):
            yield from self._calls(child, env)

    def _statement(self, call: ast.Call, sql: ast.expr, env: Env) -> None:
        kinds: tuple[tuple[str, str], ...] = ()
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name in ("on_rows", "tuples"):
            for value in self.values(call.args[2], env):
                if isinstance(value, Mapping):
                    kinds = tuple(value.items())
        where = (
            f"{self.function.__module__.removeprefix('dispatcher.')}.{self.function.__qualname__}"
        )
        scoped = any(k.arg == "scope" for k in call.keywords)
        for text in self.values(sql, env):
            for words in _as_text(call, text, env, self):
                if UNREAD in words:
                    self.reader.handed_in.add(self.function)
                found = Found(where, call.lineno, words, kinds, _words(call), scoped)
                self.reader.found[found] = None

    def _enter(self, call: ast.Call, target: FunctionType, of: Any, env: Env) -> None:
        """Read a function again with what is handed in here."""
        tree = _tree(target)
        if tree is None:
            return
        names = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args)]
        if of is not None:
            names = names[1:]
        pairs = list(zip(names, call.args, strict=False))
        pairs += [(k.arg, k.value) for k in call.keywords if k.arg]
        envs: list[Env] = [{}]
        for name, node in pairs:
            if name == "tx":
                continue
            values = self.values(node, env)
            if all(isinstance(v, Unknown) and v.shown != UNREAD for v in values):
                continue
            if any(isinstance(v, Unknown) or (isinstance(v, str) and UNREAD in v) for v in values):
                self.reader.handed_in.add(self.function)
            envs = [{**e, name: v} for e in envs for v in values]
        for given in envs:
            self.reader.read(target, given, of)


class _Plain(ast.NodeTransformer):
    """Takes calls out of an expression that do more than make words."""

    def __init__(self, way: _Way, env: Env) -> None:
        self.way, self.env = way, env

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not self.way.is_pure(node, self.env):
            return ast.Name("__unknown__", ast.Load())
        return self.generic_visit(node)


def _sql_of(call: ast.Call) -> ast.expr | None:
    """The words of a statement that this call runs, else None."""
    func = call.func
    if isinstance(func, ast.Attribute) and call.args:
        on = func.value
        if isinstance(on, ast.Name) and on.id == "tx" and func.attr in (*_ON_TX, "insert"):
            return call.args[0]
        if func.attr == "exec_driver_sql":
            return call.args[0]
        if isinstance(on, ast.Name) and on.id == "sa" and func.attr == "text":
            return call.args[0]
    if isinstance(func, ast.Name) and len(call.args) > 1:
        if func.id in (*_ON_ROWS, "insert_many", "put_many"):
            return call.args[1]
    return None


def _as_text(call: ast.Call, value: Any, env: Env, way: _Way) -> Iterator[str]:
    """The statement as text: constructs of new rows are written out."""
    func = call.func
    if isinstance(func, ast.Name) and func.id in ("insert_many", "put_many"):
        for columns in way.values(call.args[2], env):
            yield _insert(str(value), list(columns))
    elif isinstance(func, ast.Attribute) and func.attr == "insert":
        columns = [k.arg for k in call.keywords if k.arg]
        yield _insert(getattr(value, "name", UNREAD), columns)
    elif isinstance(value, sa.Insert):
        yield _insert(value.table.name, [c.name for c in value.table.columns])
    elif isinstance(value, str):
        yield value
    else:
        yield UNREAD


def _insert(table: str, columns: Sequence[str]) -> str:
    marks = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"


def _words(call: ast.Call) -> frozenset[str]:
    """Parameters of this call that are lists of words."""
    found = [(k.arg, k.value) for k in call.keywords]
    for node in ast.walk(call):
        if isinstance(node, ast.Dict):
            found += [(k.value, v) for k, v in zip(node.keys, node.values, strict=True)
                      if isinstance(k, ast.Constant)]  # fmt: skip
    return frozenset(
        str(name) for name, value in found
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
        and value.func.id == "Among" and len(value.args) == 2
    )  # fmt: skip


def _replaced(tree: ast.expr, old: ast.expr, new: ast.expr) -> ast.expr:
    class Replacing(ast.NodeTransformer):
        def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
            return new if ast.dump(node) == ast.dump(old) else self.generic_visit(node)

    copy = ast.parse(ast.unparse(tree), mode="eval").body
    found: ast.expr = Replacing().visit(copy)
    return found


def _distinct(envs: list[Env]) -> list[Env]:
    """Envs that differ in what they know, as many as are followed at most."""
    found: dict[tuple[object, ...], Env] = {}
    for env in envs:
        found.setdefault(tuple((k, _mark(v)) for k, v in env.items() if _is_known(v)), env)
    return list(found.values())[:MOST_WAYS]


def _mark(value: Any) -> object:
    """The same for values that make the same words."""
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, list | tuple):
        return tuple(_mark(v) for v in value)
    return id(value)


def _is_known(value: Any) -> bool:
    if isinstance(value, Unknown):
        return False
    if isinstance(value, list | tuple | set | frozenset):
        return all(_is_known(v) for v in value)
    if isinstance(value, dict):
        return all(_is_known(v) for v in value.values())
    return True


def _added(before: Any, more: Any) -> Any:
    try:
        return before + more
    except Exception:
        return Unknown()


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and isinstance(one, str) and one == other


@cache
def _matters(function: FunctionType, handed_in: frozenset[str]) -> frozenset[str]:
    """Names of a function that the words of a statement may be made of."""
    tree = _tree(function)
    assert tree is not None
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            parts = [node] if _sql_of(node) is not None or name in handed_in else []
            found |= {n.id for p in parts for n in ast.walk(p) if isinstance(n, ast.Name)}
    while True:
        more = set(found)
        for node in ast.walk(tree):
            targets: list[ast.expr] = []
            value: ast.expr | None = None
            match node:
                case ast.Assign(targets=targets, value=value):
                    pass
                case (
                    ast.AnnAssign(target=target, value=value)
                    | ast.AugAssign(target=target, value=value)
                ):
                    targets = [target]
                case ast.For(target=target, iter=value):
                    targets = [target]
            named = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            if value is not None and named & found:
                more |= {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
        if more == found:
            return frozenset(found)
        found = more


@cache
def _tree(function: FunctionType) -> ast.FunctionDef | None:
    """The source of a function as a tree, with the lines of its file."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return None
    tree = ast.parse(inspect.cleandoc("\n" + "".join(lines)) if False else _unindented(lines))
    ast.increment_lineno(tree, first - 1)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return node if isinstance(node, ast.FunctionDef) else None
    return None


def _unindented(lines: Sequence[str]) -> str:
    import textwrap

    return textwrap.dedent("".join(lines))


def functions(module: ModuleType) -> Iterator[tuple[FunctionType, type | None]]:
    """Functions and methods that a module defines, with their class."""
    for value in vars(module).values():
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            yield inspect.unwrap(value), None
        elif isinstance(value, type) and value.__module__ == module.__name__:
            for method in vars(value).values():
                plain: Callable[..., Any] | None = (
                    method.fget if isinstance(method, property) else method
                )
                if isinstance(plain, FunctionType):
                    yield inspect.unwrap(plain), value
