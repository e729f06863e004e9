"""A worker frozen past its lease (SIGSTOP, a suspended machine), and then continued, harms nobody."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from conftest import new_postgresql
from dying import Deaths
from stage import Stage

LEASE = 3  # seconds instead of ninety
LONGEST = 15  # seconds an heir works before the frozen one goes on
# Frozen with the intent on disk and nothing sent yet; and with an answer nobody has written down.
PLACES = ["after commit sent@1 stop", "after call@3 stop"]
NIGHTS = ["after commit sent@3 stop", "after call@1 stop"]


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("scene", ["dedup", "lookup", "neither"])
def test_a_frozen_worker_that_goes_on_harms_nobody(
    scene, engine, tmp_path, site_clock, request, night
):
    places = PLACES + NIGHTS * night

    def stage_on(n):
        if engine == "sqlite":
            return Stage(tmp_path / str(n), scene)
        server = request.getfixturevalue("postgresql_server")
        return Stage(tmp_path / str(n), scene, new_postgresql(server))

    def freeze(stage, place):
        heir = Deaths()
        try:
            frozen = stage.work(place, lease=LEASE)
            if frozen <= 1:
                return [f"{place}: it did not freeze"]
            with ThreadPoolExecutor(1) as beside:
                words = (stage.root, stage.urls, "", "", False, stage.state, LEASE)
                ended = beside.submit(heir.run, *words)
                with suppress(TimeoutError):  # it may wait for a lock the frozen one holds
                    ended.result(LONGEST)
                codes = [stage.deaths.thaw(frozen), ended.result(), stage.work(lease=LEASE)]
            if codes != [0, 0, 0]:
                return [f"{place}: workers ended with {codes}"]
            return [f"{place}: {w}" for w in stage.wrong()]
        finally:
            heir.close()

    stages = [stage_on(n) for n in range(len(places))]
    try:
        with ThreadPoolExecutor(len(places)) as pool:
            found = list(pool.map(freeze, stages, places))
    finally:
        for stage in stages:
            stage.close()
    assert [w for wrong in found for w in wrong] == []
