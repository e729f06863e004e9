"""dispatcher.toml of a site, read once into frozen settings. Unknown keys are errors with a line.

Secrets are named here and fetched only when a live gateway is used.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Any, TypeVar

from dispatcher.areas import ward_key
from dispatcher.model import Mode, Sender, Window
from dispatcher.problems import Problem, Say, settings, unknown

FILE = "dispatcher.toml"
DEFAULT_WINDOW = Window(time(7), time(22))


@dataclass(frozen=True)
class Secret:
    """Where a secret is kept: an environment variable or a file inside the site."""

    env: str | None
    file: Path | None

    @property
    def place(self) -> str:
        return self.env or (self.file.name if self.file else "")

    def fetch(self) -> str:
        """The secret itself; a missing one is a problem that names the place, never the value."""
        if self.env is not None:
            value = os.environ.get(self.env, "").strip()
            if not value:
                raise settings(
                    "secret-missing",
                    f"Chưa đặt biến môi trường {self.env}.",
                    f"The environment variable {self.env} is not set.",
                )
            return value
        assert self.file is not None
        try:
            return self.file.read_text("utf-8-sig").strip()
        except OSError:
            raise settings(
                "secret-missing",
                f"Không đọc được tệp khóa {self.file}.",
                f"The secret file {self.file} cannot be read.",
            ) from None


@dataclass(frozen=True)
class GatewaySettings:
    name: str
    adapter: str
    per_second: float | None = None
    in_flight: int | None = None
    timeout: timedelta = timedelta(
        seconds=20
    )  # a whole call; leases are more than three times this
    options: Mapping[str, Any] = field(default_factory=dict)  # strings, numbers and Secrets
    callback: int = 1  # counted up, the callback address is a new one
    parts_per_second: float | None = None
    most: Mapping[str, int] = field(default_factory=dict)  # of QUOTAS: how many, or how much
    free: bool = False  # its messages cost nothing


# What an account may do in one day or month: messages, or đồng.
QUOTAS = ("per_day", "per_month", "dong_per_day", "dong_per_month")


@dataclass(frozen=True)
class StepSettings:
    weights: tuple[tuple[str, int], ...]  # gateways of one channel; weight 0 is a reserve
    deadline: timedelta | None = None
    accented: bool = False
    later_goes_on: bool = False
    window: Window | None = None
    budget: int | None = None  # đồng


@dataclass(frozen=True)
class RouteSettings:
    """Ordered steps, and what choosing this route means for the whole broadcast."""

    steps: tuple[StepSettings, ...]
    title: str = ""
    one_per: str | None = None  # "household": one message per household
    urgent: bool = False  # ahead of all others, at once, also at night


@dataclass(frozen=True)
class Site:
    root: Path
    name: str
    mode: Mode
    language: str
    database: str
    key_file: Path
    area_set: str
    undo: timedelta
    senders: Mapping[str, tuple[tuple[str, ...], Sender]]
    gateways: Mapping[str, GatewaySettings]
    routes: Mapping[str, RouteSettings]  # those written down; app.routes adds the shipped ones
    window: Window
    sample_heads: tuple[str, ...]
    listen: str
    public_url: str
    prices: Mapping[str, int]
    remember: timedelta = timedelta(days=30)  # that an address could not be reached
    keep_birth_dates: str = ""  # why dates of birth are kept; empty: they are not

    @property
    def data(self) -> Path:
        return self.root / "data"

    def sender_for(self, ward_name: str, ward_code: str = "") -> Sender:
        """Who signs in a ward. In a drill a ward without a sender is named after itself."""
        for wards, sender in self.senders.values():
            keys = {ward_key(w) for w in wards}
            if "all" in keys or ward_key(ward_name) in keys or (ward_code and ward_code in keys):
                return sender
        if self.mode is Mode.LIVE:
            raise settings(
                "no-sender",
                f"Phường {ward_name} chưa có mục [senders] nên chưa gửi thật được.",
                f"Ward {ward_name} has no [senders] entry, so it cannot send live.",
            )
        return Sender(f"UBND phường {ward_name}")


def find_root(start: Path) -> Path | None:
    """The nearest folder upward that holds a dispatcher.toml."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    return None


def load(site: Path | None) -> Site:
    """The site in `site`, or in the nearest folder upward from here."""
    root = find_root(Path.cwd()) if site is None else site
    if root is None or not (root / FILE).is_file():
        where = str(site) if site else str(Path.cwd())
        raise settings(
            "no-site",
            f"Không thấy {FILE} trong {where} hay thư mục cha. "
            "Tạo mới: dispatcher init THƯ_MỤC, hoặc chỉ chỗ bằng --site.",
            f"No {FILE} in {where} or above. Make one: dispatcher init DIR, or use --site.",
        )
    return parse(root.resolve())


