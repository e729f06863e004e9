"""`init` makes a site of a unit it knows, or says which it knows and makes nothing."""

import json
import tomllib

import pytest
from conftest import run_cli

AREAS = """code,kind,name,parent,valid_from,valid_to,aliases
00001,ward,Hoàn Kiếm,,2025-07-01,,
00002,ward,Cửa Nam,,2025-07-01,,Cửa Nam mới
"""


def init(tmp_path, *words, code=0):
    made = tmp_path / "moi"
    found = run_cli("init", str(made), *words)
    assert found.returncode == code, found.stderr
    return made, found.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--name", "UBND phường Hoàn Kiếm"),
        ("--name", "UBND phường Ngô Quyền"),  # the district's set has no ward of that name
        ("--name", "UBND quận Hoàn Kiếm"),
        ("--name", "Công an xã Mẫu"),
        ("--name", "UBND phường Lê Lợi Đông"),
        ("--name", "UBND phường Máy Tơ", "--unit", "Hoàn Kiếm"),
        ("--name", "UBND phường Máy Tơ", "--wards", "Máy Tơ, Hoàn Kiếm"),
    ],
)
def test_a_unit_that_is_not_known_is_refused_and_nothing_is_made(tmp_path, words):
    made, said = init(tmp_path, *words, code=2)
    assert not made.exists()
    assert "Máy Tơ" in said, "the units that are known are named"
    assert "--areas" in said, "and what to do next"


@pytest.mark.parametrize(
    "words",
    [
        ("--name", "UBND phường Máy Tơ"),
        ("--name", "UBND phường Lê Lợi quận Ngô Quyền"),
        ("--name", "UBND PHUONG MAY TO, quận Ngô Quyền"),
        ("--name", "Công an phường Lương Khánh Thiện"),
        ("--name", "UBND quận Ngô Quyền (mẫu)"),
        ("--name", "UBND Cầu Tre"),
        ("--name", "Trường Mẫu", "--unit", "11332"),
        ("--name", "UBND phường Mẫu", "--wards", "all"),
        (),
    ],
)
def test_a_unit_that_is_known_makes_a_site(tmp_path, words):
    made, _ = init(tmp_path, *words)
    assert (made / "dispatcher.toml").exists()


def test_the_nearest_name_is_offered(tmp_path):
    assert "Có phải ý bạn là Máy Tơ?" in init(tmp_path, "--name", "UBND phường Máy Tờ A", code=2)[1]


def test_areas_of_ones_own_come_with_the_site(tmp_path):
    own = tmp_path / "dia-ban.csv"
    own.write_text(AREAS, encoding="utf-8")
    made, _ = init(tmp_path, "--name", "UBND phường Hoàn Kiếm", "--areas", str(own))
    settings = tomllib.loads((made / "dispatcher.toml").read_text("utf-8"))
    assert settings["areas"]["set"] == "areas.csv"
    found = run_cli("--site", str(made), "areas", "list", "--json")
    assert {a["name"] for a in json.loads(found.stdout)} == {"Hoàn Kiếm", "Cửa Nam"}


@pytest.mark.parametrize("content", ["", "a;b\n1;2\n", None])
def test_areas_that_cannot_be_read_are_refused_and_nothing_is_made(tmp_path, content):
    own = tmp_path / "dia-ban.csv"
    if content is not None:
        own.write_text(content, encoding="utf-8")
    made, said = init(tmp_path, "--name", "UBND phường Cửa Nam", "--areas", str(own), code=2)
    assert not made.exists()
    assert "valid_from" in said
