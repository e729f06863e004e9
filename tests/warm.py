"""The command line without reading the program anew for each command: processes of their own, forked
from one that knows it. Where processes cannot be forked each reads it for itself."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dispatcher.cli.entry import COMMANDS
from dispatcher.simulators.warm import KNOWN, processes

ALSO = (
    "dispatcher.db.migrate", "dispatcher.importing", "dispatcher.simulators.vendors.server",
    "dispatcher.gateways.zalo", "dispatcher.cli.next_steps",
    "apscheduler.triggers.cron", "holidays", "phonenumbers", "rich.table",
)  # fmt: skip
MODULES = (*KNOWN, *ALSO, *{module for module, _, _ in COMMANDS.values()})


def run(words, stdin, env, cwd, timeout):
    """`dispatcher WORDS…`: what it said, and its exit code."""
    with tempfile.TemporaryDirectory(prefix="dispatcher-words-") as folder:
        Path(folder, "in").write_text(stdin, encoding="utf-8")
        process = processes(MODULES).Process(
            target=_work, args=(list(words), folder, str(cwd), env)
        )
        process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(words), timeout)
        said = [Path(folder, name).read_text("utf-8") for name in ("out", "err")]
        return subprocess.CompletedProcess(list(words), process.exitcode, *said)


def _work(words, folder, cwd, env):
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for handle, name, how in (
        (0, "in", os.O_RDONLY),
        (1, "out", os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, "err", os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        os.dup2(os.open(Path(folder, name), how, 0o600), handle)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    from dispatcher.cli import main

    main(words)
