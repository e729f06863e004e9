"""Which line of dispatcher.toml a key stands on, however the file is laid out."""

import tomllib

import pytest

from dispatcher.config import parse
from dispatcher.config.lines import lines, nearest
from dispatcher.domain.problems import Problem

TEXT = '''# undo = "5s"
web.listen = "a:1"

[site] # name = "no"
"name" = """
[limits]
undo = "7s"
"""
undo = "1s"
[routes.sms]
steps = [
  # the first
  { gateway = "a", deadline = "1m" },
  { gateway = "b" },

  { gateway = "c", window = "08:00-09:00" },
]
[gateways]
a = { adapter = "lab", parts = { most = 3 } }
[gateways.b]
adapter = "http"
answer.code = "x"
[gateways.b.answer.faults]
busy = [
  "1",
  "2"]
[[prices.exact]]
dong = 5
[[prices.exact]]
dong = 6
kind = "notice"
[senders."ủy ban"]
name = "x"
'''
PLACES = {
    ("web", "listen"): 2,
    ("site",): 4,
    ("site", "name"): 5,
    ("site", "undo"): 9,
    ("routes", "sms", "steps"): 11,
    ("routes", "sms", "steps", 0, "deadline"): 13,
    ("routes", "sms", "steps", 1, "gateway"): 14,
    ("routes", "sms", "steps", 2, "window"): 16,
    ("gateways", "a", "parts", "most"): 19,
    ("gateways", "b", "answer", "code"): 22,
    ("gateways", "b", "answer", "faults", "busy"): 24,
    ("gateways", "b", "answer", "faults", "busy", 1): 26,
    ("prices", "exact", 0, "dong"): 28,
    ("prices", "exact", 1, "dong"): 30,
    ("prices", "exact", 1, "kind"): 31,
    ("senders", "ủy ban", "name"): 33,
}


@pytest.mark.parametrize("path", PLACES, ids=str)
def test_a_key_is_found_on_its_line(path):
    assert tomllib.loads(TEXT)
    assert nearest(lines(TEXT), path) == PLACES[path]


def test_what_is_not_written_is_at_the_table_it_belongs_to():
    known = lines(TEXT)
    assert nearest(known, ("site", "mode")) == 4
    assert nearest(known, ("gateways", "b", "base_url")) == 20
    assert nearest(known, ("staff", "gateway")) == 1


@pytest.mark.parametrize(
    "text, where, says",
    [
        ("gateways = 5\n[site]\nname = 'T'\n", 1, "“gateways” must be a table"),
        ("[site]\nname = 'T'\n[gateways]\nx = 5\n", 4, "“gateways.x” must be a table"),
        ("[site]\nname = 'T'\n[gateways.'a b']\nadapter = 'lab'\n", 3, "letters, digits"),
        ("[site]\nname = 'T'\n[sitee]\n", 3, "Did you mean “site”?"),
        ("[site]\nmode = 'live'\n", 1, "“site.name” is missing"),
        ("[web]\nlisten = 'a:1'\n", 1, "the section [site] is missing"),
        ("[site]\nname = 'T'\n[gateways.x]\nbatch = 1\n", 3, "“gateways.x.adapter” is missing"),
        ("site = 'T'\n", 1, "“site” must be a table"),
        ("[site]\nname = 'T'\n[routes.a]\nsteps = [ 5 ]\n", 4, "“routes.a.steps[0]” must be"),
        ("[site]\nname = 'T'\n[routes.a]\nsteps = [ { } ]\n", 4, "a step lacks “gateway”"),
        ("[site]\nname = 'T'\n[budgets.a]\nmonth = 5\n", 3, "a budget needs wards"),
        ("[site]\nname = 'T'\n[staff]\ngateway = 'x'\n", 4, "No gateway in [gateways]"),
    ],
)
def test_odd_layouts_are_named_where_they_are(tmp_path, text, where, says):
    with pytest.raises(Problem) as told:
        parse(tmp_path, text)
    assert told.value.where == f"dispatcher.toml:{where}"
    assert says in told.value.to("en")


def test_a_large_file_is_looked_through_at_once():
    """One statement after the other: a thousand senders are found in one pass."""
    rows = [f'[senders.s{i}]\nname = "x"\nwards = [\n "a",\n]' for i in range(1000)]
    known = lines("\n".join(rows))
    assert known["senders", "s999", "wards", 0] == 4999
