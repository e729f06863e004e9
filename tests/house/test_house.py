"""The rules of the house as tests: who may import whom, where libraries live, how long files get."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGE = ROOT / "dispatcher"
FILES = sorted(p for p in PACKAGE.rglob("*.py") if "migrations" not in p.parts)
MIGRATIONS = sorted((PACKAGE / "db" / "migrations").rglob("*.py"))

# Imports point down only. Rooms of one floor do not import one another.
FLOORS: dict[str, int] = {
    "i18n": -1, "__init__": 0, "domain": 0, "config": 1, "db": 1, "gateways": 1,
    "importing": 2, "templating": 2, "scheduling": 2, "reports": 2, "broadcasts": 3,
    "worker": 4, "usecases": 5, "cli": 6, "web": 6, "api": 6, "simulators": 7, "__main__": 8,
}  # fmt: skip
# Imports that still point up or aside. Each is to go; a new one is not to come.
ALLOWED = {("config", "gateways"), ("db", "gateways")}
# Doors import use cases, words and settings, and no other door.
DOORS = {"cli", "web", "api"}
REACHED = {"usecases", "domain", "config", "i18n"}

HOMES = {
    "sqlalchemy": {"db", "simulators"}, "alembic": {"db"}, "psycopg": {"db"}, "cryptography": {"db"},
    "httpx": {"gateways", "simulators"}, "httpx_aiohttp": {"gateways"}, "tenacity": {"gateways"},
    "aiohttp": {"gateways", "simulators"}, "jinja2": {"templating", "reports", "web"},
    "apscheduler": {"scheduling", "worker"}, "click": {"cli", "simulators"}, "rich": {"cli"},
    "starlette": {"web", "api"}, "uvicorn": {"worker"}, "python_calamine": {"importing"},
    "xlrd": {"importing"}, "phonenumbers": {"importing"}, "argon2": {"usecases"},
    "pyotp": {"usecases"}, "authlib": {"gateways"}, "joserfc": {"gateways"}, "holidays": {"db"},
    "tomlkit": {"config"}, "segno": {"web"}, "msgspec": {"config", "gateways", "usecases", "api", "web"},
}  # fmt: skip
ASYNC_HOMES = {
    "worker", "gateways", "web", "api", "simulators", "db.queue.tokens",
}  # fmt: skip
CLOCK_READERS = {
    "domain.clock",
    "domain.machine",
    "worker.timer",
    "simulators",
    "cli",
    "db.database",
}


def part(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "dispatcher":
                found += [f"dispatcher.{a.name}" for a in node.names]
            else:
                found.append(node.module)
    return found


def test_every_part_has_its_floor():
    assert {part(p) for p in FILES} <= set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down_and_rooms_never_import_one_another(path):
    here = part(path)
    for name in imports(path):
        if not name.startswith("dispatcher."):
            continue
        there = name.split(".")[1]
        if there not in FLOORS or there == here or (here, there) in ALLOWED:
            continue
        assert FLOORS[there] < FLOORS[here], f"{path.name} imports upward or aside: {name}"


def test_doors_reach_use_cases_and_nothing_below():
    past = [f"{path.relative_to(PACKAGE)}: {name}" for path in FILES if part(path) in DOORS
            for name in imports(path)
            if name.startswith("dispatcher.") and name.split(".")[1] not in {*REACHED, part(path)}]  # fmt: skip
    assert past == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_library_has_one_home(path):
    for name in imports(path):
        root = name.split(".")[0]
        if root in HOMES:
            assert part(path) in HOMES[root], f"{name} does not live in {part(path)}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_words_and_rules_use_the_standard_library_only(path):
    if part(path) != "domain":
        return
    for name in imports(path):
        root = name.split(".")[0]
        assert root == "dispatcher" or root in sys.stdlib_module_names, name


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_asynchronous_code_has_its_places(path):
    tree = ast.parse(path.read_text("utf-8"))
    if any(isinstance(n, ast.AsyncFunctionDef) for n in ast.walk(tree)):
        dotted = str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".")
        assert part(path) in ASYNC_HOMES or dotted in ASYNC_HOMES


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_doors_and_wiring_read_the_clock(path):
    dotted = str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".")
    if part(path) in CLOCK_READERS or dotted in CLOCK_READERS:
        return
    assert not re.search(r"\.now\(|time\.time\(|utcnow|date\.today", path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES + MIGRATIONS, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_stay_small_and_say_what_they_are(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 600
    assert ast.get_docstring(ast.parse(text)), "a module opens with what it is"
    assert not re.search(r"TODO|FIXME|XXX|raise NotImplementedError", text)


def test_the_formatter_lays_out_nearly_everything():
    """Tables of facts may keep their rows; the schema and the migrations are such tables."""
    exempt = [p for p in FILES if "schema" not in p.name and "# fmt: skip" in p.read_text("utf-8")]
    assert sum(path.read_text("utf-8").count("# fmt: skip") for path in exempt) <= 20


BANNED = re.compile(r"(?:^|_)(?:manager|service|helper|util|utils|common|base|handler|processor|data)"
                    r"(?:_|$)")  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_names_explain_something(path):
    assert not BANNED.search(path.stem)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            snake = re.sub(r"(?<!^)(?=[A-Z])", "_", node.name).lower()
            assert not BANNED.search(snake), node.name


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_public_functions_say_what_goes_in_and_out(path):
    """A function others import has a docstring, unless its name and three lines say it all."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            short = (node.end_lineno or 0) - node.lineno <= 12
            command = bool(node.decorator_list)
            if not node.name.startswith("_") and not short and not command:
                assert ast.get_docstring(node), f"{path.name}: {node.name}"


