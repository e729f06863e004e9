"""Limits for the reading process that its parent has to set: on Windows, a job object.

Elsewhere the process limits itself before it reads a byte (see `child`).
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

MEMORY = 512 * 1024 * 1024  # bytes
SECONDS = 20


def options() -> dict[str, Any]:
    """More arguments for Popen."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True, "close_fds": True}


def lock_up(process: subprocess.Popen[bytes]) -> None:
    """On Windows: one process, bounded memory and time, and it ends when we end.

    Shapes of JOBOBJECT_EXTENDED_LIMIT_INFORMATION: learn.microsoft.com, winnt.h (2026-11).
    """
    if sys.platform == "win32":
        _into_a_job(process)


def _into_a_job(process: Any) -> None:
    import ctypes
    from ctypes import wintypes

    class Basic(ctypes.Structure):
        _fields_ = [
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        ]

    class Extended(ctypes.Structure):
        _fields_ = [
            ("BasicLimitInformation", Basic),
            ("IoInfo", ctypes.c_uint64 * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        ]

    time_limit, one_process, memory_limit, ends_with_us = 0x2, 0x8, 0x100, 0x2000
    limits = Extended()
    limits.BasicLimitInformation.PerProcessUserTimeLimit = SECONDS * 10_000_000  # 100 ns
    limits.BasicLimitInformation.ActiveProcessLimit = 1
    limits.BasicLimitInformation.LimitFlags = time_limit | one_process | memory_limit | ends_with_us
    limits.ProcessMemoryLimit = MEMORY
    kernel: Any = ctypes.__dict__["WinDLL"]("kernel32", use_last_error=True)
    kernel.CreateJobObjectW.restype = wintypes.HANDLE
    job = kernel.CreateJobObjectW(None, None)
    kernel.SetInformationJobObject(
        wintypes.HANDLE(job), 9, ctypes.byref(limits), ctypes.sizeof(limits)
    )
    kernel.AssignProcessToJobObject(wintypes.HANDLE(job), wintypes.HANDLE(int(process._handle)))
    process._job = job  # it lives as long as the process
