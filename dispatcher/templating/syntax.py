"""The closed list of syntax: what an author may write between braces, and nothing else.

Names with filters are printed, `if` asks about names; there are no calls, loops, arithmetic, macros
or comments. Whatever is not on the list is refused when the text is read, before it is ever run.
The sandbox with strict undefined names stays behind it as a second wall.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from dispatcher.domain.problems import Problem, unknown
from dispatcher.i18n import Say, Spoken
from dispatcher.templating.filters import FILTERS

NAMES: dict[str, tuple[str, ...]] = {
    "contact": ("name", "title"),
    "ward": ("name",),
    "residential_group": ("name",),
    "sender": ("name",),
    "document": ("number",),
}
MOST_LETTERS, MOST_NODES = 4_000, 400  # of one block
MOST_TAG = 250  # letters between braces
_PRINTED = (nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Filter)
_ASKED = (
    nodes.Name,
    nodes.Getattr,
    nodes.Filter,
    nodes.Const,
    nodes.Compare,
    nodes.And,
    nodes.Or,
    nodes.Not,
)
_UNLISTED = re.compile(r"\{#|\{%[-+]?\s*(?:end)?raw\b")
_NOT_TEXT = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


@dataclass(frozen=True)
class Uses:
    """`names`: dotted names in a block. `needed`: those it prints without asking first."""

    names: frozenset[str]
    needed: frozenset[str]


def problem(file: str, line: int, say: Spoken, rule: str) -> Problem:
    return Problem(f"template-{rule}", say, where=f"{file}:{line}")


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """Strict, immutable, with nothing in it but our filters."""
    made = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
    made.filters.clear()
    made.globals.clear()
    made.tests.clear()
    made.filters.update(FILTERS)
    return made


def hidden_letter(text: str) -> str | None:
    """The first character nobody can see (control, direction, zero width), line breaks aside."""
    if text.isascii() and text.isprintable():
        return None
    for ch in text:
        if unicodedata.category(ch) in _NOT_TEXT and ch not in "\n\t\r":
            return ch
    return None


def read(source: str, file: str, line: int, fields: Collection[str]) -> Uses:
    """What a block uses; everything outside the closed list is a problem with its line."""
    return _read(source, file, line, tuple(fields))


@lru_cache(maxsize=500)
def _read(source: str, file: str, line: int, fields: tuple[str, ...]) -> Uses:
    """`read`, once for the same words: a template is read for each preview and each release."""
    tree = _tree(source, file, line)
    found = _Reading(file, line, fields)
    for node in tree.body:
        found.block(node, frozenset())
    try:
        environment().compile(tree)
    except Exception:
        raise _refused(file, line, "text that does not compile") from None
    return Uses(frozenset(found.names), frozenset(found.needed))


def tree_of(source: str) -> nodes.Template:
    """The syntax tree of a block that `read` has let pass.

    Numbers that are compared become text, as every value is.
    """
    tree = environment().parse(source)
    for compared in tree.find_all(nodes.Compare):
        for operand in compared.ops:
            if isinstance(operand.expr, nodes.Const) and type(operand.expr.value) is int:
                operand.expr.value = str(operand.expr.value)
    return tree


def _tree(source: str, file: str, line: int) -> nodes.Template:
    if len(source) > MOST_LETTERS:
        raise problem(
            file,
            line,
            Say(
                "the block has {count} characters; at most {most_letters}.",
                count=len(source),
                most_letters=MOST_LETTERS,
            ),
            "size",
        )
    unseen = hidden_letter(source)
    if unseen is not None:
        at = line + source[: source.index(unseen)].count("\n")
        raise problem(
            file,
            at,
            Say(
                "there is an invisible character U+{unseen:04X}; delete it and type again.",
                unseen=ord(unseen),
            ),
            "hidden",
        )
    odd = _UNLISTED.search(source)
    if odd is not None:
        raise _refused(file, line + source[: odd.start()].count("\n"), odd[0])
    if _longest_tag(source) > MOST_TAG:
        raise problem(file, line, Say("the template is too complex."), "size")
    try:
        return environment().parse(source)
    except jinja2.TemplateSyntaxError as error:
        raise problem(
            file,
            line + error.lineno - 1,
            Say("syntax error ({message}).", message=error.message),
            "syntax",
        ) from None
    except (RecursionError, ValueError, OverflowError):
        raise problem(file, line, Say("the template is too complex."), "size") from None


def _longest_tag(source: str) -> int:
    """Characters from the opening of a {{ or {% to the next closing one, at most."""
    longest = place = 0
    while (place := source.find("{", place)) >= 0:
        if source[place + 1 : place + 2] not in ("{", "%"):
            place += 1
            continue
        ends = [e for e in (source.find("}}", place), source.find("%}", place)) if e >= 0]
        end = min(ends, default=len(source))
        longest, place = max(longest, end - place), end
    return longest


def _refused(file: str, line: int, what: str) -> Problem:
    return problem(
        file,
        line,
        Say("{what} is not allowed; use {{{{ names }}}}, filters and {{% if %}}.", what=what),
        "syntax",
    )


class _Reading:
    """One walk over a block: names as they are met, and a problem for everything not listed."""

    def __init__(self, file: str, line: int, fields: Collection[str]) -> None:
        self.file, self.line, self.fields = file, line, fields
        self.names: set[str] = set()
        self.needed: set[str] = set()
        self.met = 0

    def _at(self, node: nodes.Node) -> int:
        return self.line + (node.lineno or 1) - 1

    def _count(self, node: nodes.Node) -> None:
        self.met += 1
        if self.met > MOST_NODES:
            raise problem(
                self.file,
                self._at(node),
                Say("the template is too complex."),
                "size",
            )

    def block(self, node: nodes.Node, asked: frozenset[str]) -> None:
        """A statement: text and names printed, or an if with its branches."""
        self._count(node)
        if type(node) is nodes.Output:
            for child in node.nodes:
                if type(child) not in _PRINTED:
                    raise _refused(self.file, self._at(child), type(child).__name__)
                if type(child) is not nodes.TemplateData:
                    self.needed |= self.expression(child, printed=True) - asked
        elif type(node) is nodes.If:
            inside = asked | self.expression(node.test, printed=False)
            for part in [*node.body, *node.elif_, *node.else_]:
                self.block(part, inside)
        else:
            raise _refused(self.file, self._at(node), type(node).__name__)

    def expression(self, node: nodes.Node, *, printed: bool) -> set[str]:
        """The names inside an expression."""
        self._count(node)
        if type(node) is nodes.Filter and node.node is not None:
            self._filter(node)
            return self.expression(node.node, printed=True)  # a filter works on a name
        if type(node) in (nodes.Name, nodes.Getattr):
            return {self._name(node)}
        if printed or type(node) not in _ASKED:
            raise _refused(self.file, self._at(node), type(node).__name__)
        if isinstance(node, nodes.Const) and not isinstance(node.value, str | int):
            raise _refused(self.file, self._at(node), "this constant")
        found: set[str] = set()
        if isinstance(node, nodes.Compare):
            found |= self.expression(node.expr, printed=False)
            for operand in node.ops:
                if operand.op not in ("eq", "ne"):
                    raise problem(
                        self.file,
                        self._at(node),
                        Say("only == and != compare here (every value is text)."),
                        "syntax",
                    )
                found |= self.expression(operand.expr, printed=False)
            return found
        for child in node.iter_child_nodes():
            found |= self.expression(child, printed=False)
        return found

    def _filter(self, node: nodes.Filter) -> None:
        if node.name not in FILTERS:
            raise problem(
                self.file,
                self._at(node),
                Say(
                    "no filter “{name}”; there are {filters}.",
                    name=node.name,
                    filters=", ".join(FILTERS),
                ),
                "filter",
            )
        if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise problem(
                self.file,
                self._at(node),
                Say("the filter “{name}” takes nothing in brackets.", name=node.name),
                "filter",
            )

    def _name(self, node: nodes.Node) -> str:
        name = _dotted(node)
        root, dot, attribute = name.partition(".")
        known = (
            attribute in NAMES.get(root, ())
            or (root == "row" and attribute.isidentifier() and not attribute.startswith("_"))
            if dot
            else name in self.fields
        )
        if not known:
            listed = [*self.fields, *(f"{k}.{v}" for k, vs in NAMES.items() for v in vs)]
            close = unknown(Say("name"), name, listed)
            raise problem(self.file, self._at(node), close.say, "name")
        self.names.add(name)
        return name


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return str(node.name)
    assert isinstance(node, nodes.Getattr)
    root = node.node.name if isinstance(node.node, nodes.Name) else "?"
    return f"{root}.{node.attr}"


class _ByKey(NodeTransformer):
    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Getitem:
        key = nodes.Const(node.attr, lineno=node.lineno)
        return nodes.Getitem(node.node, key, "load", lineno=node.lineno)


def compiled(tree: nodes.Template) -> jinja2.Template:
    """Ready to run. `row.items` is the column of that name, never something of Python's."""
    code = environment().compile(_ByKey().visit(tree))
    return jinja2.Template.from_code(environment(), code, environment().make_globals(None))


def outputs(node: nodes.Node) -> Iterator[tuple[nodes.Output, int, nodes.Expr]]:
    """Every printed expression: (its output, place there, itself)."""
    for output in node.find_all(nodes.Output):
        for place, child in enumerate(output.nodes):
            if type(child) is not nodes.TemplateData:
                yield output, place, child


def chain(node: nodes.Node) -> tuple[str, tuple[str, ...]]:
    """(dotted name, filters in the order they work) of a printed expression."""
    filters: list[str] = []
    while isinstance(node, nodes.Filter):
        filters.append(node.name)
        assert node.node is not None
        node = node.node
    return _dotted(node), tuple(reversed(filters))


def asked(tree: nodes.Template) -> set[str]:
    """Names that decide which branch of an if is taken."""
    found: set[str] = set()
    for part in tree.find_all(nodes.If):
        found |= {_dotted(n) for n in _names_in(part.test)}
    return found


def _names_in(node: nodes.Node) -> Iterator[nodes.Node]:
    if type(node) in (nodes.Name, nodes.Getattr):
        yield node
        return
    for child in node.iter_child_nodes():
        yield from _names_in(child)


def values_of(name: str, values: Mapping[str, object]) -> object:
    """The value of a dotted name; None where there is none."""
    root, dot, attribute = name.partition(".")
    found = values.get(root)
    if not dot:
        return found
    return found.get(attribute) if isinstance(found, Mapping) else None