def test_sql_lives_in_the_store():
    """Doors that compare ledgers or count for a demo may look; nobody else speaks SQL."""
    speaks = re.compile(r"\"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\s")
    lookers = {
        "simulators/chaos_site.py", "simulators/ledgers.py", "simulators/upsets.py", "simulators/demo.py",
        "simulators/worlds/books.py", "simulators/worlds/fates.py", "simulators/worlds/numbering.py", "simulators/worlds/reckoning.py", "simulators/worlds/weather_disk.py", "simulators/worlds/weather_replaced.py",
    }  # fmt: skip
    for path in FILES:
        relative = str(path.relative_to(PACKAGE))
        if part(path) != "db" and relative not in lookers:
            assert not speaks.search(path.read_text("utf-8")), relative


def test_apscheduler_never_gets_a_store_of_its_own():
    for path in FILES:
        assert "jobstore" not in path.read_text("utf-8").lower(), path


def test_nothing_unix_only_is_imported_on_the_main_path():
    """Modules Windows lacks may be imported inside functions only."""
    for path in FILES:
        for node in ast.parse(path.read_text("utf-8")).body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            assert not {"fcntl", "resource", "pwd", "grp", "termios"} & set(names), path


def test_help_does_not_load_heavy_libraries():
    code = ("import sys; from dispatcher.cli.terminal_context import TerminalContext; from dispatcher.cli.entry import run;"
            "run(TerminalContext(), ['--help']); heavy = {'sqlalchemy', 'httpx', 'jinja2', 'aiohttp', 'alembic',"
            "'apscheduler', 'rich'} & set(sys.modules); print(heavy, file=sys.stderr);"
            "sys.exit(bool(heavy))")  # fmt: skip
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr


def test_tests_use_real_parts():
    mock = re.compile(r"unittest\.mock|Magic" + r"Mock|setattr\((?:httpx|sqlalchemy)")
    for path in (ROOT / "tests").rglob("*.py"):
        if path != Path(__file__):
            assert not mock.search(path.read_text("utf-8")), path


def test_no_test_sleeps_or_asserts_on_the_clock_on_the_wall():
    for path in (ROOT / "tests").rglob("test_*.py"):
        if path == Path(__file__) or path.parent.name == "crash":
            continue
        text = path.read_text("utf-8")
        assert "asyncio.sleep(1" not in text
        assert not re.search(r"assert .*(?:perf_counter|monotonic)\(", text), path


