"""Nothing Unix-only is in the way, the benchmarks run, every command says what comes next."""

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


BLOCKED = """
import builtins, importlib, pkgutil, sys
real = builtins.__import__
unix = {"fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog", "readline", "uvloop", "posix"}
def guarded(name, globals=None, *more):
    if name in unix and (globals or {}).get("__name__", "").startswith("dispatcher"):
        raise ImportError(f"{name} in {globals['__name__']}")
    return real(name, globals, *more)
builtins.__import__ = guarded
import dispatcher
for found in pkgutil.walk_packages(dispatcher.__path__, "dispatcher."):
    if "__main__" not in found.name and ".migrations" not in found.name:
        importlib.import_module(found.name)
print("all of them")
"""


def test_no_unix_only_module_is_imported_on_the_main_path():
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", BLOCKED], capture_output=True, text=True,
                           cwd=ROOT, check=False)  # fmt: skip
    assert "all of them" in found.stdout, found.stderr[-600:]
    text = (ROOT / "run.cmd").read_text("utf-8")
    assert "--require-hashes" in text
    assert all(ord(c) < 128 for c in text)  # cmd.exe reads it in the PC's own code page


@pytest.mark.long
def test_the_benchmarks_run():
    found = subprocess.run([sys.executable, "-m", "benchmarks.bench", "startup", "queue", "--quick", "--json"],
                           capture_output=True, text=True, cwd=ROOT, check=False)  # fmt: skip
    told = json.loads(found.stdout)
    assert {f["name"] for f in told["figures"]} >= {"dispatcher --help"}
    assert all(f["value"] > 0 for f in told["figures"])
    wrong = subprocess.run([sys.executable, "-m", "benchmarks.bench", "nothing"], capture_output=True,
                           text=True, cwd=ROOT, check=False)  # fmt: skip
    assert wrong.returncode == 2


# These end something or answer a question: there is nothing they lead to.
ENDS = {
    "audit list", "chaos", "completion", "coverage", "demo", "doctor", "gateways explain", "phone",
    "run", "sms measure", "sms unaccent", "twin", "web", "why",
}  # fmt: skip


def test_every_command_says_what_to_do_next():
    from dispatcher.cli.entry import root
    from dispatcher.cli.next_steps import NEXT

    def leaves(group, path):
        for name in group.list_commands(None):
            found = group.get_command(None, name)
            here = f"{path} {name}".strip()
            yield from leaves(found, here) if hasattr(found, "commands") else [(here, found)]

    silent = set()
    commands = dict(leaves(root(), ""))
    for path, found in commands.items():
        function = inspect.unwrap(found.callback)
        source = Path(function.__code__.co_filename).read_text("utf-8")
        tree = ast.parse(source)
        [body] = [
            n for n in tree.body
            if isinstance(n, ast.FunctionDef) and n.name == function.__name__
        ]  # fmt: skip
        calls = {n.func.attr for n in ast.walk(body)
                 if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}  # fmt: skip
        if path not in NEXT and "hint" not in calls:
            silent.add(path)
    assert silent - ENDS == set()
    assert set(NEXT) <= set(commands)
