"""Files that mean harm: the parent lives, says one sentence, and is not kept waiting."""

import ctypes
import os
import resource
import time

import pytest
from hostile import book, everything, texts, workbooks

from dispatcher.domain.problems import Problem
from dispatcher.importing import sandbox
from dispatcher.importing.entries import read_listing
from dispatcher.importing.listing import ImportContext
from dispatcher.importing.sheets import read_sheets

COMPUTING = 20.0  # seconds for one file, on a slow machine


def outcome(path):
    """The listing, or the problem in words."""
    try:
        return read_listing(
            read_sheets(path), ImportContext({"may to": "Máy Tơ"}, "Máy Tơ", None, ("095",))
        )
    except Problem as problem:
        for language in ("vi", "en"):
            assert path.name in problem.to(language)
            assert "Traceback" not in problem.to(language)
            assert len(problem.to(language)) < 400
        return problem


LARGE = ["bomb", "bomb in another part", "lying sizes", "lying a little", "overlapping entries",
         "thousands of entries"]  # fmt: skip
MUST_REFUSE = [*LARGE,
               "billion laughs", "external entity", "two far cells", "a password", "no workbook part",
               "not XML at all", "UTF-16 parts", "only the end of a zip", "old and broken",
               "strange compression"]  # fmt: skip


@pytest.mark.parametrize("name", MUST_REFUSE)
def test_a_workbook_that_means_harm_is_refused(tmp_path, name):
    path = tmp_path / "x.xlsx"
    path.write_bytes(workbooks()[name])
    found = outcome(path)
    assert isinstance(found, Problem)
    if name in LARGE:
        assert "unusual size" in found.to("en"), "told by its directory, before anything reads it"


@pytest.mark.parametrize(
    "name", ["empty", "only NULs", "binary", "noise", "HTML", "HTML renamed", "PDF", "RTF", "a picture",
             "a million columns", "one endless cell", "an open quote", "UTF-16 cut", "no list"],
)  # fmt: skip
def test_a_text_that_is_no_list_is_refused(tmp_path, name):
    path = tmp_path / "x.csv"
    path.write_bytes(texts()[name])
    assert isinstance(outcome(path), Problem)


def test_what_looks_dangerous_and_is_only_text_is_read_as_text(tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_bytes(workbooks()["a formula"])
    assert [e.name for e in outcome(path).entries] == ["An"]
    path.write_bytes(workbooks()["macros"])
    assert [e.phones for e in outcome(path).entries] == [("+84951234567",)]
    path = tmp_path / "x.csv"
    path.write_bytes(texts()["look-alike digits"])
    found = outcome(path)
    assert [(e.name, e.phones) for e in found.entries] == [("An", ("+84951234567",))]
    assert [(f.row, f.code) for f in found.rejected] == [(3, "strange_letters")], "a Cyrillic O"


def test_the_reading_process_may_not_reach_out(tmp_path, monkeypatch):
    """What a broken library could try: files, programs, the network."""
    import subprocess
    import sys

    tries = {
        "open": "open('/etc/hostname')", "write": f"open({str(tmp_path / 'x')!r}, 'w')",
        "socket": "import socket; socket.create_connection(('127.0.0.1', 9))",
        "program": "import os; os.system('true')", "fork": "import os; os.fork()",
        "memory": "x = bytearray(900_000_000)",
    }  # fmt: skip
    for name, code in tries.items():
        program = ("from dispatcher.importing import sandbox_process\nsandbox_process._without_network(); sandbox_process._limit(); "
                   f"sandbox_process._forbid()\ntry:\n    {code}\nexcept (PermissionError, MemoryError):\n    print('refused')")  # fmt: skip
        found = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
        assert found.stdout == "refused\n", (name, found.stderr)


@pytest.mark.long
def test_three_hundred_hostile_files_harm_nobody(tmp_path):
    files = everything()
    assert len(files) >= 300
    path = tmp_path / "warm.xlsx"
    path.write_bytes(book())
    outcome(path)
    before, slow, refused = memory(), [], 0
    for name, raw in files.items():
        path = tmp_path / name
        path.write_bytes(raw)
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = outcome(path)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        refused += isinstance(found, Problem)
        took = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
        if took > COMPUTING:
            slow.append((name, round(took, 1)))
        path.unlink()
    assert slow == []
    assert refused > 100
    assert memory() - before < 30, "MB that stayed in the parent"
    assert not children(), "no reading process is left"


def memory():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


def children():
    time.sleep(0.2)
    found = []
    for task in os.listdir("/proc"):
        if task.isdigit():
            try:
                with open(f"/proc/{task}/cmdline", "rb") as words:
                    text = words.read()
                with open(f"/proc/{task}/stat") as stat:
                    parent = int(stat.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if b"importing.sandbox_process" in text and parent == os.getpid():
                found.append(task)
    return found


def test_the_job_object_has_the_shape_of_winnt_h() -> None:
    """What a C compiler says of JOBOBJECT_EXTENDED_LIMIT_INFORMATION for 64-bit Windows."""
    assert ctypes.sizeof(sandbox.ExtendedLimits) == 144
    assert sandbox.BasicLimits.PerProcessUserTimeLimit.offset == 0
    assert sandbox.BasicLimits.LimitFlags.offset == 16
    assert sandbox.BasicLimits.ActiveProcessLimit.offset == 40
    assert sandbox.ExtendedLimits.ProcessMemoryLimit.offset == 112
    limits = sandbox.limits()
    assert (limits.Basic.LimitFlags, limits.Basic.ActiveProcessLimit) == (0x210A, 1)
    assert limits.ProcessMemoryLimit == sandbox.MEMORY
