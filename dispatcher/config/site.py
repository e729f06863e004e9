"""dispatcher.toml of a site, read once into frozen settings. Unknown keys are errors with a line.

Secrets are named here and fetched only when a live gateway is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path

from dispatcher.config.gateways import GatewaySettings, Secret, read_gateways
from dispatcher.config.limits import BudgetSettings, Limits, read_budgets, read_limits
from dispatcher.config.oidc import OidcSettings, read_oidc
from dispatcher.config.prices import read_prices
from dispatcher.config.routes import RouteSettings, read_routes
from dispatcher.config.sections import Section, read_text, read_toml, take_duration, take_window
from dispatcher.config.staff import StaffSettings, read_staff
from dispatcher.domain.areas import ward_key
from dispatcher.domain.model import Mode, Price, Sender, Window
from dispatcher.domain.problems import settings, unknown
from dispatcher.i18n import Say, catalogs

FILE = "dispatcher.toml"
HEADS = "Tổ trưởng tổ dân phố"
DEFAULT_WINDOW = Window(time(7), time(22))
_BRANDNAME = re.compile(r"[A-Za-z0-9._ -]{1,11}")


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
    prices: tuple[Price, ...]
    remember: timedelta = timedelta(days=30)  # that an address could not be reached
    keep_birth_dates: str = ""  # why dates of birth are kept; empty: they are not
    consent: str = ""  # the group of people who agreed to advertising
    lunch: Window | None = None  # courtesy: nothing leaves at noon
    urgent_despite_refusal: bool = True  # an urgent text reaches whoever refused ordinary ones
    tet: bool = True  # courtesy: nothing starts from the eve to the third day of Tết
    staff: StaffSettings = field(default_factory=StaffSettings)
    heads: str = HEADS  # the group of the heads of residential groups
    limits: Limits = field(default_factory=Limits)
    budgets: Mapping[str, BudgetSettings] = field(default_factory=dict)
    oidc: OidcSettings = field(default_factory=OidcSettings)
    second: Path | None = None  # where refusals are kept beside the database; None: see identity
    numbers: tuple[str, ...] = ()  # of the ward, that its texts may name beside 113, 156, 5656 …

    @property
    def data(self) -> Path:
        return self.root / "data"

    def secrets(self) -> list[str]:
        """Every secret of the gateways, by gateway and setting: never their values."""
        found = []
        for name, gateway in self.gateways.items():
            for key, value in gateway.options.items():
                if isinstance(value, Secret):
                    found.append(f"{name}.{key} ({value.place})")
        return found

    def sender_for(self, ward_name: str, ward_code: str = "") -> Sender:
        """Who signs in a ward. In a drill a ward without a sender is named after itself."""
        for wards, sender in self.senders.values():
            keys = {ward_key(w) for w in wards}
            if "all" in keys or ward_key(ward_name) in keys or (ward_code and ward_code in keys):
                return sender
        if self.mode is Mode.LIVE:
            raise settings(
                "no-sender",
                Say(
                    "Ward {ward_name} has no [senders] entry, so it cannot send live.",
                    ward_name=ward_name,
                ),
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
            Say(
                "No {file} in {where} or above. Make one: dispatcher init DIR, or use --site.",
                file=FILE,
                where=where,
            ),
        )
    catalogs.correct_from(root.resolve())
    return parse(root.resolve())


def parse(root: Path, text: str | None = None) -> Site:
    """dispatcher.toml in `root`, or `text` as if it stood there."""
    path = root / FILE
    text = read_text(path) if text is None else text
    document = read_toml(path, text)
    top = Section(document, "", path, text)

    def section(name: str) -> Section:
        return Section(top.take(name, dict, {}), name, path, text)

    site = section("site")
    mode = site.take("mode", str, "drill")
    if mode not in set(Mode):
        raise site.problem(
            "mode",
            Say('“mode” is "drill" or "live".'),
        )
    language = site.take("language", str, "vi")
    if language not in ("vi", "en"):
        raise site.problem("language", Say('“language” is "vi" or "en".'))
    areas, windows, phones, web = (section(n) for n in ("areas", "windows", "phones", "web"))
    prices, contacts, trust, promotion, courtesy, law, backup = (
        section(n)
        for n in ("prices", "contacts", "trust", "promotion", "courtesy", "law", "backup")
    )
    second = backup.take("second", str, "").strip()
    lunch = take_window(courtesy, "lunch", None)
    found = Site(
        root=root,
        name=site.required("name", str),
        mode=Mode(mode),
        language=language,
        database=_database(root, site.take("database", str, "data/site.db")),
        key_file=root / site.take("key_file", str, "data/keys/site.key"),
        area_set=areas.take("set", str, "ngo-quyen-2023"),
        heads=areas.take("heads", str, HEADS),
        undo=take_duration(site, "undo", timedelta(seconds=60)) or timedelta(),
        senders=_senders(section("senders")),
        gateways=read_gateways(section("gateways"), root),
        routes=read_routes(section("routes")),
        window=take_window(windows, "default", DEFAULT_WINDOW).resting(lunch),
        lunch=lunch,
        tet=courtesy.take("tet", bool, True),
        urgent_despite_refusal=law.take("urgent_despite_refusal", bool, True),
        staff=read_staff(section("staff"), root),
        limits=read_limits(section("limits")),
        budgets=read_budgets(section("budgets")),
        sample_heads=phones.strings("sample_heads"),
        listen=web.take("listen", str, "127.0.0.1:8700"),
        public_url=web.take("public_url", str, "").rstrip("/"),
        oidc=read_oidc(web, root),
        prices=read_prices(prices),
        remember=take_duration(phones, "remember", None) or timedelta(days=30),
        second=root / second if second else None,
        numbers=trust.strings("numbers"),
        consent=promotion.take("consent", str, "").strip(),
        keep_birth_dates=contacts.take("birth_dates", str, "").strip(),
    )
    for part in (
        site, areas, windows, phones, web, prices, contacts, trust, promotion, courtesy,
        law, backup, top,
    ):  # fmt: skip
        part.close()
    if found.staff.gateway and found.staff.gateway not in found.gateways:
        problem = unknown(
            Say("gateway in [gateways]"),
            found.staff.gateway,
            found.gateways,
        )
        raise Section({}, "staff", path, text).problem("gateway", problem.say)
    for name, route in found.routes.items():
        for gateway in (g for step in route.steps for g, _ in step.weights):
            if gateway not in found.gateways:
                what = Say("gateway in [gateways]")
                problem = unknown(what, gateway, found.gateways)
                raise Section({}, f"routes.{name}", path, text).problem("steps", problem.say)
    return found


def _database(root: Path, value: str) -> str:
    return value if "://" in value else f"sqlite:///{root / value}"


def _senders(section: Section) -> dict[str, tuple[tuple[str, ...], Sender]]:
    found = {}
    for name in section.values:
        part = Section(section.take(name, dict), f"senders.{name}", section.path, section.text)
        brandname = part.take("brandname", str, "")
        if brandname and (not _BRANDNAME.fullmatch(brandname) or brandname.isdigit()):
            raise part.problem(
                "brandname",
                Say(
                    "“brandname” has at most 11 Latin letters, digits, - _ . and spaces, "
                    "not digits only (Decree 91/2020 art. 23)."
                ),
            )
        sender = Sender(
            part.required("name", str),
            brandname,
            part.take("brandname_until", date),
            part.take("contract_until", date),
        )
        found[name] = (part.strings("wards"), sender)
        part.close()
    return found
