"""Which tables a statement reaches past its scope, read with a parser of SQL.

A statement is bound where every row of a table that holds facts of a ward is one of `visible_…`, or
hangs on such a row: by an equation of the columns that link the two, or by `IN` and `EXISTS` over
it. What stands under OR or NOT, or beside a LEFT JOIN, binds nothing.
"""

from __future__ import annotations

import logging
import re

import sqlglot
from sqlglot import exp

from dispatcher.db.scope import WARDS

OF_A_MESSAGE = {"message_id", "broadcast_id"}
OF_AN_ADDRESS = {"address_id"}
OF_A_BROADCAST = {"broadcast_id"}
# Tables that hold facts of a ward, and the columns by which their rows hang on others.
FACTS: dict[str, set[str]] = {
    "contacts": {"id", "ward_id", "household_id"},
    "messages": {"id", "broadcast_id", "contact_id", "ward_id", "through_id"},
    "households": {"id", "ward_id"},
    "broadcasts": {"id"},
    "tallies": {"broadcast_id", "ward_id"},
    "headcounts": {"ward_id"},
    "targets": OF_A_MESSAGE,
    "shared_targets": OF_A_MESSAGE,
    "attempts": OF_A_MESSAGE | {"id"},
    "receipts": {"attempt_id"},
    "addresses": {"id"},
    "contact_addresses": {"contact_id", "address_id"},
    "group_members": {"contact_id"},
    "import_changes": {"contact_id"},
    "suppressions": OF_AN_ADDRESS,
    "replies": OF_AN_ADDRESS,
    "reachability": OF_AN_ADDRESS,
    "user_ids": OF_AN_ADDRESS | {"user_address_id"},
    "bodies": {"id"},
    **dict.fromkeys(
        ("broadcast_wards", "broadcast_hands", "broadcast_texts", "attachments", "shares",
         "reservations", "approvals", "offers", "closures", "plan_bodies"), OF_A_BROADCAST
    ),
}  # fmt: skip
# Made of what was seen, in this very transaction, for it alone.
OWN = {"plan_rows", "plan_taken"}
logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it cannot parse is read as words
DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres"}


def reached_past(sql: str, dialect: str) -> set[str]:
    """Tables with facts of a ward that a statement reaches without its scope."""
    try:
        tree = sqlglot.parse_one(sql, read=DIALECTS[dialect])
    except sqlglot.ParseError:
        tree = exp.Command()
    if not isinstance(tree, exp.Select | exp.Union | exp.Insert | exp.Update | exp.Delete):
        return {name for name in FACTS if re.search(rf"\b{name}\b", sql, re.IGNORECASE)}
    return _Reading(tree).unbound


def changed_tables(sql: str, dialect: str) -> set[str]:
    """Tables that a statement writes to, adds to or deletes from."""
    try:
        tree = sqlglot.parse_one(sql, read=DIALECTS[dialect])
    except sqlglot.ParseError:
        return set()
    found = set()
    for change in tree.find_all(exp.Insert, exp.Update, exp.Delete):
        target = change.this.this if isinstance(change.this, exp.Schema) else change.this
        found.add(target.name.lower())
    return found


