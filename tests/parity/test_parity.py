"""An act is the same through every door: the answer, the rows afterwards, what the trail keeps."""

from fnmatch import fnmatchcase as fnmatch

import pytest
from parity.acts import ACTS
from parity.doors import through
from parity.drifts import DRIFTS
from parity.prepared import prepare

pytestmark = pytest.mark.long
PAIRS = {f"{act.name} / {case.what}": (act, case) for act in ACTS for case in act.cases}
OUTCOMES = {}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    OUTCOMES.clear()
    return prepare(tmp_path_factory.mktemp("parity"))


def cases(aspect):
    """All pairs of an act and a case; a known drift in this aspect must still be there."""
    found = []
    for name in PAIRS:
        known = [
            pytest.mark.xfail(strict=True, reason=f"drift: {why}")
            for where, why, patterns in DRIFTS
            if aspect in where.split() and any(fnmatch(name, p) for p in patterns)
        ]
        found.append(pytest.param(name, marks=known, id=name))
    return found


def outcomes(name, site):
    """What came of it through each door; done once for all that is asked about it."""
    if name not in OUTCOMES:
        act, case = PAIRS[name]
        OUTCOMES[name] = {door: through(door, act, case, site) for door in act.doors(case)}
    return OUTCOMES[name]


@pytest.mark.parametrize("name", cases("answer"))
def test_every_door_gives_the_same_answer(name, site):
    found = outcomes(name, site)
    for door, outcome in found.items():
        print(f"--- {door}\n{outcome.said}")  # noqa: T201
    assert {d: o.code for d, o in found.items()} == dict.fromkeys(found, PAIRS[name][1].code)


@pytest.mark.parametrize("name", cases("rows"))
def test_every_door_leaves_the_same_rows(name, site):
    first, *others = outcomes(name, site).values()
    for other in others:
        assert other.rows == first.rows
    if PAIRS[name][1].code:
        assert first.rows == [], "what is refused changes nothing"
    else:
        assert first.rows or first.trail, "what is done leaves something"


@pytest.mark.parametrize("name", cases("trail"))
def test_every_door_leaves_the_same_trail(name, site):
    first, *others = found = list(outcomes(name, site).values())
    for other in others:
        assert other.trail == first.trail
    if any(o.by_a_rule for o in found) and PAIRS[name][1].code != "not-confirmed":
        assert any(" refused " in entry for entry in first.trail), "a refusal is kept"


@pytest.fixture(scope="module")
def on_a_server(tmp_path_factory, postgresql_server):
    return prepare(tmp_path_factory.mktemp("parity-server"), postgresql_server)


@pytest.mark.long
@pytest.mark.parametrize("name", ["broadcasts.create / done", "broadcasts.submit / same_words",
                                  "broadcasts.approve / own-work", "stop-all / done",
                                  "contacts.add / done", "people.add / done"])  # fmt: skip
def test_an_act_is_the_same_on_a_server(name, on_a_server):
    act, case = PAIRS[name]
    first, *others = (through(door, act, case, on_a_server) for door in act.doors(case))
    assert first.code == case.code
    for other in others:
        assert (other.code, other.rows, other.trail) == (first.code, first.rows, first.trail)
    assert first.rows or first.trail


def test_every_drift_is_of_a_case():
    for pattern in [p for _, _, patterns in DRIFTS for p in patterns]:
        assert any(fnmatch(name, pattern) for name in PAIRS), pattern


def test_names_are_given_once():
    assert len(PAIRS) == sum(len(act.cases) for act in ACTS)
