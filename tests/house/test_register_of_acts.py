"""No way to change anything is missing from the register of acts that the parity suite walks."""

import re

import click
from parity.acts import ACTS, COMMANDS_OF_THE_MACHINE, COMMANDS_THAT_READ, POSTS_THAT_READ

from dispatcher.api.operations import OPERATIONS
from dispatcher.cli.entry import root
from dispatcher.web.console import all_pages
from dispatcher.web.middleware import Middleware


def names(text):
    """Names between dots and line breaks."""
    return {name.strip() for name in re.split("[·\n]", text) if name.strip()}


def commands(group=None, before=()):
    """Every command there is, by its whole name."""
    group = group or root()
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        if isinstance(found, click.Group):
            yield from commands(found, (*before, name))
        else:
            yield " ".join((*before, name))


def posts():
    return {page.path for page in all_pages(Middleware(None, [])) if page.method == "POST"}


def test_every_command_that_writes_is_an_act():
    written = {act.cli.command for act in ACTS if act.cli}
    others = names(COMMANDS_THAT_READ) | names(COMMANDS_OF_THE_MACHINE)
    assert written | others == set(commands())
    assert not written & others


def test_every_form_of_the_console_is_an_act():
    written = {act.web.route for act in ACTS if act.web}
    assert written | names(POSTS_THAT_READ) == posts()
    assert not written & names(POSTS_THAT_READ)


def test_every_operation_of_the_api_that_writes_is_an_act():
    written = {act.api.operation for act in ACTS if act.api}
    assert written == {f"{o.method} {o.path}" for o in OPERATIONS if o.method != "GET"}


def test_acts_are_named_once_and_tried_at_every_door():
    assert len({act.name for act in ACTS}) == len(ACTS)
    for act in ACTS:
        doors = [door for door in (act.cli, act.web, act.api) if door]
        assert doors, act.name
        if len(doors) == 1:
            assert act.why, f"{act.name} has one door: say why"
            continue
        tried = [case for case in act.cases if len(act.doors(case)) == len(doors)]
        assert any(not case.code for case in tried), f"{act.name} is never done"
        assert any(case.code for case in tried) or act.name.startswith(("me.", "notices.")), (
            act.name
        )


def test_every_input_of_a_case_is_known_to_some_door():
    for act in ACTS:
        for case in act.cases:
            assert act.doors(case), (
                f"{act.name} / {case.what}: no door takes all of {set(case.given)}"
            )
