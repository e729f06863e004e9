"""Every shell block of the documents is run, in order, on a copy of the sample site."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser import free_port
from conftest import ROOT
from patience import PATIENCE
from shell import commands

DOCUMENTS = ["README.md", "README.vi.md", *sorted(f"docs/{p.relative_to(ROOT / 'docs')}"
             for p in (ROOT / "docs").rglob("*.md"))]  # fmt: skip
BLOCK = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# what `./run` is here: its own jobs (tests, benchmarks) cannot run inside a test, all else can
SHIM = """#!/bin/sh
case "$1" in
setup | test | check | bench) grep -q "$1" "{run}" ;;
demo) shift; exec dispatcher demo --people 120 "$@" ;;
run)
    # a door and a worker of this site, until they answer
    "{python}" -m dispatcher "$@" &
    PYTHONPATH="{tests}" "{python}" -c 'import patience; patience.until_served("http://{listen}/health")'
    kill -TERM $!
    wait $! ;;
*) exec dispatcher "$@" ;;
esac
"""


def blocks(document: str) -> list[str]:
    return BLOCK.findall((ROOT / document).read_text("utf-8"))


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A folder in which the command `dispatcher` is found."""
    with commands(tmp_path_factory.mktemp("bin")) as folder:
        yield folder


@pytest.fixture
def place(tmp_path, program):
    """The sample site with its people, at nine o'clock."""
    root = tmp_path / "site"
    for part in ("templates", "schedules", "contacts"):
        shutil.copytree(ROOT / part, root / part)
    for path in (root / "contacts").iterdir():
        if path.stem not in ("may-to", "co-quan-doan-the"):
            path.unlink()
    toml = (ROOT / "dispatcher.toml").read_text("utf-8")
    toml = toml.replace("[site]", '[site]\nundo = "0s"', 1) if "undo" not in toml else toml
    toml = toml.replace('deadline = "30m"', 'deadline = "3s"')
    listen = f"127.0.0.1:{free_port()}"
    toml += f'\n[web]\nlisten = "{listen}"\npublic_url = "http://{listen}"\n'
    (root / "dispatcher.toml").write_text(toml, encoding="utf-8")
    shim = root / "run"
    shim.write_text(
        SHIM.format(run=ROOT / "run", python=sys.executable, tests=ROOT / "tests", listen=listen),
        encoding="utf-8",
    )
    shim.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{program}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DISPATCHER_CLOCK": "2026-12-01T09:00:00+07:00",
    }

    def sh(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-ec", script], cwd=root, env=environment, capture_output=True,
                              text=True, timeout=PATIENCE, check=False)  # fmt: skip

    return sh


PREPARED = """
dispatcher people add quan-tri --role admin -q
dispatcher people add lan --role officer --as quan-tri -q
dispatcher people add minh --role leader --as quan-tri -q
dispatcher people add thu --role auditor --as quan-tri -q
"""


@pytest.mark.long
@pytest.mark.parametrize("document", [d for d in DOCUMENTS if blocks(d)])
def test_every_block_of_the_documents_runs(place, document):
    if document.startswith("docs/vi/"):
        prepared = PREPARED
        if "contacts import" not in "".join(blocks(document)):
            prepared += "dispatcher contacts import contacts -q\n"
        assert place(prepared).returncode == 0
    for block in blocks(document):
        found = place(block)
        assert found.returncode == 0, f"{document}\n{block}\n{found.stdout}\n{found.stderr}"
        assert "Traceback" not in found.stderr


def test_the_guides_are_there_and_have_blocks():
    for name in ("can-bo", "lanh-dao", "quan-tri", "kiem-tra"):
        assert len(blocks(f"docs/vi/{name}.md")) >= 3, name
    assert blocks("README.vi.md")
