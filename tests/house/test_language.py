"""Both languages are complete; nothing Unix-only is in the way; the benchmarks run."""

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "dispatcher").rglob("*.py"))
TWO = {"Say", "text", "say", "hint", "warn", "confirm", "progress"}  # (vi, en)
THREE = {"Problem", "refused", "settings"}  # (code, vi, en)
MARKS = re.compile(
    "[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.IGNORECASE
)


def words(node):
    """The text of a literal or f-string, values left out; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "§" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = words(node.left), words(node.right)
        return None if None in sides else "".join(sides)
    return None


def pairs(path):
    """(line, vi, en) of everything a person is told; en is None where it is missing."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name == "text" and "surface" not in ast.unparse(node.func):
            continue  # SQLAlchemy's
        given = {k.arg: k.value for k in node.keywords}
        if "vi" in given or "en" in given:
            yield node.lineno, words(given.get("vi")), words(given.get("en"))
        elif name in TWO | THREE or name in ("verb", "command"):
            first = 1 if name in THREE or name == "verb" else 0
            if len(node.args) > first and words(node.args[first]) is not None:
                other = node.args[first + 1] if len(node.args) > first + 1 else None
                yield node.lineno, words(node.args[first]), words(other)


def faults(vi, en):
    letters = re.sub(r"[§\W\d_]+", " ", vi).split()
    if len(letters) < 3 or " " not in vi.strip():
        return  # a name, a number, a path: the same in both
    if en is None or not en.strip():
        yield "no English"
    elif en == vi:
        yield "the same in both"
    elif MARKS.search(re.sub(r"“[^”]*”|'[^']*'|§|\b[A-ZĐ]\w*", "", en)) and "đồng" not in en:
        yield "Vietnamese in the English"
    if not MARKS.search(vi) and not re.search(r"^[\s§]*\w+ \d|dispatcher|Python|SQLite", vi):
        yield "Vietnamese without marks"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_sentence_is_there_in_vietnamese_and_english(path):
    wrong = [(line, fault, vi[:60]) for line, vi, en in pairs(path) if vi is not None
             for fault in faults(vi, en)]  # fmt: skip
    assert not wrong, wrong


def test_the_language_test_would_notice():
    assert list(faults("Chưa lưu gì vì có lỗi", None)) == ["no English"]
    assert list(faults("Chua luu gi ca", "Nothing was stored")) == ["Vietnamese without marks"]
    assert list(faults("Chưa lưu gì cả", "Nothing đã lưu")) == ["Vietnamese in the English"]
    assert sum(1 for p in SOURCES for _ in pairs(p)) > 400


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
