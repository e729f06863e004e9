"""dispatcher.toml: wrong settings are told with file, line and what to do."""

from datetime import timedelta

import pytest
from conftest import ROOT, build_site

from dispatcher.config import duration, load, parse, window
from dispatcher.domain.problems import Problem


def test_the_repository_is_a_ready_site():
    site = parse(ROOT)
    assert site.mode.value == "drill"
    assert len(site.senders) == 12
    assert all(len(s.brandname) <= 11 for _, s in site.senders.values())
    assert site.sample_heads == ("095",)


@pytest.mark.parametrize(
    "change, code, says",
    [
        (('mode = "drill"', 'mode = "test"'), "bad-setting", "dispatcher.toml:3"),
        (('undo = "0s"', 'undoo = "0s"'), "bad-setting", "undo"),
        (('undo = "0s"', 'undo = "soon"'), "bad-setting", "90s"),
        (('undo = "0s"', "undo = "), "bad-toml", "dispatcher.toml:4"),
        (('name = "Phường thử"', 'name = ""'), "bad-setting", "name"),
        (('adapter = "esms"', 'adapter = "esmss"'), "bad-setting", "esms"),
        (('adapter = "esms"', 'adapter = "esms"\napi_key = "open"\nfoo = 1'), "bad-setting", "foo"),
        (('[ { gateway = "esms" } ]', '[ { gateway = "nobody" } ]'), "bad-setting", "nobody"),
        (('sample_heads = ["095"]', "sample_heads = 95"), "bad-setting", "sample_heads"),
    ],
)
def test_wrong_settings_name_the_line_and_the_way_out(tmp_path, change, code, says):
    root = build_site(tmp_path / "site", "data/site.db", change)
    with pytest.raises(Problem) as caught:
        parse(root)
    assert caught.value.code == code
    assert caught.value.exit_code == 4
    assert says in caught.value.to("vi")
    assert says in caught.value.to("en")


def test_crlf_and_bom_are_fine(make_site):
    root = make_site()
    text = (root / "dispatcher.toml").read_text("utf-8")
    (root / "dispatcher.toml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert parse(root).name == "Phường thử"


def test_a_folder_without_a_site_says_how_to_make_one(tmp_path):
    with pytest.raises(Problem) as caught:
        load(tmp_path)
    assert "dispatcher init" in caught.value.to("vi")


def test_times_and_windows():
    assert duration("90s") == timedelta(seconds=90)
    assert str(window("07:00-21:30")) == "07:00-21:30"
    for bad in ("90", "1w", "-5s"):
        with pytest.raises(ValueError):
            duration(bad)
