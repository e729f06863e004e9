"""The usual mistakes, planted one by one into a copy of the program: each must be caught.

A harness that finds nothing wrong proves something only when it finds these. The first ones are
found by workers that die, the others by one quick test each.
"""

import os
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT
from stage import Stage

# name → (file, what stands there, what the mistake writes, scene, the twin's habit, where to die)
MISTAKES = {
    "a look-up believed at once": (
        "gateways/lab.py", "SETTLE = timedelta(seconds=2)", "SETTLE = timedelta(0)",
        "lookup", "accept_late", ""),
    "resend on unknown": (
        "domain/lifecycle.py", "    if standing.rather_twice:", "    if True:",
        "neither", "accept_reset", ""),
    "a doubt fails over": (
        "domain/lifecycle.py", "            return in_doubt(standing, now)\n        case _:",
        "            return _go_on(standing, AttemptState.REFUSED, now, step=True)\n        case _:",
        "two steps", "accept_reset", ""),
    "popped before it is sent": (
        "db/queue/intents.py", "UPDATE messages SET state = {SENDING}, tries = tries + 1",
        "UPDATE messages SET state = 'accepted', tries = tries + 1",
        "neither", "", "before call@1"),
    "a new reference after a doubt": (
        "db/queue/messages.py", "message: (reference, call_ref,", "message: (reference[::-1], call_ref,",
        "dedup", "accept_reset", ""),
}  # fmt: skip

WHERE = [f"tests/rooms/test_{name}.py" for name in ("doubts", "last_look", "reached")]
# name → (file, what stands there, what the mistake writes, the test that fails then)
GUARDS = {
    "a part of a doubtful call claimed": (
        "db/queue/messages.py", "AND a.call_ref <> a.reference) RETURNING id",
        "AND a.call_ref = a.reference) RETURNING id",
        "whoever_claims_one_doubt_of_a_call_claims_all_of_them"),
    "a part of a doubtful call repeated": (
        "worker/sending/dispatch.py", "len(group) == size and not any(p.message_id in staying for p in group)",
        "True",
        "a_call_of_several_is_repeated_whole_or_not_at_all"),
    "a doubt about somebody who has the text repeated": (
        "worker/sending/dispatch.py", "any(p.message_id in staying for p", "any(p.message_id in stops for p",
        "a_doubt_about_somebody_who_has_the_text_is_not_repeated"),
    "a dead worker's call asked again about somebody who has the text": (
        "worker/sending/maintenance.py",
        "            reached=lifecycle.reached_by_others(seen, row[\"reference\"]),\n", "",
        "a_dead_workers_call_is_not_asked_again_about_somebody_who_has_the_text"),
    "what comes too late leaves": (
        "worker/sending/engine.py", "if self.awake() > call.leave_by:", "if False:",
        "a_call_that_comes_back_from_a_suspended_machine_leaves_no_more"),
    "an unreadable look-up says not there": (
        "worker/sending/settlement.py", "False if send_result is None else None", "False",
        "a_look_up_that_cannot_be_read_sends_nothing_again"),
    "a lane kept after a failed commit": (
        "worker/sending/engine.py", "            queue.waiting.clear()\n            queue.fresh.clear()\n", "",
        "after_a_commit_that_failed_nothing_leaves_as_it_was_prepared"),
    "a call that is over is accepted whatever was said": (
        "db/queue/outcomes.py", "UPDATE messages SET state = {best_of_attempts(UNCONFIRMED)}, ",
        "UPDATE messages SET state = 'accepted', ",
        "a_message_whose_call_is_over_is_accepted_only_where_somebody_said_yes"),
    "doubts of paused broadcasts claimed": (
        "db/queue/messages.py", "({PAUSED}, {HELD}))", "({HELD}))",
        "a_doubt_of_a_paused_broadcast_is_not_asked_again_until_it_goes_on"),
    "a refusal of a whole call taken for each number": (
        "worker/sending/settlement.py", "    if speaks_of_a_whole_call(call):", "    if False:",
        "a_word_about_a_whole_call_is_no_fact_about_its_numbers"),
    "a report on a whole call taken for each number": (
        "worker/receiving.py", "ReceiptFlags.ACCEPTED if whole else receipt.state", "receipt.state",
        "a_report_that_names_only_the_call_says_nothing_about_its_people"),
}  # fmt: skip


def planted(folder, file, right, wrong):
    """A copy of the program with one line changed."""
    package = folder / "planted"
    shutil.copytree(ROOT / "dispatcher", package / "dispatcher")
    source = package / "dispatcher" / file
    text = source.read_text("utf-8")
    assert text.count(right) == 1, "the line the mistake is planted in has changed"
    source.write_text(text.replace(right, wrong), "utf-8")
    return package


@pytest.mark.long
@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_that_is_taken_away_is_missed_by_its_test(name, tmp_path):
    *mistake, test = GUARDS[name]
    package = planted(tmp_path, *mistake)
    words = [sys.executable, "-P", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *WHERE]
    found = subprocess.run(
        [*words, "-k", f"{test} and sqlite", "--basetemp", str(tmp_path / "inner")], cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(package)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 1, found.stdout + found.stderr
    assert f"::test_{test}" in found.stdout.partition("short test summary")[2]


@pytest.mark.long
@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_caught(name, tmp_path, site_clock):
    *mistake, scene, habit, place = MISTAKES[name]
    package = planted(tmp_path, *mistake)

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
