"""Every commit, call to a vendor and file write of the message path can be died at."""

import ast

import pytest
from conftest import ROOT

PACKAGE = ROOT / "dispatcher"
PATH = [p for p in sorted(PACKAGE.rglob("*.py"))
        if not {"cli", "simulators", "migrations", "importing"} & set(p.parts)]  # fmt: skip
# What ends a transaction, puts bytes on a wire, or changes a file.
COMMITS = {"commit"}
CALLS = {"handle_async_request", "sendall", "sendto", "create_connection"}
WRITES = {"write_text", "write_bytes", "fsync", "link", "rename", "replace"}
# Places off the message path, with the reason why a death there needs no test of its own.
EXCEPT = {
    (
        "db/queue/workers.py",
        "_take_on_server",
    ): "an advisory lock; the commit ends an empty transaction",
    ("db/migrate.py", "upgrade"): "before any message; migrations are tested for themselves",
    (
        "db/ops/maintenance.py",
        "backup",
    ): "a backup is a new file beside; the old one stays until renamed",
    ("db/ops/maintenance.py", "swap"): "a person's command; what takes the place is held already",
    (
        "db/ops/second_place.py",
        "write",
    ): "kept beside, written anew within the hour; the file before stays until it is renamed",
    ("usecases/context.py", "open_app"): "a .gitignore",
    (
        "usecases/uploads.py",
        "keep",
    ): "an upload that was only looked at; the next one writes it anew",
    ("usecases/templates.py", "tidy"): "a person's own text, in one write; tidied again where not",
    (
        "usecases/site.py",
        "change_settings",
    ): "settings; the old file is kept, put back, or named",
    ("usecases/site.py", "_put"): "settings: written beside and renamed",
    (
        "usecases/gateway_sign_in.py",
        "_begun",
    ): "what a browser is asked; begun again where it is lost",
    ("usecases/new_site.py", "make"): "a folder that is no site until its settings stand in it",
    ("db/seal.py", "_put_in_place"): "its caller may die before and after it",
}


def functions(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def deeds(function):
    """Names of attributes called in a function: (name, what it is called on)."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, ast.unparse(node.func.value), len(node.args)


def dies(function):
    return any(isinstance(n, ast.Call) and getattr(n.func, "id", "") == "failpoint"
               for n in ast.walk(function))  # fmt: skip


def suspicious(name, on, arguments):
    if name == "replace":  # of text has two arguments, of a time has names; of a path has one
        return arguments == 1
    if name == "rename" and on != "os":  # of a residential group has more
        return arguments == 1
    return name in COMMITS | CALLS | WRITES and on not in ("tx.connection",)


@pytest.mark.parametrize("path", PATH, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_what_commits_calls_or_writes_has_a_failpoint(path):
    place = str(path.relative_to(PACKAGE))
    for function in functions(path):
        found = [d for d in deeds(function) if suspicious(*d)]
        if found and (place, function.name) not in EXCEPT:
            assert dies(function), (
                f"{place}: {function.name} does {found[0][0]} without a failpoint"
            )


def test_transactions_end_in_one_place_and_it_has_both_failpoints():
    text = (PACKAGE / "db" / "database.py").read_text("utf-8")
    assert text.count("connection.begin()") == 1
    assert 'failpoint(f"before commit' in text
    assert 'failpoint(f"after commit' in text
    for path in PATH:
        source = path.read_text("utf-8")
        if path.name not in ("database.py", "migrate.py"):
            assert "connection.begin()" not in source, path
