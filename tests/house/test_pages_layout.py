"""Pages, sheets, the style sheet and the script are laid out for people: short lines, one
declaration a line, Jinja blocks and tags of blocks on lines of their own."""

import re

import pytest
from conftest import ROOT

WEB = ROOT / "dispatcher" / "web"
PAGES = sorted([*(WEB / "pages").glob("*.html"), *(ROOT / "dispatcher" / "reports").glob("*.html")])
STYLE = WEB / "static" / "style.css"
LAID_OUT = [*PAGES, STYLE, WEB / "static" / "console.js"]
WIDEST = 160

BLOCK = r"(?:ul|ol|dl|table|thead|tbody|tr|section|form|fieldset|details|figure|div)"
CROWDED = re.compile(rf"<{BLOCK}\b[^>]*>\s*<|</{BLOCK}>\s*<|%\}}\s*<{BLOCK}\b|</{BLOCK}>\s*\{{%")


def name(path):
    return str(path.relative_to(ROOT))


def too_wide(text):
    """The lines wider than anybody reads, by number."""
    return [n for n, line in enumerate(text.splitlines(), 1) if len(line) > WIDEST]


def crowded(text):
    """The lines of a template where a block of the page shares its line with a neighbour."""
    return [n for n, line in enumerate(text.splitlines(), 1) if CROWDED.search(line)]


def odd_indent(text):
    """The lines of a template that open with a tag or a Jinja block and are not indented by twos."""
    return [n for n, line in enumerate(text.splitlines(), 1)
            if re.match(r" *(?:<|\{%)", line) and (len(line) - len(line.lstrip())) % 2]  # fmt: skip


def styles(path):
    """The style sheet itself, or the styles a sheet for paper carries."""
    text = path.read_text("utf-8")
    return (
        text if path == STYLE else "\n".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    )


def packed(css):
    """The lines of styles with two declarations, or with a rule and a declaration."""
    bare = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), css, flags=re.DOTALL)
    return [n for n, line in enumerate(bare.splitlines(), 1)
            if line.count(";") > 1 or re.search(r"[{;}]\s*\S", line)]  # fmt: skip


@pytest.mark.parametrize("path", LAID_OUT, ids=name)
def test_no_line_is_wider_than_anybody_reads(path):
    assert not too_wide(path.read_text("utf-8"))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_block_of_a_page_has_its_own_line_indented_by_twos(path):
    text = path.read_text("utf-8")
    assert not crowded(text)
    assert not odd_indent(text)


@pytest.mark.parametrize("path", [STYLE, *PAGES], ids=name)
def test_one_declaration_a_line(path):
    assert not packed(styles(path))


def test_the_pages_are_found_and_bad_layout_would_be_noticed():
    assert len(PAGES) > 40
    assert too_wide("a\n" + "b" * (WIDEST + 1)) == [2]
    assert crowded("<ul>\n<ul class='x'><li>a</li>\n{% if a %}<ul>\n</ul>{% endif %}") == [2, 3, 4]
    assert crowded("<li><a>b</a></li>\n<p>{% if a %}b{% endif %}</p>") == []
    assert odd_indent("<p>\n <b>a</b>\n  {% if b %}\n   {% endif %}") == [2, 4]
    assert packed("p {\n  color: red; margin: 0;\n}\nh1 { margin: 0; }\nh2 {\n  margin: 0;\n}") == [
        2,
        4,
    ]
    assert packed("/* a; b;\n c */\np {\n  margin: 0;\n}") == []
