"""Hostile templates: none is accepted, each is refused in a sentence with its place."""

import pytest
from conftest import ROOT
from hostile_templates import every, file

from dispatcher import templating
from dispatcher.domain.problems import Problem

FOLDER = ROOT / "templates"
EVERY = every()


def test_there_are_enough_of_them():
    assert len({text for _, text in EVERY}) >= 250


@pytest.mark.parametrize("text", [t for _, t in EVERY], ids=[n for n, _ in EVERY])
def test_no_hostile_template_is_accepted(text):
    with pytest.raises(Problem) as caught:
        templating.parse("xau", text, FOLDER)
    for language in ("vi", "en"):
        said = caught.value.to(language)
        assert "Traceback" not in said
        assert len(said) < 500
    assert caught.value.where


@pytest.mark.parametrize(
    "body",
    ["{{ gio }}", "{{ gio|upper }}", "{{- gio -}}", "{% if gio %}a{% endif %}", "}}", "50% & #1 {x}",
     "{% if gio == '8' and not row.tau %}a{% elif ward.name != 'X' %}b{% else %}c{% endif %}",
     "{% if gio == 8 %}a{% endif %}", "{{ row.so_nha | khong_dau | upper }}",
     "{% if contact.title %}{{ contact.title }}{% endif %} {{ contact.name }}"],
)  # fmt: skip
def test_the_closed_list_itself_is_accepted(body):
    template = templating.parse("tot", file(body), FOLDER)
    values = templating.Sample().values(template, {"gio": "8"})
    assert templating.render(template, template.blocks["sms"], values).body.startswith("UBND")


@pytest.mark.parametrize(
    "evil", ["{{ 7*7 }}", "{% raw %}x{% endraw %}", "{{ contact.name }}", "{#", "}}"]
)
@pytest.mark.parametrize("place", ["contact.name", "row.ghi_chu", "gio", "ward.name"])
def test_a_value_prints_itself_in_every_place(evil, place):
    template = templating.parse("tot", file(f"{{{{ {place} }}}}."), FOLDER)
    values = templating.Sample().values(template, {"gio": "8"})
    root, dot, attribute = place.partition(".")
    values[root] = {attribute: evil} if dot else evil
    text = templating.render(template, template.blocks["sms"], values).body
    assert text == f"UBND phuong {evil}."


def test_a_number_that_is_compared_is_the_text_it_looks_like():
    template = templating.parse(
        "tot", file("{% if gio == 8 %}sang{% else %}toi{% endif %}"), FOLDER
    )
    block = template.blocks["sms"]
    said = [templating.render(template, block, {"gio": g}).body for g in ("8", "20")]
    assert said == ["UBND phuong sang", "UBND phuong toi"]


@pytest.mark.parametrize("column", ["items", "keys", "get", "update", "copy"])
def test_a_column_may_be_called_as_python_calls_things(column):
    body = f"{{% if row.{column} %}}co{{% else %}}trong{{% endif %}}{{{{ row.{column} }}}}"
    template = templating.parse("tot", file(body), FOLDER)
    block = template.blocks["sms"]
    texts = [templating.render(template, block, {"row": {column: v}}).body for v in ("", "3")]
    assert texts == ["UBND phuong trong", "UBND phuong co3"]
