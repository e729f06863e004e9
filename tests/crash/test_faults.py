"""Faults of the machine while a worker sends: each costs time, nobody, and it ends by itself.

Real ones: another program holds the database, the disk refuses reads and writes (its
system calls fail), or it may not be written to when the worker starts.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from conftest import run_cli
from disk import held_by_another_program, remount, sending
from patience import PATIENCE, ended, until

strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@contextmanager
def system_calls_fail(_root, pid):
    """Every write to the disk by the worker fails, as on a broken disk."""
    given = ["strace", "-f", "-q", "-o", os.devnull, "-e", "trace=pwrite64,fdatasync,fsync",
             "-e", "inject=pwrite64,fdatasync,fsync:error=EIO", "-p", str(pid)]  # fmt: skip
    tracer = subprocess.Popen(given, stderr=subprocess.PIPE)
    time.sleep(1)
    if tracer.poll() is not None:
        pytest.skip(f"nobody may trace here: {tracer.stderr.read().decode()[:200]}")
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        ended(tracer)
        tracer.stderr.close()


# what happens, and for how many seconds more, at every landing and at night
FAULTS = {
    "another program holds it": (held_by_another_program, 12, 60),
    "the disk fails": (system_calls_fail, 6, 30),
}


@pytest.mark.long
@strace
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_while_sending_costs_time_and_nobody(name, tmp_path, night):
    fault, *seconds = FAULTS[name]
    root = tmp_path / "site"
    with sending(root, tmp_path / "said", 1500) as scene:
        until(lambda: scene.accepted() > 50)
        with fault(root, scene.worker.pid):
            until(scene.quiet)
            if name.startswith("another"):
                told = run_cli("--site", str(root), "doctor")
                assert "bị một chương trình khác giữ" in told.stdout + told.stderr
            time.sleep(seconds[night])
            scene.must_live()
            before = scene.accepted()
        until(lambda: scene.accepted() > before)
        until(scene.over)
        scene.must_be_whole()


@strace
@pytest.mark.long
@pytest.mark.parametrize("error, words", [("EIO", "Ổ đĩa báo lỗi"), ("EROFS", "Ổ đĩa báo lỗi")])
def test_the_doctor_names_what_the_disk_refuses(error, words, tmp_path, make_site):
    root = make_site("data/site.db")
    assert run_cli("--site", str(root), "people", "list").returncode == 0
    given = ["strace", "-f", "-q", "-o", os.devnull, "-e", "trace=pwrite64,fdatasync",
             "-e", f"inject=pwrite64:error={error}"]  # fmt: skip
    command = [sys.executable, "-m", "dispatcher", "--site", str(root), "doctor"]
    found = subprocess.run(
        [*given, *command], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if "Operation not permitted" in found.stderr:
        pytest.skip("nobody may trace here")
    assert words in found.stdout
    assert "Traceback" not in found.stdout + found.stderr
    assert found.returncode == 4


@pytest.mark.long
def test_a_worker_that_starts_on_a_read_only_disk_waits_and_then_works(small_disk, tmp_path):
    root = small_disk / "site"

    def read_only(app):
        app.store.close()  # a file that is open for writing is in the way
        remount(small_disk, "ro")

    with sending(root, tmp_path / "said", 300, before=read_only) as scene:
        told = run_cli("--site", str(root), "doctor")
        assert "chỉ cho đọc" in told.stdout
        assert "Traceback" not in told.stdout + told.stderr
        time.sleep(3)
        scene.must_live()
        assert scene.accepted() == 0
        remount(small_disk, "rw")
        until(lambda: scene.accepted() > 0)
        until(scene.over)
        scene.must_be_whole()
