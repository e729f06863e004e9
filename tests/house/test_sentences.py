"""Every sentence stands in both catalogs, and nowhere else; a site may correct it."""

from __future__ import annotations

import ast
import os
import string
from pathlib import Path

import pytest
from conftest import run_cli

import dispatcher
from dispatcher.i18n import Joined, Money, Say, SpelledNumber, catalogs, pgettext
from dispatcher.i18n.extracting import catalog, said

CODE = Path(dispatcher.__file__).parent
VIETNAMESE = set("ăâđêôơưĂÂĐÊÔƠƯạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹĩũ")
# Vietnamese words that are data, not sentences: names, headings of lists, what residents are sent.
DATA = {
    "broadcasts/routes.py",
    "domain/phone.py",
    "usecases/new_site.py",
    "worker/confirming.py",
}


@pytest.fixture(scope="module")
def wanted():
    return said()


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_a_catalog_holds_every_sentence_and_no_other(language, wanted):
    found = {_id(m): m for m in catalog(language) if m.id}
    assert sorted(map(str, wanted - found.keys())) == []
    assert sorted(map(str, found.keys() - wanted)) == []
    left = [id for id, m in found.items() if not m.string or m.fuzzy]
    assert left == []


def test_a_translation_has_the_fields_of_its_sentence_and_no_other():
    wrong = []
    for message in catalog("vi"):
        many = message.string if isinstance(message.string, tuple | list) else [message.string]
        ids = message.id if isinstance(message.id, tuple | list) else [message.id]
        if not message.id or not any("{" in id for id in ids):
            continue
        known = set().union(*map(_fields, ids))
        wrong += [ids[0] for one in many if not _fields(one) <= known]
    assert wrong == []


def _id(message):
    return (message.context, message.id if isinstance(message.id, str) else tuple(message.id))


def _fields(text: str) -> set[str]:
    try:
        return {n for _, n, _, _ in string.Formatter().parse(text) if n and n.isidentifier()}
    except ValueError:  # no fields are filled in: a brace is a brace
        return set()


@pytest.mark.parametrize("path", sorted(CODE.rglob("*.py")), ids=lambda p: str(p.relative_to(CODE)))
def test_no_sentence_in_vietnamese_stands_in_the_code(path):
    inside = str(path.relative_to(CODE))
    if inside in DATA or inside.startswith(("simulators/", "db/migrations/")):
        return
    tree = ast.parse(path.read_text("utf-8"))
    prose = {id(e.value) for e in ast.walk(tree) if isinstance(e, ast.Expr)}
    prose |= {id(a) for call in ast.walk(tree) if _is_an_example(call) for a in call.args}
    words = [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in prose
        if len(n.value.split()) > 5 and sum(bool(VIETNAMESE & set(w)) for w in n.value.split()) > 2
    ]
    assert words == []


def _is_an_example(node: ast.AST) -> bool:
    """What a person may type, in the help of a command."""
    name = getattr(
        getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", "")
    )
    return isinstance(node, ast.Call) and name in ("verb", "command", "compile")


def test_fields_are_said_in_the_language_too():
    inner = Say("draft")
    assert Say("Broadcast {id}: {state}.", id=3, state=inner).to("vi") == "Đợt gửi 3: nháp."
    assert Say("Broadcast {id}: {state}.", id=3, state=inner).to("en") == "Broadcast 3: draft."
    assert SpelledNumber(12000).vi == "12.000"
    assert Money(1_900_000).vi == "khoảng 1,9 triệu đồng"
    assert Joined("; ", [inner, Say("paused")]).vi == "nháp; tạm dừng"
    assert pgettext("right", "read").vi != Say("read").vi


def test_a_site_corrects_a_sentence_without_touching_code(make_site):
    root = make_site()
    (root / "sentences").mkdir()
    (root / "sentences" / "vi.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Send (whoever is on duty): dispatcher urgent send NAME --set blank=value"\nmsgstr "Không còn việc gì."\n',
        "utf-8",
    )
    assert "Không còn việc gì." in run_cli("--site", str(root), "urgent", "list").stderr


@pytest.mark.parametrize("wrong", ["Đã thêm {tên}.", "{name.__class__}", "{name[0]}", "{"])
def test_a_correction_with_a_wrong_field_costs_no_more_than_that_sentence(tmp_path, wrong):
    folder = tmp_path / "sentences"
    folder.mkdir()
    (folder / "vi.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        f'msgid "{{name}} added."\nmsgstr "{wrong}"\n',
        "utf-8",
    )
    catalogs.correct_from(tmp_path)
    try:
        assert Say("{name} added.", name="Lan").to("vi") == "Lan added."
    finally:
        catalogs.correct_from(Path("/nowhere"))


def test_a_catalog_that_changed_is_compiled_again(tmp_path):
    po = tmp_path / "vi.po"
    head = (
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "a"\nmsgstr "{}"\n'
    )
    po.write_text(head.format("một"), "utf-8")
    assert catalogs.read(po)["a"] == "một"
    compiled = po.with_suffix(".mo")
    assert compiled.is_file()
    po.write_text(head.format("hai"), "utf-8")
    later = compiled.stat().st_mtime_ns + 1_000_000_000
    os.utime(po, ns=(later, later))
    assert catalogs.read(po)["a"] == "hai"


def test_a_catalog_nobody_may_compile_beside_is_read_all_the_same(tmp_path):
    po = tmp_path / "vi.po"
    po.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "a"\nmsgstr "một"\n',
        "utf-8",
    )
    (tmp_path / "vi.mo").mkdir()  # nothing can be put there
    assert catalogs.read(po)["a"] == "một"


def test_click_speaks_from_the_same_catalogs():
    assert "Không có tùy chọn" in run_cli("contacts", "--nope").stderr
    assert "No such option" in run_cli("--lang", "en", "contacts", "--nope").stderr


def test_a_sentence_is_given_every_field_it_names():
    wrong = []
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if path.name == "steps.py" or name not in ("Say", "pgettext"):
                continue  # what comes next is filled with the problem's own fields
            if not node.args or not node.keywords:
                continue
            given = {k.arg for k in node.keywords}
            id = node.args[-1]
            if isinstance(id, ast.Constant) and None not in given and _fields(id.value) - given:
                wrong.append(f"{path.name}:{node.lineno}")
    assert wrong == []
