"""The usual mistakes, planted one by one into a copy of the program: each must be caught.

A harness that finds nothing wrong proves something only when it finds these.
"""

import shutil

import pytest
from conftest import ROOT
from stage import Stage

# name → (file, what stands there, what the mistake writes, scene, the twin's habit, where to die)
MISTAKES = {
    "a look-up believed at once": (
        "gateways/lab.py", "SETTLE = timedelta(seconds=2)", "SETTLE = timedelta(0)",
        "lookup", "accept_late", ""),
    "resend on unknown": (
        "lifecycle.py", "    if standing.rather_twice:", "    if True:",
        "neither", "accept_reset", ""),
    "a doubt fails over": (
        "lifecycle.py", "            return in_doubt(standing, now)\n        case _:",
        "            return _go_on(standing, AttemptState.REFUSED, now, step=True)\n        case _:",
        "two steps", "accept_reset", ""),
    "popped before it is sent": (
        "store/intents.py", "UPDATE messages SET state = 'sending', tries = tries + 1",
        "UPDATE messages SET state = 'accepted', tries = tries + 1",
        "neither", "", "before call@1"),
    "a new reference after a doubt": (
        "store/messages.py", "message: (reference, call_ref,", "message: (reference[::-1], call_ref,",
        "dedup", "accept_reset", ""),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_caught(name, tmp_path, site_clock):
    file, right, wrong, scene, habit, place = MISTAKES[name]
    package = tmp_path / "planted"
    shutil.copytree(ROOT / "dispatcher", package / "dispatcher")
    source = package / "dispatcher" / file
    text = source.read_text("utf-8")
    assert text.count(right) == 1, "the line the mistake is planted in has changed"
    source.write_text(text.replace(right, wrong), "utf-8")

    def found(where):
        stage = Stage(
            tmp_path / (where.name if where else "sound"),
            scene,
            package=where,
            deaf=scene == "dedup",
        )
        try:
            stage.reset(habit)
            stage.work(place)
            stage.let_go()
            ended = stage.work()
            return stage.wrong() + ([] if ended == 0 else ["no end"])
        finally:
            stage.close()

    assert found(None) == []
    assert found(package) != []
