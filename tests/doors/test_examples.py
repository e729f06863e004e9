"""The examples of the help are read from the help itself: they parse, and work on a new site."""

import shlex

import click
import pytest
from conftest import run_cli

from dispatcher.cli.entry import root

EXAMPLE = "Ví dụ: "


def commands(group, path=()):
    """(words, command) of every command there is."""
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name))
        else:
            yield (*path, name), found


COMMANDS = dict(commands(root()))


def example_in_help(*words):
    """The example as a person reads it in `--help`."""
    text = " ".join(run_cli(*words, "--help").stdout.split())
    found = text.partition(EXAMPLE)[2].partition(" Tùy chọn")[0]
    program, *rest = shlex.split(found)
    assert program == "dispatcher", text
    return rest


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_example_names_its_command_and_options_that_exist(words):
    program, *rest = shlex.split(COMMANDS[words].example.partition(">>")[0].partition(" < ")[0])
    assert program == "dispatcher"
    assert tuple(rest[: len(words)]) == words
    given = [w for w in rest[len(words) :] if w not in ("--yes", "--dry-run")]
    if "--as" in given:
        at = given.index("--as")
        del given[at : at + 2]
    COMMANDS[words].make_context(" ".join(words), given, obj=None)


@pytest.fixture(scope="module")
def new_site(tmp_path_factory):
    """A site as `init` makes it, by the example of its own help."""
    folder = tmp_path_factory.mktemp("new")
    words = example_in_help("init")
    words[1] = str(folder / words[1])
    assert run_cli(*words).returncode == 0
    return words[1]


@pytest.mark.parametrize(
    "words",
    ["areas list", "areas show", "templates check", "templates list", "templates show",
     "templates preview", "templates unaccent", "contacts list", "broadcasts create",
     "broadcasts list", "broadcasts show", "broadcasts preview", "schedules check",
     "schedules list", "gateways list", "audit list", "log messages", "db check", "people add",
     "people list", "sms measure", "sms unaccent", "phone", "groups list", "urgent list",
     "duty list", "holidays list", "budgets list"],
)  # fmt: skip
def test_the_example_of_the_help_works_on_a_new_site(new_site, words):
    found = run_cli("--site", new_site, *example_in_help(*words.split()))
    assert found.returncode == 0, found.stderr
