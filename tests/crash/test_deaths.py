"""Die before and after every commit, call and file write, with every kind of answer; then recover.

The points are not listed here: a run under each answer tells which places it reaches, and every one
of them is tried. The heir may die too, and its heir. The verdict compares our log with the ledger.
"""

import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue

import pytest
from stage import SCENES, Stage

ANSWERS = ["", "reset", "silence", "500", "garbage", "throttled", "accept_reset", "accept_502",
           "accept_half", "accept_silence", "accept_late", "no_such_person", "words_refused",
           "no_money", "other_network", "night"]  # fmt: skip
ABREAST = 8  # they mostly wait


def lot(*words):
    """A number drawn by words: the same every time."""
    return zlib.crc32(" ".join(words).encode())


def chosen(reached, scene, night):
    """Where to die, as (answer, place@which time, all places): one of the times each place was
    reached, another for each answer.

    Every night each place with each answer in each scene; else with every other answer in one scene,
    and each place of a scene at least once.
    """
    scenes = sorted(SCENES)
    pairs = [(a, name, points) for a, points in reached.items() for name in sorted(points)]
    drawn = [
        p for p in pairs if night or lot(p[1], p[0]) % (2 * len(scenes)) == scenes.index(scene)
    ]
    left = {name: (a, name, points) for a, name, points in pairs}
    for _, name, _ in drawn:
        left.pop(name, None)
    for answer, name, points in [*drawn, *left.values()]:
        time = lot(name, answer) % min(points[name], 6) + 1
        yield answer, f"{name}@{time}", sorted(points)


def die_at(stage, answer, point, others):
    """One death and what came of it: (did it die, what went wrong)."""
    stage.reset(answer)
    died = stage.work(point) == -9
    if lot(point, answer) % 3 == 0:  # the heir dies as well, and its heir
        for salt in "ab":
            stage.work(f"{others[lot(point, answer, salt) % len(others)]}@1")
    stage.let_go()
    ended = stage.work() == 0
    wrong = stage.wrong() if ended else ["the heir did not end"]
    return died, [f"{answer or 'ok'} {point}: {w}" for w in wrong]


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("scene", SCENES)
def test_a_death_at_any_place_with_any_answer_loses_nobody_and_texts_nobody_twice(
    scene, tmp_path, site_clock, night
):
    stages = SimpleQueue()
    made = [Stage(tmp_path / f"{n}", scene) for n in range(ABREAST)]
    for stage in made:
        stages.put(stage)

    def on_stage(act, *words):
        stage = stages.get()
        try:
            return act(stage, *words)
        finally:
            stages.put(stage)

    try:
        with ThreadPoolExecutor(ABREAST) as pool:
            reached = list(pool.map(partial(on_stage, Stage.reached), ANSWERS))
            places = list(chosen(dict(zip(ANSWERS, reached, strict=True)), scene, night))
            found = list(pool.map(lambda p: on_stage(die_at, *p), places))
    finally:
        for stage in made:
            stage.close()
    names = {name for points in reached for name in points}
    assert {n for n in names if "unnamed" in n} == set()
    assert len(names) >= 20
    assert [w for _, wrong in found for w in wrong] == []
    deaths = sum(died for died, _ in found)
    assert deaths > 0.9 * len(places), f"{deaths} deaths at {len(places)} places"