def test_no_test_gives_up_after_seconds():
    """What a slow machine does late fails nothing: tests/patience.py. Kannel's end is not ours."""
    hasty = re.compile(
        r"\.(?:wait|join|result)\(\d+\)|\btimeout(?:=|\()\d+(?![\d.])|Wire\(deadline=\d+\)"
    )
    patient = re.compile(r"timeout\(7200\)|timeout=300\b|box\.wait\(60\)")
    for path in (ROOT / "tests").rglob("*.py"):
        if path != Path(__file__):
            found = [m[0] for line in path.read_text("utf-8").splitlines()
                     if (m := hasty.search(line)) and not patient.search(line)]  # fmt: skip
            assert found == [], path


# --- documents ----------------------------------------------------------------------------------


def test_every_feature_names_a_test_that_exists():
    lines = [line for line in (ROOT / "docs" / "features.md").read_text("utf-8").splitlines()
             if line.startswith("| ") and "---" not in line][1:]  # fmt: skip
    assert len(lines) > 30
    for line in lines:
        cells = [c.strip() for c in line.strip("|").split("|")]
        path, _, name = cells[-1].strip("`").partition("::")
        text = (ROOT / path).read_text("utf-8")
        assert f"def {name}(" in text, line
        assert (ROOT / cells[1].strip("`")).exists(), line


def test_the_shares_of_ci_stand_in_the_document_and_fit_into_the_whole():
    """The crash tests run beside the others, so the longer of the two counts."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    text = (ROOT / "docs" / "testing.md").read_text("utf-8")
    shares = {name: int(share) for name, share in
              re.findall(r"^(?:part|put_down) (\w+) (\d+)", script, re.MULTILINE)}  # fmt: skip
    told = re.findall(r"^\| (\w+) \| ([\d,]+) s", text, re.MULTILINE)
    assert shares == {name: int(share.replace(",", "")) for name, share in told}
    beside = min(shares["tests"], shares["crash"])
    assert sum(shares.values()) - beside <= 31 * 60


def test_the_drawing_of_states_shows_every_arrow():
    from dispatcher.domain.lifecycle import BROADCAST_MOVES, MOVES

    text = (ROOT / "docs" / "states.md").read_text("utf-8")
    for moves in (MOVES, BROADCAST_MOVES):
        for state, targets in moves.items():
            for target in targets - {state}:
                assert f"`{state.value}` → `{target.value}`" in text, f"{state} → {target}"


MADE = {".git", ".venv", "data", "wheelhouse", "__pycache__", ".pytest_cache", ".mypy_cache",
        ".ruff_cache", ".hypothesis"}  # fmt: skip


def our_files():
    """Everything in the repository that is text and not made by a tool (there may be no git)."""
    for path in ROOT.rglob("*"):
        ours = path.is_file() and not MADE & set(path.relative_to(ROOT).parts)
        if ours and path.suffix not in (".xlsx", ".png", ".pyc", ".mo"):
            yield path


def test_documents_and_files_name_no_registry_and_no_workplace():
    forbidden = re.compile(r"https?://[^ )\"]*(?:py" + r"pi|npm" + r"js)|/wo" + r"rk/|far" + r"m-")
    for path in our_files():
        assert not forbidden.search(path.read_text("utf-8")), path


def test_the_version_is_the_newest_of_the_changelog():
    import dispatcher

    newest = re.search(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert newest is not None
    assert newest[1] == project["version"] == dispatcher.__version__


def test_every_command_is_documented_with_an_example_in_both_languages():
    from dispatcher.cli.click_i18n import Command, Group
    from dispatcher.cli.entry import COMMANDS, root

    def commands(group, path):
        import click

        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            if isinstance(found, Group):
                yield from commands(found, [*path, name])
            else:
                yield " ".join([*path, name]), found

    seen = dict(commands(root(), []))
    assert len(seen) > 40
    for name, command in seen.items():
        assert isinstance(command, Command), name
        assert command.say.vi
        assert command.say.en
        assert command.say.vi != command.say.en
        assert command.example.startswith("dispatcher "), name
    assert set(COMMANDS) <= {n.split()[0] for n in seen}
