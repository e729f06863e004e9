"""How long tests wait for what must come: minutes, so that none fails because a machine is slow.

A bound here only ends a test that would hang. Nothing is asserted on how long anything took.
"""

import subprocess
import time
from urllib.request import urlopen

PATIENCE = 300  # seconds, on a machine that does nothing else and on one that does everything


def until(happened, every=0.1):
    """Wait until `happened` answers something true, and return that."""
    began = time.monotonic()
    while not (found := happened()):
        if time.monotonic() - began > PATIENCE:
            raise AssertionError("it did not happen")
        time.sleep(every)
    return found


def ended(process):
    """The exit code of a process that was told to end; one that never does is killed."""
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError(f"process {process.pid} did not end") from None


def until_served(address):
    """Wait until a page of a server in another process answers."""

    def answers():
        try:
            urlopen(address, timeout=PATIENCE).close()
        except OSError:
            return False
        return True

    until(answers)
