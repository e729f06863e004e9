"""A problem is a code with fields: every door has its own next step, and none speaks as another.

All problems of the code are found by reading it, and rendered for the command line, the console and
the API in both languages.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import dispatcher
from dispatcher.api import steps as api
from dispatcher.cli import doctor
from dispatcher.cli import steps as cli
from dispatcher.domain.outages import Attendance, Way
from dispatcher.domain.problems import Problem, with_step
from dispatcher.i18n import Say
from dispatcher.i18n.extracting import OURS, READ
from dispatcher.web import steps as web

CODE = Path(dispatcher.__file__).parent
DOORS: Mapping[str, Mapping[str, Say]] = {"cli": cli.STEPS, "web": web.STEPS, "api": api.STEPS}
MAKERS = {"Problem": 0, "refused": 0, "settings": 0, "unknown": None, "not_among": None}
UNKNOWN = "unknown-name"  # what `unknown` and `not_among` raise

# Codes that are no word in the code: where they are made, and what they are.
MADE = {
    ("cli/click_i18n.py", "self.code"): ("unknown-word", "unknown-name"),
    ("cli/tools.py", "problem.code"): ("not-a-text",),
    ("gateways/structs.py", "code"): ("bad-setting", "gateway-description"),
    ("importing/sheets.py", "str(code)"): ("unreadable-file",),  # of the process that reads files
    ("templating/syntax.py", "f'template-{rule}'"): (
        "template-syntax",
    ),  # no door has a step for it
    ("usecases/imports.py", "finding.code"): ("bad-phone",),  # what a cell has wrong
}
STEPS_MADE = {("domain/law.py", "step"): ("hours", "brandname", "consent")}

NAMES_A_DOOR = re.compile(
    r"(^|[\s(“\"'`])--[a-z]|\bdispatcher [a-z]+|\w\.toml\b|\[[a-z]+[].]|\bin the file\b"
)
LEFT_OPEN = re.compile(r"\{\w+(:[^}]*)?\}")

# What says flags and files in its own right: the command line, what exists on this machine only, and
# the settings, which are a file until they can be read.
OWN_TERMS = ("cli/", "simulators/", "config/")
# Sentences elsewhere that name a file all the same, and why.
EXCEPTIONS = {
    "[audience] names nobody: give wards or groups.": "a schedule is a file, no page writes it",
    "Gateways stand in dispatcher.toml; their keys in environment variables or files under keys/, "
    "never in it.": "the one place of the console that names the file; no page writes gateways",
}


class StandIn(str):
    """A field of any kind: a moment, a number, a name."""

    def __format__(self, spec: str) -> str:
        return str(self)


@dataclass(frozen=True)
class Raised:
    """One place of the code that makes a problem."""

    file: str
    line: int
    code: str
    step: str
    sentence: str  # empty where the sentence is said elsewhere
    fields: frozenset[str]

    @property
    def problem(self) -> Problem:
        say = Say(self.sentence, **{f: StandIn(f"<{f}>") for f in self.fields})
        return Problem(self.code, say, step=self.step)


def _raised() -> Iterator[Raised]:
    for path in sorted(CODE.rglob("*.py")):
        file = str(path.relative_to(CODE))
        if file == "domain/problems.py":
            continue
        tree = ast.parse(path.read_text("utf-8"))
        ours = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "dispatcher.domain.problems"
            for alias in node.names
        }
        said = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and _is_said(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        words = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            name = (
                node.func.id
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                else ""
            )
            if name not in MAKERS or name not in ours:
                continue
            yield from _of_a_call(file, node, MAKERS[name] is None, said, words)


def _of_a_call(
    file: str,
    node: ast.Call,
    is_unknown: bool,
    said: Mapping[str, ast.expr],
    words_of_module: Mapping[str, str],
) -> Iterator[Raised]:
    if is_unknown:
        codes, sentence, fields = (UNKNOWN,), "", frozenset()
    else:
        first, why = node.args[0], node.args[1]
        if isinstance(first, ast.Constant):
            codes = (first.value,)
        elif isinstance(first, ast.Name) and first.id in words_of_module:
            codes = (words_of_module[first.id],)
        else:
            codes = MADE[file, ast.unparse(first)]  # a new kind of code stands there first
        why = said.get(why.id, why) if isinstance(why, ast.Name) else why
        sentence, fields = "", frozenset()
        if _is_said(why):
            sentence = why.args[-1].value
            fields = frozenset(k.arg for k in why.keywords)
    step = next((k.value for k in node.keywords if k.arg == "step"), None)
    words = {""}
    if isinstance(step, ast.Name):
        words = {f"advertising-{word}" for word in STEPS_MADE[file, step.id]}
    elif step is not None:
        words = {n.value for n in ast.walk(step) if isinstance(n, ast.Constant)}
    for code in codes:
        for word in words:
            yield Raised(file, node.lineno, code, word or code, sentence, fields)


def _is_said(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Say", "pgettext")


ALL = list(_raised())


def test_the_problems_of_the_code_are_found():
    assert len(ALL) > 300
    assert {"no-audience", "over-budget", "clock-doubtful"} <= {r.code for r in ALL}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_problem_is_told_whole_by_every_door(door, language):
    wrong = []
    for raised in ALL:
        if raised.file.startswith(OWN_TERMS) and door != "cli":
            continue
        try:
            said = with_step(raised.problem, DOORS[door]).to(language)
        except KeyError as error:
            wrong.append(f"{raised.file}:{raised.line} {raised.step} lacks the field {error}")
            continue
        in_a_field = {f"{{{field}}}" for field in raised.fields}
        if LEFT_OPEN.search(said) or in_a_field & set(said.split()):
            wrong.append(f"{raised.file}:{raised.line} leaves open: {said}")
        if door != "cli" and raised.sentence not in EXCEPTIONS and NAMES_A_DOOR.search(said):
            wrong.append(f"{raised.file}:{raised.line} speaks as another door: {said}")
    assert wrong == []


@pytest.mark.parametrize("door", DOORS)
def test_every_step_of_a_door_belongs_to_a_problem(door):
    assert sorted(set(DOORS[door]) - {r.step for r in ALL}) == []


def test_whoever_has_a_step_to_type_can_press_it_too_unless_no_page_does_it():
    only_typed = set(cli.STEPS) - set(web.STEPS)
    assert only_typed == {
        "admins-only",  # the page of people is shown to admins
        "bad-area-set", "bad-listen", "database-version", "no-driver",  # before any page
        "drill-asks-nobody", "no-consent", "postgresql-restore", "only-one",  # no page does it
        "unknown-person", "unknown-row", "unknown-unit", "who-acts", "why",  # nobody types it there
    }  # fmt: skip


def test_gateways_and_workers_in_trouble_have_their_steps_too():
    assert set(cli.WAYS) == set(Way)
    assert set(web.WAYS) == set(Way) - {Way.REPORTS}  # they are on the page of the gateway itself
    assert set(cli.WORK) == set(web.WORK) == set(Attendance) - {Attendance.SENDS}
    told = [
        Say(say.id, **{**say.fields, "todo": "", "told": ""}).to(language)
        for table in (web.WAYS, web.WORK)
        for say in table.values()
        for language in ("vi", "en")
    ]
    assert [said for said in told if NAMES_A_DOOR.search(said)] == []


def test_every_command_of_the_doctor_belongs_to_a_finding():
    words = {
        node.value
        for path in (CODE / "usecases").glob("doctor*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
    }
    assert sorted(set(doctor.COMMANDS) - words) == []


def test_no_sentence_outside_the_command_line_names_a_flag_a_command_or_a_file():
    named = {
        sentence: file
        for file, _, sentence, _, _ in extract_from_dir(CODE, READ, keywords=OURS)
        if isinstance(sentence, str) and not file.startswith(OWN_TERMS)
        if NAMES_A_DOOR.search(sentence)
    }
    assert {s: f for s, f in named.items() if s not in EXCEPTIONS} == {}
    assert set(EXCEPTIONS) <= set(named), "an exception nobody needs any more"
