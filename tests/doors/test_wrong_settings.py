"""Settings that are wrong end every command before it does anything, with every line that is wrong."""

import json

import pytest
from conftest import build_site, run_cli

from dispatcher.config import FILE

KANNEL = '[gateways.esms]\nadapter = "kannel"\nbase_url = "http://127.0.0.1:9"\n'
WRONG = {
    "batch as a word": (KANNEL + 'batch = "many"', "gateways.esms.batch", 9),
    "batch below one": (KANNEL + "batch = -5", "gateways.esms.batch", 9),
    "parts as yes": (KANNEL + "max_parts = true", "gateways.esms.max_parts", 9),
    "address as a number": ('[gateways.esms]\nadapter = "esms"\nbase_url = 5', "base_url", 8),
    "a key that is not there": ('[gateways.esms]\nadapter = "esms"\nbase_ulr = "x"', "base_url", 8),
    "odd quota": ('[gateways.esms]\nadapter = "esms"\nper_day = 0', "gateways.esms.per_day", 8),
}
COMMANDS = (
    ["contacts", "list"], ["areas", "list"], ["broadcasts", "list"], ["gateways", "list"],
    ["gateways", "check"], ["run", "--once"], ["log", "messages"], ["people", "list"],
    ["templates", "list"], ["schedules", "list"], ["db", "check"], ["contacts", "import", "x.csv"],
)  # fmt: skip


def site_with(folder, change):
    return build_site(
        folder / "site", "data/site.db", ('[gateways.esms]\nadapter = "esms"', change)
    )


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_used_to_pass_or_to_end_in_a_traceback_is_named(tmp_path, name, language):
    change, key, line = WRONG[name]
    root = site_with(tmp_path, change)
    found = run_cli("--site", str(root), "--lang", language, "contacts", "list")
    assert found.returncode == 4
    assert found.stderr.startswith(f"{FILE}:{line}: ")
    assert key in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_names_all_wrong_lines_and_does_nothing(tmp_path, words):
    change = '[gateways.esms]\nadapter = "esms"\nper_second = "fast"\nsandbox = 1\nservce = "ads"'
    root = site_with(tmp_path, change)
    found = run_cli("--site", str(root), "--lang", "en", *words, "--json")
    assert found.returncode == 4, found.stderr
    lines = found.stderr.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{FILE}:{n}" for n in (8, 9, 10)]
    assert "“gateways.esms.per_second” must be a number above 0." in lines[0]
    assert "“gateways.esms.sandbox” must be true or false." in lines[1]
    assert "Did you mean “service”?" in lines[2]
    assert json.loads(found.stdout)["error"]["code"] == "bad-setting"
    assert not (root / "data").exists()
