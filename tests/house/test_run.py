"""`run` and `run.cmd` install again when what is to be installed has changed."""

import re

from conftest import ROOT

POSIX = (ROOT / "run").read_text("utf-8")
WINDOWS = (ROOT / "run.cmd").read_text("utf-8")


def test_both_doors_compare_the_lock_and_the_project_with_what_was_installed():
    assert re.search(r'cat "\$here/\$lock" "\$here/pyproject.toml" \| cksum', POSIX)
    for kept, what in (("lock", "requirements.lock"), ("toml", "pyproject.toml")):
        compared = f'fc /b "%HERE%{what}" "%MARK%.{kept}" >nul 2>&1 || set "FRESH="'
        copied = f'copy /b /y "%HERE%{what}" "%MARK%.{kept}" >nul || exit /b 4'
        assert compared in WINDOWS
        assert WINDOWS.index(compared) < WINDOWS.index("pip") < WINDOWS.index(copied)


def test_an_installation_that_broke_off_is_done_again():
    """The mark is taken away before anything is installed and written when all of it is done."""
    lines = [line.strip() for line in WINDOWS.splitlines()]
    gone, written = (
        lines.index('if exist "%MARK%" del "%MARK%"'),
        lines.index('>"%MARK%" echo "%HERE%"'),
    )
    installs = [i for i, line in enumerate(lines) if " -m pip " in line]
    assert len(installs) == 2
    assert gone < min(installs) < max(installs) < written
    assert all(lines[i].endswith("|| exit /b 4") for i in installs)
    assert "if not defined FRESH (" in lines


def test_nothing_in_it_depends_on_the_ends_of_lines():
    """`goto` does not find its label in a file with Unix line ends."""
    assert "goto" not in WINDOWS.lower()
    assert WINDOWS.isascii(), "the code page of the console is unknown"
    assert WINDOWS.count("(\n") == len(re.findall(r"^\s*\)$", WINDOWS, re.MULTILINE))


def test_the_first_screen_of_both_readmes_names_the_console():
    for name, word in (("README.md", "console"), ("README.vi.md", "bảng điều khiển")):
        first = "\n".join((ROOT / name).read_text("utf-8").splitlines()[:25]).lower()
        assert "./run run --web" in first
        assert word in first
