"""One act through one door of a site, and what came of it.

The real doors: a command with its arguments, a form posted to the console with its session and
token, a call of the API with a key.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from browser import serve
from parity.dump import changes, dump
from parity.forms import form_of
from parity.pages import Answered
from parity.prepared import Prepared
from parity.words import BY_NAME, Act, Api, Case, Cli, File, Known, Web

from dispatcher.cli.entry import run
from dispatcher.cli.terminal_context import TerminalContext, split_options
from dispatcher.config import parse
from dispatcher.domain.clock import start_site_clock
from dispatcher.domain.problems import OK, PARTLY, REFUSED
from dispatcher.usecases.context import open_app

NINE = "2026-12-01T09:00:00+07:00"
TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')
BY_A_RULE = (403, 409)
CODE = re.compile(r'data-code="([^"]*)"')


@dataclass(frozen=True)
class Outcome:
    """The code of the problem (none when it is done), rows and trail entries that changed."""

    code: str
    rows: list[str]
    trail: list[str]
    by_a_rule: bool  # refused by a rule, not for a wrong input
    said: str  # for whoever looks at a failure


def through(door: str, act: Act, case: Case, site: Prepared) -> Outcome:
    """Do it, starting from the prepared site."""
    root = site.put_back(case.where)
    if case.where not in site.before:
        site.before[case.where] = dump(root)
    before = site.before[case.where]
    start_site_clock(NINE)
    match act.doors(case)[door]:
        case Cli() as way:
            code, rule, said = _command(way, case, site)
        case Web() as way:
            code, rule, said = _form(way, case, site)
        case Api() as way:
            code, rule, said = _call(way, case, site)
    rows, trail = changes(before, dump(root))
    return Outcome(code, rows, trail, rule, said)


# --- the command line ---------------------------------------------------------------------------


def _command(way: Cli, case: Case, site: Prepared) -> tuple[str, bool, str]:
    given = {name: _typed(value, site) for name, value in case.given.items()}
    words = way.command.split()
    for word in way.words.split():
        name = word.strip("{}")
        if isinstance(given.get(name), list):
            words += given[name]
        else:
            words.append(word.format(**given))
    for name, option in way.options.items():
        value = given.get(name)
        if not option:  # another door needs it
            continue
        if value is True:
            words.append(option)
        elif isinstance(value, list):
            words += [part for v in value for part in (option, str(v))]
        elif value is not None and value is not False:
            words += [option, str(value)]
    words += ["--json", "--as", case.by, "--site", str(site.root)]
    options, rest = split_options(words)
    terminal, out, told = TerminalContext(**options), io.StringIO(), io.StringIO()
    stdin, sys.stdin = sys.stdin, io.StringIO(str(given.get(way.stdin, "")))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
            code = run(terminal, rest)
    finally:
        sys.stdin = stdin
        gc.enable()  # an import leaves it off
        if terminal._app is not None:
            terminal._app.store.close()
    said = f"{' '.join(words)}\n{out.getvalue()}{told.getvalue()}"
    told_code = "" if code in (OK, PARTLY) else _code_in(out.getvalue()) or f"exit {code}"
    return told_code, code == REFUSED, said


def _code_in(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    return str(found["error"]["code"]) if isinstance(found, dict) and "error" in found else ""


def _typed(value: Any, site: Prepared) -> Any:
    """An input as it is typed on the command line."""
    match value:
        case Known(kind, name):
            return name.partition(", ")[2] if kind == "place" else (
                name if kind in BY_NAME else site.id_of(value)
            )  # fmt: skip
        case File(name, content):
            path = site.root.parent / name
            path.write_bytes(content)
            return str(path)
        case tuple() | list():
            return [_typed(v, site) for v in value]
        case dict():
            return [f"{k}={v}" for k, v in value.items()]
        case str() if value.startswith("./"):
            return str(site.root / value)
    return value


# --- the console --------------------------------------------------------------------------------


def _form(way: Web, case: Case, site: Prepared) -> tuple[str, bool, str]:
    app = open_app(parse(site.root))
    try:
        browser = serve(app)
        browser.cookies.set("__Host-session", site.sessions[case.by])
        route = way.route.format(**{n: _path(v, site) for n, v in case.given.items()})
        sent = _filled(browser, way, route, case, site)
        sent["csrf"] = _token(browser, case.by, site)
        if way.seen is not None:
            sent |= way.seen(app, site, case, browser, sent)
        files = {
            way.fields[n]: (v.name, v.content)
            for n, v in case.given.items()
            if isinstance(v, File) and n in way.fields
        }
        answer = _posted(browser, route, sent, files)
    except Answered as earlier:
        answer = earlier.answer
    finally:
        app.store.close()
    if answer is None:
        return "bug", False, f"POST {route} {sent}"
    said = f"POST {route} {sent}\n{answer.status_code} {answer.headers.get('location', '')}"
    if answer.status_code == 303:
        return "sign-in" if answer.headers["location"] == "/sign-in" else "", False, said
    if way.shows and way.shows in answer.text:
        return "", False, said
    found = CODE.search(answer.text)
    code = found[1] if found else "not-confirmed"  # it asks once more
    return code, answer.status_code in BY_A_RULE, said + answer.text[:3000]


def _posted(browser: Any, route: str, sent: Any, files: Any) -> Any:
    """The answer; None where the console breaks."""
    try:
        return browser.post(route, data=sent, files=files or None)
    except Exception:  # what a person sees then is the page of our mistakes
        return None


def _token(browser: Any, person: str, site: Prepared) -> str:
    """The token of somebody's session, read from a page of theirs once."""
    if person not in site.tokens:
        found = TOKEN.search(browser.get("/me").text)
        assert found, person
        site.tokens[person] = found[1]
    return site.tokens[person]