class _Reading:
    def __init__(self, tree: exp.Expression) -> None:
        self.unbound: set[str] = set()
        self.tables: dict[str, bool] = {}  # of WITH: is everything in it bound
        self._query(tree, {})

    def _query(self, node: exp.Expression, outer: dict[str, bool], tied: bool = False) -> bool:
        """Read one query and what is inside it; True when its rows hang on what is seen.

        `tied`: only rows count whose first column is one of what is seen already.
        """
        for made in node.args.get("with_").expressions if node.args.get("with_") else []:
            name = made.alias_or_name
            if name.startswith("visible_") and WARDS in {
                p.name for p in made.find_all(exp.Placeholder)
            }:
                self.tables[name] = True
            else:
                self.tables[name] = self._query(made.this, outer)
        if isinstance(node, exp.Union):
            return all([self._query(node.left, outer), self._query(node.right, outer)])
        if isinstance(node, exp.Subquery | exp.Paren):
            return self._query(node.this, outer, tied)
        if isinstance(node, exp.Insert):
            return self._insert(node, outer)
        if isinstance(node, exp.Select | exp.Update | exp.Delete):
            return self._reads(node, outer, tied)
        for inner in node.find_all(exp.Select, bfs=True):
            self._query(inner, outer)
        return True

    def _insert(self, node: exp.Insert, outer: dict[str, bool]) -> bool:
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        bound = False
        if isinstance(node.expression, exp.Select | exp.Union | exp.Subquery):
            bound = self._query(node.expression, outer)
        if target.name.lower() in FACTS and not bound:
            self.unbound.add(target.name.lower())
        return bound

    def _reads(self, node: exp.Expression, outer: dict[str, bool], tied: bool) -> bool:
        sources = self._sources(node, outer)
        known = {alias: bound for alias, (_, bound) in sources.items() if bound}
        if tied and isinstance(node, exp.Select):
            known |= dict.fromkeys(self._link(node.expressions[0].unalias(), sources), True)
        conditions = self._conditions(node)
        while True:
            news = set()
            for condition, of in conditions:
                for alias in self._bound_by(condition, sources, {**outer, **known}):
                    if alias not in known and (of is None or alias == of):
                        news.add(alias)
            if not news:
                break
            known |= dict.fromkeys(news, True)
        for alias, (table, _) in sources.items():
            if alias not in known and table in FACTS:
                self.unbound.add(table)
        inner = {**outer, **dict.fromkeys(sources, False), **known}
        for part in self._inner_queries(node):
            self._query(part, inner, self._is_tied(part, inner))
        return bool(known) and all(
            alias in known or (table not in FACTS and table not in self.tables)
            for alias, (table, _) in sources.items()
        )

    def _sources(self, node: exp.Expression, outer: dict[str, bool]) -> dict[str, tuple[str, bool]]:
        """Alias → (table, is it bound by itself)."""
        found: dict[str, tuple[str, bool]] = {}
        parts: list[exp.Expression] = []
        if isinstance(node, exp.Update | exp.Delete) and node.this is not None:
            parts.append(node.this)
        start = node.args.get("from_")
        if start is not None:
            parts.append(start.this)
            parts += start.this.args.get("joins") or []
        parts += node.args.get("joins") or []
        if isinstance(node, exp.Update | exp.Delete):
            parts += (node.this.args.get("joins") or []) if node.this is not None else []
        for part in parts:
            source = part.this if isinstance(part, exp.Join) else part
            alias = source.alias_or_name.lower()
            if isinstance(source, exp.Subquery):
                found[alias] = ("", self._query(source.this, outer))
            elif isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
                name = source.name.lower()
                found[alias] = (name, self.tables.get(name, name in OWN))
            else:
                found[alias] = ("", False)  # rows that were handed in
        return found

    def _conditions(self, node: exp.Expression) -> list[tuple[exp.Expression, str | None]]:
        """What must be true of every row: (condition, the one alias it speaks for, or None)."""
        found: list[tuple[exp.Expression, str | None]] = []
        where = node.args.get("where")
        if where is not None:
            several = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
            found += [(c, None) for c in several]
        joins = [*(node.args.get("joins") or [])]
        start = node.args.get("from_")
        if start is not None:
            joins += start.this.args.get("joins") or []
        for join in joins:
            on = join.args.get("on")
            if on is not None:
                alias = join.this.alias_or_name.lower() if join.side else None
                several = on.flatten() if isinstance(on, exp.And) else [on]
                found += [(c, alias) for c in several]
        return [(c.unnest(), alias) for c, alias in found]

    def _bound_by(
        self,
        condition: exp.Expression,
        sources: dict[str, tuple[str, bool]],
        known: dict[str, bool],
    ) -> set[str]:
        """Aliases whose rows hang on known ones by this condition."""
        match condition:
            case exp.EQ():
                one, other = condition.left, condition.right
                return self._linked(one, other, sources, known) | self._linked(
                    other, one, sources, known
                )
            case exp.In() if condition.args.get("query") is not None:
                query = condition.args["query"]
                if not self._silently(query, known):
                    return set()
                columns = (
                    condition.this.expressions
                    if isinstance(condition.this, exp.Tuple)
                    else [condition.this]
                )
                return {a for c in columns for a in self._link(c, sources)}
            case exp.Exists():
                query = condition.this
                inner = query.this if isinstance(query, exp.Subquery) else query
                found = set()
                seen = self._seen_in(inner)
                for part, _ in self._conditions(inner):
                    if isinstance(part, exp.EQ):
                        for one, other in ((part.left, part.right), (part.right, part.left)):
                            if isinstance(one, exp.Column) and one.table.lower() in seen:
                                found |= self._link(other, sources)
                return found
        return set()

    def _linked(self, mine: exp.Expression, other: exp.Expression, sources, known) -> set[str]:
        """The alias of `mine` where `other` is a column of a known one, or a query over it."""
        if isinstance(other, exp.Column) and known.get(other.table.lower()):
            return self._link(mine, sources)
        inner = other.find(exp.Select) if isinstance(other, exp.Any | exp.Subquery) else None
        if inner is not None and self._silently(inner, known):
            return self._link(mine, sources)
        if isinstance(other, exp.Add | exp.Paren | exp.Coalesce):
            columns = list(other.find_all(exp.Column))
            if columns and all(known.get(c.table.lower()) for c in columns if c.table):
                return self._link(mine, sources) if any(c.table for c in columns) else set()
        return set()

    def _link(self, column: exp.Expression, sources: dict[str, tuple[str, bool]]) -> set[str]:
        """The alias of a column that links its table to others."""
        if isinstance(column, exp.Add | exp.Paren | exp.DPipe):  # x + 0: only keeps an index out
            columns = list(column.find_all(exp.Column))
            column = columns[0] if len(columns) == 1 else column
        if not isinstance(column, exp.Column):
            return set()
        alias, name = column.table.lower(), column.name.lower()
        if not alias:
            places = [a for a, (t, _) in sources.items() if name in FACTS.get(t, ())]
            alias = places[0] if len(places) == 1 else next(iter(sources), "")
        table = sources.get(alias, ("", False))[0]
        return {alias} if name in FACTS.get(table, ()) else set()

    def _silently(self, query: exp.Expression, known: dict[str, bool]) -> bool:
        """Are the rows of a query bound? What is not is found when it is read for itself."""
        kept, self.unbound = self.unbound, set()
        bound = self._query(query, known)
        clean, self.unbound = not self.unbound, kept
        return bound and clean

    def _seen_in(self, query: exp.Expression) -> set[str]:
        sources = self._sources(query, {})
        return {alias for alias, (_, bound) in sources.items() if bound}

    @staticmethod
    def _is_tied(query: exp.Expression, known: dict[str, bool]) -> bool:
        """True where a column of what is seen is looked for in this query."""
        around = query.parent
        while isinstance(around, exp.Subquery | exp.Paren):
            around = around.parent
        column = around.this if isinstance(around, exp.In) else None
        return isinstance(column, exp.Column) and known.get(column.table.lower(), False)

    def _inner_queries(self, node: exp.Expression) -> list[exp.Expression]:
        """Queries inside this one that are no source of it."""
        own = {id(s) for s in self._source_queries(node)}
        found: list[exp.Expression] = []

        def walk(part: exp.Expression) -> None:
            for child in part.iter_expressions():
                if isinstance(child, exp.With):
                    continue
                if isinstance(child, exp.Select | exp.Union):
                    if id(child) not in own:
                        found.append(child)
                    continue
                walk(child)

        walk(node)
        return found

    def _source_queries(self, node: exp.Expression) -> list[exp.Expression]:
        found = []
        start = node.args.get("from_")
        joins = [*(node.args.get("joins") or [])]
        if start is not None:
            joins += start.this.args.get("joins") or []
        for source in [*([start.this] if start is not None else []), *(j.this for j in joins)]:
            if isinstance(source, exp.Subquery):
                found.append(source.this)
        return found
