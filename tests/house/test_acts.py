"""Everything the trail may say has words for people."""

import ast

from conftest import ROOT

from dispatcher.domain.acts import ACTS, NOUNS
from dispatcher.domain.model import BroadcastState


def said(position):
    """Literal words given to `note` or `noted` at a position."""
    for path in (ROOT / "dispatcher").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if named and node.func.attr in ("note", "noted") and len(node.args) > 1:
                given = node.args[position]
                options = [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]
                yield from (o.value for o in options if isinstance(o, ast.Constant))


def test_every_act_and_noun_of_the_trail_has_words():
    acts, nouns = set(said(0)), set(said(1))
    assert len(acts) > 80
    assert acts - set(ACTS) == set()
    assert {state.value for state in BroadcastState} - {"queued"} - set(ACTS) == set()
    assert nouns - set(NOUNS) == set()
