"""dispatcher.toml of a site, read once into frozen settings. Unknown keys are errors with a line.

Secrets are named here and fetched only when a live gateway is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path

import msgspec

from dispatcher.config.gateways import GatewaySettings, gateway_mistakes, read_gateway
from dispatcher.config.lines import lines, nearest
from dispatcher.config.oidc import OidcSettings
from dispatcher.config.routes import RouteSettings
from dispatcher.config.sections import read_text, read_toml
from dispatcher.config.settings import (
    HEADS,
    BudgetTable,
    PriceList,
    SendingLimits,
    SigningUnit,
    SiteSettings,
)
from dispatcher.config.staff import StaffSettings
from dispatcher.domain.areas import ward_key
from dispatcher.domain.model import Mode, Price, Sender, Window
from dispatcher.domain.problems import Problem, settings, unknown
from dispatcher.gateways.fields import secrets_in
from dispatcher.gateways.structs import Wrong, converted, mistakes
from dispatcher.i18n import Both, Joined, Say, catalogs

FILE = "dispatcher.toml"
DEFAULT_WINDOW = Window(time(7), time(22))


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
    limits: SendingLimits = field(default_factory=SendingLimits)
    budgets: Mapping[str, BudgetTable] = field(default_factory=dict)
    oidc: OidcSettings = field(default_factory=OidcSettings)
    second: Path | None = None  # where refusals are kept beside the database; None: see identity
    numbers: tuple[str, ...] = ()  # of the ward, that its texts may name beside 113, 156, 5656 …

    @property
    def data(self) -> Path:
        return self.root / "data"

    def secrets(self) -> list[str]:
        """Every secret of the gateways, by gateway and setting: never their values."""
        return [
            f"{name}.{key} ({secret.place})"
            for name, gateway in self.gateways.items()
            for key, secret in secrets_in(gateway.options)
            if secret.place
        ]

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
    """dispatcher.toml in `root`, or `text` as if it stood there.

    Everything that is wrong is named in one problem, each with file, line and key.
    """
    path = root / FILE
    text = read_text(path) if text is None else text
    document = read_toml(path, text)
    try:
        given: SiteSettings = converted(SiteSettings, document, root)
        gateways = {name: read_gateway(name, table, root) for name, table in given.gateways.items()}
    except (msgspec.ValidationError, KeyError, Problem) as error:
        wrong = list(_mistakes(document, root)) or [Wrong((), Both(str(error), str(error)))]
    else:
        wrong = list(_names(given, gateways))
    if wrong:
        raise _told(wrong, path.name, text)
    return _site(root, given, gateways)


def _mistakes(document: Mapping[str, object], root: Path) -> Iterator[Wrong]:
    yield from mistakes(SiteSettings, document, (), root)
    tables = document.get("gateways", {})
    for name, table in tables.items() if isinstance(tables, dict) else ():
        if isinstance(table, dict):
            yield from gateway_mistakes(name, table, root)


def _names(given: SiteSettings, gateways: Mapping[str, GatewaySettings]) -> Iterator[Wrong]:
    """Gateways that are named and are not there."""
    what = Say("gateway in [gateways]")
    chosen = given.staff.gateway
    if chosen and chosen not in gateways:
        yield Wrong(("staff", "gateway"), unknown(what, chosen, gateways).say)
    for name, route in given.routes.items():
        for index, step in enumerate(route.steps):
            for gateway, _ in step.weights:
                if gateway not in gateways:
                    at = ("routes", name, "steps", index, "gateway")
                    yield Wrong(at, unknown(what, gateway, gateways).say)


def _told(wrong: Sequence[Wrong], file: str, text: str) -> Problem:
    """One problem that names all of it, in the order of the file."""
    known = lines(text)
    found = sorted(((nearest(known, w.at), w.say) for w in wrong), key=lambda w: w[0])
    (first, say), *others = found
    more = [
        Joined("", [Both(f"{file}:{line}: ", f"{file}:{line}: "), what]) for line, what in others
    ]
    return settings("bad-setting", Joined("\n", [say, *more]), where=f"{file}:{first}")


def _site(root: Path, given: SiteSettings, gateways: Mapping[str, GatewaySettings]) -> Site:
    lunch = given.courtesy.lunch.window if given.courtesy.lunch else None
    second = given.backup.second
    return Site(
        root=root,
        name=given.site.name,
        mode=given.site.mode,
        language=given.site.language,
        database=_database(root, given.site.database),
        key_file=root / given.site.key_file,
        area_set=given.areas.set,
        heads=given.areas.heads,
        undo=given.site.undo,
        senders={name: _signer(unit) for name, unit in given.senders.items()},
        gateways=gateways,
        routes=given.routes,
        window=given.windows.default.window.resting(lunch),
        lunch=lunch,
        tet=given.courtesy.tet,
        urgent_despite_refusal=given.law.urgent_despite_refusal,
        staff=given.staff,
        limits=given.limits,
        budgets=given.budgets,
        sample_heads=tuple(given.phones.sample_heads),
        listen=given.web.listen,
        public_url=given.web.public_url,
        oidc=given.web.oidc,
        prices=_prices(given.prices),
        remember=given.phones.remember,
        second=root / second if second else None,
        numbers=tuple(given.trust.numbers),
        consent=given.promotion.consent,
        keep_birth_dates=given.contacts.birth_dates,
    )


def _database(root: Path, value: str) -> str:
    return value if "://" in value else f"sqlite:///{root / value}"


def _signer(unit: SigningUnit) -> tuple[tuple[str, ...], Sender]:
    """(the wards it signs for, how it signs)."""
    brandname_until = unit.brandname_until.plain if unit.brandname_until else None
    contract_until = unit.contract_until.plain if unit.contract_until else None
    return tuple(unit.wards), Sender(unit.name, unit.brandname, brandname_until, contract_until)


def _prices(given: PriceList) -> tuple[Price, ...]:
    """`sms = 500` for everything else, and [[prices.exact]] lines by carrier, kind and date."""
    usual = {"sms": given.sms, "zalo": given.zalo, "zalo_uid": given.zalo_uid}
    return (
        *(Price(key, None, None, None, dong) for key, dong in usual.items() if dong is not None),
        *(
            Price(
                p.channel,
                p.carrier and str(p.carrier),
                p.kind and p.kind.value,
                p.since and p.since.plain,
                p.dong,
            )
            for p in given.exact
        ),
    )
