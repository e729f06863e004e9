"""The small tools take one text a line and refuse what is none, by the number of its line."""

import json

import pytest
from conftest import run_cli


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
