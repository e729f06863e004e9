"""The small tools take one text a line and refuse what is none, by the number of its line."""

import json

import pytest
from conftest import run_cli
from walk import crowd, import_list, number, sheet


@pytest.mark.parametrize("words", [("sms", "measure"), ("sms", "unaccent"), ("phone",)])
@pytest.mark.parametrize("odd", ['{"text": "0912345678"}', '["0912345678"]', "true", "null"])
def test_what_is_no_text_is_refused_by_its_line(words, odd):
    found = run_cli(*words, "--jsonl", "-", stdin=f'"0912345678"\n{odd}\n"0912345679"\n')
    assert found.returncode == 2
    assert "Dòng 2" in found.stderr
    assert len(found.stdout.splitlines()) == 1, "what came before is answered, nothing after"
    assert json.loads(found.stdout)


def test_a_number_is_read_as_a_sheet_has_it():
    found = run_cli("phone", "--jsonl", "-", stdin="912345678\n")
    assert json.loads(found.stdout)["e164"] == "+84912345678"


MASKED = ["09xx xxx 123", "09xx…123", "+84***1234", "…123", "0912***678", "09xx...678"]


@pytest.mark.parametrize("command", [("why",), ("contacts", "show")])
@pytest.mark.parametrize(
    ("words", "said"),
    [(masked, "số đã che bớt") for masked in MASKED]
    + [(nobody, "Không thấy người") for nobody in ("0000", "000", "0123", "c0", "c99", "99", "m5")],
)
def test_nobody_and_a_masked_number_are_told_apart(lite, command, words, said):
    found = run_cli("--site", str(lite.site.root), *command, words)
    assert (found.returncode, found.stdout) == (2, "")
    assert said in found.stderr


def test_somebody_in_the_list_is_found_by_every_form(lite, tmp_path):
    import_list(lite, sheet(tmp_path / "may-to.csv", crowd(1)))
    for words in ("c1", "C1", "1", number(1000)):
        found = run_cli("--site", str(lite.site.root), "why", words, "--json")
        assert [s["contact"] for s in json.loads(found.stdout)] == [1], found.stderr
