"""A disk that fills up in the middle of sending: it costs time, nobody.

The worker is a process of its own; the disk is a real one of a few megabytes.
"""

from contextlib import suppress

import pytest
from disk import sending
from patience import until


def fill(place):
    """No byte is left."""
    with suppress(OSError), (place / "filler").open("wb") as file:
        while True:
            file.write(b"x" * 65536)
            file.flush()


@pytest.mark.long
def test_a_disk_that_fills_up_while_sending_costs_time_and_nobody(small_disk, tmp_path):
    with sending(small_disk / "site", tmp_path / "said", 1200) as scene:
        until(lambda: scene.accepted() > 50)
        for _ in range(3):
            fill(small_disk)
            until(scene.quiet)
            scene.must_live()
            before = scene.accepted()
            (small_disk / "filler").unlink(missing_ok=True)
            until(lambda before=before: scene.accepted() > before or scene.over())
        until(scene.over)
        scene.must_be_whole()