def _filled(browser: Any, way: Web, route: str, case: Case, site: Prepared) -> dict[str, Any]:
    """The fields of the form as the page has them, and what is typed into them."""
    sent: dict[str, Any] = {}
    if way.page and case.what != "auditor":  # who is shown no form makes one by hand
        page = browser.get(way.page.format(**{n: _path(v, site) for n, v in case.given.items()}))
        sent |= form_of(page.text, route)
    for name, field in way.fields.items():
        value = case.given.get(name)
        if isinstance(value, Mapping):
            sent |= {f"{field}.{k}": v for k, v in value.items()}
        elif value is True:
            field, _, chosen = field.partition("=")
            sent[field] = chosen or "1"
        elif field in way.lines and isinstance(value, tuple):
            sent[field] = "\n".join(value)
        elif field and value not in (None, False) and not isinstance(value, File):
            as_id = field in way.ids
            many = isinstance(value, tuple)
            sent[field] = [_in_form(v, as_id, site) for v in (value if many else (value,))]
    return sent


def _in_form(value: Any, as_id: bool, site: Prepared) -> str:
    if isinstance(value, Known):
        by_name = value.kind in BY_NAME and not as_id
        return value.name.rpartition(", ")[2] if by_name else str(site.id_of(value))
    return str(value)


def _path(value: Any, site: Prepared) -> str:
    """An input in an address: things by number, but gateways."""
    if isinstance(value, Known) and value.kind != "gateway":
        return str(site.id_of(value))
    return value.name if isinstance(value, Known) else str(value)


# --- the API ------------------------------------------------------------------------------------


def _call(way: Api, case: Case, site: Prepared) -> tuple[str, bool, str]:
    app = open_app(parse(site.root))
    method, _, path = way.operation.partition(" ")
    assert method == "POST"
    body = {}
    for name, key in way.keys.items():
        value = case.given.get(name)
        if value is not None:
            many = isinstance(value, tuple)
            body[key] = [_in_json(v) for v in value] if many else _in_json(value)
    try:
        place = path.format(**{n: _path(v, site) for n, v in case.given.items()})
        headers = {"Authorization": f"Bearer {site.keys[case.by]}", "Idempotency-Key": "mot"}
        answer = serve(app).post(f"/api/v1{place}", json=body, headers=headers)
    finally:
        app.store.close()
    said = f"POST {place} {body}\n{answer.status_code} {answer.text}"
    code = "" if answer.status_code < 300 else str(answer.json()["title"])
    return code, answer.status_code in BY_A_RULE, said


def _in_json(value: Any) -> Any:
    return value.name.rpartition(", ")[2] if isinstance(value, Known) else value
