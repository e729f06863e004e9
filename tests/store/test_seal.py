"""The site's key: equal addresses are equal rows, nothing personal lies open."""

import os

import pytest
from conftest import run_cli
from walk import crowd, import_list, number, sheet

from dispatcher.config import parse
from dispatcher.db.seal import Sealer, load_key
from dispatcher.domain.problems import Problem
from dispatcher.usecases.context import open_app


def test_addresses_are_deterministic_and_seals_are_not():
    sealer = Sealer(b"k" * 32)
    assert sealer.address("mobile", "+84951") == sealer.address("mobile", "+84951")
    assert sealer.address("mobile", "+84951") != sealer.address("zalo", "+84951")
    assert sealer.seal("An") != sealer.seal("An")
    assert sealer.open(sealer.seal("Nguyễn Văn An")) == "Nguyễn Văn An"


def test_another_key_is_a_problem_that_names_the_key():
    sealed = Sealer(b"a" * 32).seal("x")
    with pytest.raises(Problem, match="key"):
        Sealer(b"b" * 32).open(sealed)


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "keys" / "site.key"
    key = load_key(path, create=True)
    assert load_key(path, create=False) == key
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(Problem, match="missing"):
        load_key(tmp_path / "none.key", create=False)


def test_no_number_and_no_name_lies_open_in_the_database(make_site, tmp_path):
    app = open_app(parse(make_site()))
    people = [("Nguyễn Bí Mật", number(4242), "Tổ 1", "Nguyễn Bí Mật")]
    import_list(app, sheet(tmp_path / "may-to.csv", people + crowd(3)))
    app.store.close()
    raw = b"".join(p.read_bytes() for p in (app.site.data).glob("site.db*"))
    for secret in (number(4242)[1:], "Bí Mật", "bi mat"):
        assert secret.encode() not in raw


def test_a_lost_key_is_told_and_nothing_is_made_up(make_site):
    root = make_site()
    open_app(parse(root)).store.close()
    (root / "data" / "keys" / "site.key").unlink()
    found = run_cli("--site", str(root), "areas", "list")
    assert found.returncode == 4
    assert "khóa" in found.stderr
    assert not (root / "data" / "keys" / "site.key").exists()
