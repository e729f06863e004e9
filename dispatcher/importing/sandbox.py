"""Limits for the reading process that its parent has to set: on Windows, a job object.

Elsewhere the process limits itself before it reads a byte (see `sandbox_process`).
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from typing import Any

from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say

MEMORY = 512 * 1024 * 1024  # bytes
SECONDS = 20
EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
PROCESS_TIME, ONE_PROCESS, PROCESS_MEMORY, ENDS_WITH_US = 0x2, 0x8, 0x100, 0x2000


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION of 64-bit winnt.h (learn.microsoft.com, 2026-11)."""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),  # in 100 ns
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of 64-bit winnt.h; sizes in bytes."""

    _fields_ = (
        ("Basic", BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


def interpreter() -> tuple[str, dict[str, str]]:
    """(program, environment) of a Python that is one process.

    On Windows the python.exe of a virtual environment only starts another process, which the job
    would not hold; the real one finds the environment by this variable, as in multiprocessing.
    """
    real = getattr(sys, "_base_executable", sys.executable)
    if sys.platform == "win32" and os.path.normcase(real) != os.path.normcase(sys.executable):
        return real, {"__PYVENV_LAUNCHER__": sys.executable}
    return sys.executable, {}


def options() -> dict[str, Any]:
    """More arguments for Popen."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True, "close_fds": True}


def confine(process: subprocess.Popen[bytes]) -> None:
    """On Windows: one process, bounded memory and time, and it ends when we end.

    A process that cannot be held is killed, and that is a problem.
    """
    if sys.platform == "win32" and not _into_a_job(process):
        process.kill()
        raise Problem(
            "reader-not-held",
            Say(
                "Windows does not let the reading process be limited, so the file was "
                "not opened. Tell whoever manages this computer."
            ),
        )


def limits() -> ExtendedLimits:
    wanted = ExtendedLimits()
    wanted.Basic.PerProcessUserTimeLimit = SECONDS * 10_000_000
    wanted.Basic.ActiveProcessLimit = 1
    wanted.Basic.LimitFlags = PROCESS_TIME | ONE_PROCESS | PROCESS_MEMORY | ENDS_WITH_US
    wanted.ProcessMemoryLimit = MEMORY
    return wanted


def _into_a_job(process: Any) -> bool:
    kernel: Any = ctypes.__dict__["WinDLL"]("kernel32")
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
    wanted = limits()
    process._job = job  # it lives as long as the process
    return bool(
        job.value
        and kernel.SetInformationJobObject(
            job, EXTENDED_LIMITS, ctypes.byref(wanted), ctypes.sizeof(wanted)
        )
        and kernel.AssignProcessToJobObject(job, ctypes.c_void_p(int(process._handle)))
    )
