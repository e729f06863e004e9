"""One word per thing: no two classes of one name, and no private name that was given up comes back.

What took their place stands in docs/glossary.md.
"""

import ast
from collections import defaultdict

from conftest import ROOT

PACKAGE = ROOT / "dispatcher"
FILES = sorted(p for p in PACKAGE.rglob("*.py") if "versions" not in p.parts)

# Modules that were called so, or nearly; the field's word is in use now.
GIVEN_UP = frozenset({
    "accounts", "allowing", "answering", "app", "ask", "asking", "bell", "child", "chores",
    "claiming", "deputizing", "eligible", "firing", "foreseeing", "foretold", "guard", "handouts",
    "hearing", "housekeeping", "intake", "kept_forms", "lanes", "looks", "parcels", "previewed",
    "prison", "reach", "registered", "settling", "sharing", "showing", "spoken", "summing",
    "surface", "tallies", "tally", "telling", "ticking", "told", "trouble", "troubles", "twins",
    "upkeep", "view", "watching", "wording",
})  # fmt: skip
CLASSES_GIVEN_UP = frozenset({
    "Ask", "Eligible", "Go", "Guard", "Lane", "Onward", "Parcel", "Reach", "Shown", "Standing",
    "Surface", "Tally", "Told", "View",
})  # fmt: skip
# Of a public function such a word says neither what it does nor to what.
SAY_NOTHING = frozenset({"listed", "look", "seen", "shown", "table", "told"})
ALIASES_GIVEN_UP = frozenset({"acts", "cases", "joined", "rows", "table", "use"})


TREES = {str(p.relative_to(PACKAGE)): ast.parse(p.read_text("utf-8")) for p in FILES}


def classes():
    """Every class of the package: (name, where)."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield node.name, f"{path}:{node.lineno}"


def test_no_two_classes_share_a_name():
    places = defaultdict(list)
    for name, where in classes():
        places[name].append(where)
    assert len(places) > 300
    assert {n: where for n, where in places.items() if len(where) > 1} == {}


def test_names_that_were_given_up_do_not_come_back():
    assert [path for path in TREES if path.rpartition("/")[2].removesuffix(".py") in GIVEN_UP] == []
    assert {n: where for n, where in classes() if n in CLASSES_GIVEN_UP} == {}


def test_public_functions_say_what_they_do():
    found = [f"{path}: {n.name}" for path, tree in TREES.items() for n in tree.body
             if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name in SAY_NOTHING]  # fmt: skip
    assert found == []


def test_an_import_is_called_as_itself_or_by_a_word_that_says_more():
    found = [f"{path}: {a.name} as {a.asname}" for path, tree in TREES.items()
             for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)
             for a in n.names if a.asname in ALIASES_GIVEN_UP and a.asname != a.name]  # fmt: skip
    assert found == []
