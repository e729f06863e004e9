"""Lays a statement out in lines: one for each part, indented by the query it belongs to."""

from __future__ import annotations

import re
from typing import NamedTuple

WIDTH = 100
_TOKEN = re.compile(r"(\s*)('(?:[^']|'')*'|\"[^\"]*\"|::|:?[\w.]+|[^\s\w'\":])")
_BEGINS = (
    "WITH",
    "SELECT",
    "INSERT INTO",
    "UPDATE",
    "DELETE FROM",
    "SET",
    "FROM",
    "LEFT JOIN",
    "CROSS JOIN",
    "JOIN",
    "WHERE",
    "GROUP BY",
    "HAVING",
    "ORDER BY",
    "LIMIT",
    "UNION ALL",
    "UNION",
    "VALUES",
    "ON CONFLICT",
    "DO UPDATE SET",
    "DO NOTHING",
    "RETURNING",
    "FOR UPDATE",
)
_CONTINUES = ("AND", "OR", "WHEN", "ELSE")  # on the line of what they continue, while it is short


class _Token(NamedTuple):
    text: str
    spaced: bool  # the statement has a space before it


def laid_out(sql: str) -> str:
    """The same statement over several lines."""
    tokens = [_Token(text, bool(space)) for space, text in _TOKEN.findall(sql)]
    lines: list[str] = [""]
    queries: list[bool] = []  # for each open bracket: is it around a query

    def begin(step: int) -> None:
        lines.append("  " * (2 * sum(queries) + step))

    place = 0
    while place < len(tokens):
        words, length = _keyword(tokens, place)
        if words and (not queries or queries[-1]) and lines[-1].strip():
            if words in _BEGINS:
                begin(0)
            elif len(lines[-1]) > WIDTH // 2:
                begin(1)
        for token in tokens[place : place + length]:
            if token.text == ")" and queries and queries.pop() and lines[-1].strip():
                begin(1)
            space = " " if token.spaced and lines[-1].strip() else ""
            lines[-1] += space + token.text
            if token.text == "(":
                following = tokens[place + 1].text if place + 1 < len(tokens) else ""
                queries.append(following in ("SELECT", "WITH"))
                if queries[-1]:
                    begin(0)
            elif token.text == "," and len(lines[-1]) > WIDTH - 20:
                begin(2)
        place += length
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _keyword(tokens: list[_Token], place: int) -> tuple[str, int]:
    """The keyword that stands here, and how many tokens it has."""
    for words in (*_BEGINS, *_CONTINUES):
        length = words.count(" ") + 1
        if [token.text for token in tokens[place : place + length]] == words.split():
            return words, length
    return "", 1