def read_toml(path: Path, text: str | None = None, first_line: int = 1) -> dict[str, Any]:
    """TOML that may have CRLF and a BOM; trouble names file and line."""
    if text is None:
        text = read_text(path)
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else len(text.splitlines())
        raise settings(
            "bad-toml",
            "sai cú pháp TOML (thiếu dấu ngoặc, dấu nháy hoặc dấu =). Sửa dòng này.",
            f"not valid TOML ({str(error).split(' (at')[0]}). Fix this line.",
            where=f"{path.name}:{line + first_line - 1}",
        ) from None


def read_text(path: Path) -> str:
    """A text file of the site: UTF-8, BOM and CRLF allowed."""
    try:
        return path.read_text("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise settings(
            "not-utf8",
            "tệp không phải UTF-8. Lưu lại dạng UTF-8 rồi thử lại.",
            "the file is not UTF-8. Save it as UTF-8 and try again.",
            where=path.name,
        ) from None
    except OSError as error:
        raise settings(
            "unreadable",
            f"không đọc được ({error.strerror}). Kiểm tra tệp và quyền.",
            f"cannot be read ({error.strerror}). Check the file and its rights.",
            where=str(path),
        ) from None


class Section:
    """One TOML table, read key by key, that knows its file and complains about leftovers."""

    def __init__(self, values: Mapping[str, Any], name: str, path: Path, text: str) -> None:
        self.values, self.name, self.path, self.text = dict(values), name, path, text
        self.asked: set[str] = set()

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """The value of `key`; None or the default when absent; a wrong type is a problem."""
        self.asked.add(key)
        if key not in self.values:
            return default
        value = self.values[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            words = {
                str: "chữ trong dấu nháy",
                int: "số",
                float: "số",
                bool: "true/false",
                list: "danh sách [...]",
                dict: "bảng",
            }
            raise self.problem(
                key,
                f"«{key}» phải là {words.get(kinds[0], kinds[0].__name__)}.",
                f"“{key}” must be a {kinds[0].__name__}.",
            )
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings; a single string is a list of one."""
        value = self.take(key, (list, str), [])
        value = [value] if isinstance(value, str) else value
        if not all(isinstance(v, str) for v in value):
            raise self.problem(
                key, f"«{key}» phải là danh sách chữ.", f"“{key}” must be a list of strings."
            )
        return tuple(value)

    def required(self, key: str, kind: type) -> Any:
        value = self.take(key, kind)
        if value is None or value == "":
            raise self.problem(
                None, f"mục [{self.name}] thiếu «{key}».", f"[{self.name}] lacks “{key}”."
            )
        return value

    def close(self, known: Collection[str] = ()) -> None:
        """Refuse keys nobody asked for."""
        for key in self.values:
            if key not in self.asked:
                close = difflib.get_close_matches(key, [*self.asked, *known], 1)
                more = (
                    (f" Có phải «{close[0]}»?", f" Did you mean “{close[0]}”?")
                    if close
                    else ("", "")
                )
                raise self.problem(
                    key,
                    f"không có mục «{key}» trong [{self.name}].{more[0]}",
                    f"there is no key “{key}” in [{self.name}].{more[1]}",
                )

    def problem(self, key: str | None, vi: str, en: str) -> Problem:
        return settings("bad-setting", vi, en, where=f"{self.path.name}:{self._line(key)}")

    def _line(self, key: str | None) -> int:
        """Where `key` is written: the first match after this section's own heading."""
        lines = self.text.splitlines()
        start = next(
            (
                i
                for i, line in enumerate(lines)
                if re.match(rf"\s*\[+\s*{re.escape(self.name)}\s*\]+", line)
            ),
            0,
        )
        if key is None:
            return start + 1
        pattern = re.compile(
            rf"""^\s*["']?{re.escape(key)}["']?\s*=|[{{,]\s*{re.escape(key)}\s*="""
        )
        heading = re.compile(rf"^\s*\[+\s*(?:{re.escape(self.name)}\.)?{re.escape(key)}\s*\]+")
        for i, line in enumerate(lines[start:], start + 1):
            if pattern.search(line) or heading.search(line):
                return i
        return start + 1


def duration(text: str) -> timedelta:
    """ "90s", "30m", "6h", "2d" as a time span; anything else raises ValueError."""
    found = re.fullmatch(r"\s*(\d+)\s*([smhd])\s*", text)
    if not found:
        raise ValueError(text)
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
    return timedelta(seconds=int(found[1]) * seconds)


def window(text: str) -> Window:
    """ "07:00-22:00", "00:00-24:00"; anything else raises ValueError."""
    return Window.read(text)


def take_duration(section: Section, key: str, default: timedelta | None) -> timedelta | None:
    """A time span setting of `section`."""
    value = section.take(key, str)
    if value is None:
        return default
    try:
        return duration(value)
    except ValueError:
        raise section.problem(
            key,
            f'«{key}» phải ghi như "90s", "30m", "6h" hoặc "2d".',
            f'“{key}” must look like "90s", "30m", "6h" or "2d".',
        ) from None


W = TypeVar("W", Window, None)


def take_window(section: Section, key: str, default: W) -> Window | W:
    """A window setting of `section`."""
    value = section.take(key, str)
    if value is None:
        return default
    try:
        return window(value)
    except ValueError:
        raise section.problem(
            key, f'«{key}» phải ghi như "07:00-22:00".', f'“{key}” must look like "07:00-22:00".'
        ) from None


def parse(root: Path) -> Site:
    """dispatcher.toml in `root`."""
    path = root / FILE
    text = read_text(path)
    document = read_toml(path, text)
    top = Section(document, "", path, text)

    def section(name: str) -> Section:
        return Section(top.take(name, dict, {}), name, path, text)

    site = section("site")
    mode = site.take("mode", str, "drill")
    if mode not in set(Mode):
        raise site.problem(
            "mode",
            '«mode» là "drill" (chạy thử) hoặc "live" (gửi thật).',
            '“mode” is "drill" or "live".',
        )
    language = site.take("language", str, "vi")
    if language not in ("vi", "en"):
        raise site.problem(
            "language", '«language» là "vi" hoặc "en".', '“language” is "vi" or "en".'
        )
    areas, windows, phones, web = (section(n) for n in ("areas", "windows", "phones", "web"))
    prices, contacts = section("prices"), section("contacts")
    found = Site(
        root=root,
        name=site.required("name", str),
        mode=Mode(mode),
        language=language,
        database=_database(root, site.take("database", str, "data/site.db")),
        key_file=root / site.take("key_file", str, "data/keys/site.key"),
        area_set=areas.take("set", str, "ngo-quyen-2023"),
        undo=take_duration(site, "undo", timedelta(seconds=60)) or timedelta(),
        senders=_senders(section("senders")),
        gateways=_gateways(section("gateways"), root),
        routes=_routes(section("routes")),
        window=take_window(windows, "default", DEFAULT_WINDOW),
        sample_heads=phones.strings("sample_heads"),
        listen=web.take("listen", str, "127.0.0.1:8700"),
        public_url=web.take("public_url", str, "").rstrip("/"),
        prices={key: prices.take(key, int) for key in prices.values},
        remember=take_duration(phones, "remember", None) or timedelta(days=30),
        keep_birth_dates=contacts.take("birth_dates", str, "").strip(),
    )
    for part in (site, areas, windows, phones, web, prices, contacts, top):
        part.close()
    for name, route in found.routes.items():
        for gateway in (g for step in route.steps for g, _ in step.weights):
            if gateway not in found.gateways:
                what = Say("cổng gửi trong [gateways]", "gateway in [gateways]")
                problem = unknown(what, gateway, found.gateways)
                raise Section({}, f"routes.{name}", path, text).problem(
                    "steps", problem.say.vi, problem.say.en
                )
    return found


def _database(root: Path, value: str) -> str:
    return value if "://" in value else f"sqlite:///{root / value}"


def _senders(section: Section) -> dict[str, tuple[tuple[str, ...], Sender]]:
    found = {}
    for name in section.values:
        part = Section(section.take(name, dict), f"senders.{name}", section.path, section.text)
        brandname = part.take("brandname", str, "")
        if len(brandname) > 11:  # Decree 91/2020 art. 23
            raise part.problem(
                "brandname",
                "«brandname» dài quá 11 ký tự.",
                "“brandname” is longer than 11 characters.",
            )
        sender = Sender(part.required("name", str), brandname)
        found[name] = (part.strings("wards"), sender)
        part.close()
    return found


def _gateways(section: Section, root: Path) -> dict[str, GatewaySettings]:
    from dispatcher.gateways import adapter_settings, adapter_tables

    found = {}
    for name in section.values:
        part = Section(section.take(name, dict), f"gateways.{name}", section.path, section.text)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
            raise part.problem(
                None,
                f"tên cổng gửi «{name}» chỉ gồm chữ không dấu, số, - và _.",
                f"the gateway name “{name}” may only have letters, digits, - and _.",
            )
        adapter = part.required("adapter", str)
        try:
            known = adapter_settings(adapter)
        except Problem as problem:
            raise part.problem("adapter", problem.say.vi, problem.say.en) from None
        options: dict[str, Any] = {}
        tables = adapter_tables(adapter)
        for key in known:
            value = part.take(key, (str, int, float, bool, dict))
            if isinstance(value, dict) and key in tables:
                value = _table(value, root)
            elif isinstance(value, dict):
                value = _secret(part, key, value, root)
            if value is not None:
                options[key] = value
        paces = {key: part.take(key, (int, float)) for key in ("per_second", "parts_per_second")}
        most = {key: part.take(key, int) for key in QUOTAS if key in part.values}
        flight = {"in_flight": part.take("in_flight", int)}
        if None not in paces.values():
            raise part.problem(
                "parts_per_second",
                "chỉ đặt một trong «per_second» và «parts_per_second».",
                "set “per_second” or “parts_per_second”, not both.",
            )
        for key, number in {**paces, **most, **flight}.items():
            if number is not None and number <= 0:
                raise part.problem(key, f"«{key}» phải lớn hơn 0.", f"“{key}” must be above 0.")
        timeout = take_duration(part, "timeout", timedelta(seconds=20)) or timedelta(seconds=20)
        if not timedelta(seconds=1) <= timeout <= timedelta(seconds=25):
            raise part.problem(
                "timeout", '«timeout» từ "1s" đến "25s".', '“timeout” is from "1s" to "25s".'
            )
        found[name] = GatewaySettings(
            name, adapter, paces["per_second"], flight["in_flight"], timeout, options,
            part.take("callback", int, 1), paces["parts_per_second"], most,
            part.take("free", bool, False),
        )  # fmt: skip
        part.close(known)
    return found


def _secret(part: Section, key: str, value: dict[str, Any], root: Path) -> Secret:
    if len(value) == 1 and isinstance(value.get("env"), str):
        return Secret(value["env"], None)
    if len(value) == 1 and isinstance(value.get("file"), str):
        return Secret(None, root / value["file"])
    raise part.problem(
        key,
        f'«{key}» phải là {{ env = "TÊN_BIẾN" }} hoặc {{ file = "keys/tệp" }}.',
        f'“{key}” must be {{ env = "NAME" }} or {{ file = "keys/name" }}.',
    )


def _table(value: Any, root: Path) -> Any:
    """A nested table of an adapter; `{ env = … }` and `{ file = … }` inside it are secrets."""
    if isinstance(value, list):
        return [_table(v, root) for v in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"env"} and isinstance(value["env"], str):
        return Secret(value["env"], None)
    if set(value) == {"file"} and isinstance(value["file"], str):
        return Secret(None, root / value["file"])
    return {k: _table(v, root) for k, v in value.items()}


def _later(step: Section) -> bool:
    value: str = step.take("later", str, "wait")
    if value not in ("wait", "next"):
        raise step.problem(
            "later", '«later» là "wait" hoặc "next".', '“later” is "wait" or "next".'
        )
    return value == "next"


def _routes(section: Section) -> dict[str, RouteSettings]:
    found = {}
    for name in section.values:
        part = Section(section.take(name, dict), f"routes.{name}", section.path, section.text)
        steps = []
        for values in part.required("steps", list):
            if not isinstance(values, dict):
                raise part.problem(
                    "steps",
                    '«steps» là danh sách như [ { gateway = "esms" } ].',
                    '“steps” is a list like [ { gateway = "esms" } ].',
                )
            step = Section(values, part.name, part.path, part.text)
            budget = step.take("budget", int)
            if budget is not None and budget < 0:
                raise step.problem("budget", "«budget» không âm.", "“budget” must not be negative.")
            steps.append(
                StepSettings(
                    _weights(step),
                    take_duration(step, "deadline", None),
                    step.take("accented", bool, False),
                    _later(step),
                    take_window(step, "window", None),
                    budget,
                )
            )
            step.close()
        one_per = part.take("one_per", str)
        if one_per not in (None, "phone", "household"):
            raise part.problem(
                "one_per",
                '«one_per» là "phone" hoặc "household".',
                '“one_per” is "phone" or "household".',
            )
        urgent = part.take("urgent", bool, False)
        found[name] = RouteSettings(tuple(steps), part.take("title", str, ""), one_per, urgent)
        part.close()
    return found


def _weights(step: Section) -> tuple[tuple[str, int], ...]:
    """`gateway = "esms"`, or several of one channel: `gateways = { esms = 70, viettel = 30 }`."""
    if "gateways" not in step.values:
        return ((step.required("gateway", str), 1),)
    given = step.take("gateways", (dict, list))
    weights = given if isinstance(given, dict) else dict.fromkeys(map(str, given), 1)
    whole = all(isinstance(w, int) and not isinstance(w, bool) and w >= 0 for w in weights.values())
    if "gateway" in step.values or not whole or not any(weights.values()):
        raise step.problem(
            "gateways",
            "«gateways» ghi như { esms = 70, viettel = 30 }, thay cho «gateway»; số 0 là dự phòng.",
            "“gateways” looks like { esms = 70, viettel = 30 }, instead of “gateway”; 0 is a "
            "reserve.",
        )
    return tuple(sorted(weights.items(), key=lambda w: -w[1]))
