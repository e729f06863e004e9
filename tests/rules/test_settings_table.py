"""Every setting of every struct × {wrong type, out of range, unknown neighbour} is refused by name.

The cases are made from the structs themselves: a new setting is tried without a line here.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

import msgspec
import pytest

from dispatcher.config import FILE, parse
from dispatcher.config.reference import Table, tables
from dispatcher.domain.problems import SETTINGS, Problem
from dispatcher.domain.spelled import (
    CallTime,
    Carrier,
    Day,
    Duration,
    Hours,
    Thresholds,
    Words,
)
from dispatcher.gateways.fields import Content, Secret

WRONG: dict[Any, tuple[str, ...]] = {
    str: ("5", "true", "[ 1 ]"),
    int: ('"many"', "true", "1.5", "[ 1 ]"),
    float: ('"many"', "true"),
    bool: ('"yes"', "1"),
    Duration: ("5", '"soon"', '"5 weeks"', "true"),
    CallTime: ("5", '"soon"', '"0s"', '"26s"'),
    Hours: ("7", '"morning"', '"07:00-07:00"'),
    Day: ('"2027-01-31"', "5"),
    Words: ("5", "[ 1 ]", "true"),
    Thresholds: ("160", '[ 1, "a" ]', "[ 5 ]"),
    Carrier: ("5", '"Vitel"'),
    Secret: ("true", "[ 1 ]", "{ env = 5 }", '{ envi = "X" }', '{ env = "" }'),
    Content: ("5", "true"),
}
OF_KIND = {Literal: ("5", '"nonsense"', "true"), list: ("5", '"x"'), dict: ("5", "[ 1 ]")}
# What a table needs beside the setting that is tried.
BESIDE = {
    "[site]": {"name": '"T"'},
    "[[prices.exact]]": {"dong": "5"},
    "[senders.NAME]": {"name": '"A"'},
    "[budgets.NAME]": {"wards": '"all"', "month": "5"},
    "[routes.NAME]": {"steps": '[ { gateway = "g" } ]'},
    "[[routes.NAME.steps]]": {"gateway": '"g"'},
}


class Case(NamedTuple):
    """A file, the line of the setting that is wrong, and its key."""

    text: str
    line: int
    key: str
    more: str = ""  # that must be said too


def field_of(table: Table, key: str) -> Any:
    found = next(f for f in msgspec.structs.fields(table.kind) if f.encode_name == key)
    return found.type


def plain(kind: Any) -> list[Any]:
    """The types a setting may have, None and what is said of it apart."""
    if get_origin(kind) is Annotated:
        return plain(get_args(kind)[0])
    args = [a for a in get_args(kind) if a is not type(None)]
    if get_origin(kind) in (list, dict, tuple, Literal) or not args:
        return [kind]
    return [p for a in args for p in plain(a)]


def wrong_values(kind: Any) -> list[str]:
    kinds = plain(kind)
    if set(kinds) == {str, int}:
        return ["true", "[ 1 ]", "1.5"]
    if len(kinds) > 1:  # gateways of a step: a table or a list
        return ["5", '"x"', '{ g = "many" }', "{ g = -1 }", "[ 1 ]"]
    [one] = kinds
    if one in WRONG:
        return [*WRONG[one]]
    if get_origin(one) in OF_KIND:
        return [*OF_KIND[get_origin(one)]]
    return [*OF_KIND[Literal if issubclass(one, Enum) else dict]]


def metas(kind: Any) -> Iterator[msgspec.Meta]:
    for part in (kind, *get_args(kind)):
        yield from (m for m in getattr(part, "__metadata__", ()) if isinstance(m, msgspec.Meta))


def out_of_range(kind: Any) -> Iterator[str]:
    for meta in metas(kind):
        if meta.ge is not None:
            yield str(meta.ge - 1)
        if meta.gt is not None:
            yield str(meta.gt)
        if meta.le is not None:
            yield str(meta.le + 1)
        if meta.min_length:
            yield '""'
        if meta.pattern:
            yield '"ftp//nowhere, and not a name either"'


def document(table: Table, key: str, value: str, more: str = "") -> Case:
    """A site where everything is right but one value."""
    beside = {k: v for k, v in BESIDE.get(table.heading, {}).items() if k != key}
    name = table.heading.strip("[]").replace("NAME", "here")
    rows = [] if name == "site" else ["[site]", 'name = "T"']
    rows += ["[gateways.g]", 'adapter = "lab"', "# a comment: undo = 5"]
    if name.startswith("routes.here."):
        rows += ["[routes.here]"]
    if name.startswith("gateways.here"):
        rows += ["[gateways.here]"] if name != "gateways.here" else []
        beside |= {"adapter": f'"{table.adapter}"'} if name == "gateways.here" else {}
        rows += [f'adapter = "{table.adapter}"'] if name != "gateways.here" else []
        beside = {k: v for k, v in beside.items() if k != key}
    rows.append(table.heading.replace("NAME", "here"))
    rows += [f"{k} = {v}" for k, v in beside.items()]
    rows.append(f"{key} = {value}")
    place = name + "[0]" if table.heading.startswith("[[") else name
    return Case("\n".join(rows) + "\n", len(rows), f"{place}.{key}", more)


def cases() -> Iterator[Any]:
    for table in tables():
        for entry in table.entries:
            where = f"{table.heading}{table.adapter}.{entry.key}"
            kind = field_of(table, entry.key)
            values = [("type", v) for v in wrong_values(kind)]
            values += [("range", v) for v in out_of_range(kind)]
            for what, value in dict.fromkeys(values):
                case = document(table, entry.key, value)
                yield pytest.param(case, id=f"{where} {what} {value}")
            case = document(table, f"{entry.key}x", "1", f"“{entry.key}”")
            yield pytest.param(case, id=f"{where} unknown")


@pytest.mark.parametrize("case", list(cases()))
def test_a_wrong_setting_is_named_with_its_line_and_key(tmp_path, case):
    with pytest.raises(Problem) as told:
        parse(tmp_path, case.text)
    problem = told.value
    assert (problem.code, problem.exit_code) == ("bad-setting", SETTINGS)
    assert problem.where == f"{FILE}:{case.line}"
    for language in ("vi", "en"):
        said = problem.to(language)
        assert said.count("\n") == 0, "nothing else is wrong"
        assert said.startswith(f"{FILE}:{case.line}: ")
        assert case.key in said
    assert case.more in problem.to("en")


def test_each_table_is_tried():
    tried = {t.heading for t in tables()}
    assert {*BESIDE} <= tried
    assert len([*cases()]) > 500


@pytest.mark.parametrize("table", list(tables()), ids=lambda t: t.heading + t.adapter)
def test_what_the_tests_take_for_right_is_right(tmp_path, table):
    key = next(e.key for e in table.entries)
    case = document(table, "taken-away", "1")
    text = case.text.rsplit("\n", 2)[0] + "\n"
    assert key
    assert parse(tmp_path, text).name == "T"
