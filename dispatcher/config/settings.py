"""dispatcher.toml as structs: each section, its keys, what they may be and what they mean.

Read by `site.parse`, changed by `changing`, listed by `reference`: what stands here is true there.
Gateways are read by `gateways`, with the struct of their adapter.
"""

from typing import Annotated, Any, Literal

import msgspec

from dispatcher.config.oidc import OidcSettings
from dispatcher.config.routes import RouteSettings
from dispatcher.config.staff import StaffSettings
from dispatcher.domain.model import Kind, Mode
from dispatcher.domain.spelled import Carrier, Day, Duration, Hours, Words
from dispatcher.gateways.fields import HTTP, URL, SettingsTable, UnfitSetting, setting
from dispatcher.i18n import Say, pgettext

HEADS = "Tổ trưởng tổ dân phố"
DONG = Say("whole đồng, not below 0")
WARDS = setting(
    Say("Wards"),
    looks=Say('a list of wards by name or code, or "all"'),
)


class Organisation(SettingsTable, frozen=True):
    """[site]"""

    name: Annotated[str, setting(pgettext("thing", "Name"), min_length=1)]
    mode: Annotated[Mode, setting(Say("drill: nothing leaves; live: real"))] = Mode.DRILL
    language: Annotated[Literal["vi", "en"], setting(Say("Language (vi, en)"))] = "vi"
    database: Annotated[
        str,
        setting(
            Say(
                "A SQLite file inside the site, or postgresql+psycopg://…",
            ),
            min_length=1,
        ),
    ] = "data/site.db"
    key_file: Annotated[str, setting(Say("The file of the site's key"), min_length=1)] = (
        "data/keys/site.key"
    )
    undo: Annotated[Duration, setting(Say("Undo window"))] = Duration(seconds=60)


class Areas(SettingsTable, frozen=True):
    """[areas]"""

    set: Annotated[
        str,
        setting(
            Say("The set of areas, or a CSV of the site"),
            min_length=1,
        ),
    ] = "ngo-quyen-2023"
    heads: Annotated[
        str,
        setting(Say("The group of the heads of residential groups")),
    ] = HEADS


class SendingHours(SettingsTable, frozen=True):
    """[windows]"""

    default: Annotated[Hours, setting(Say("Window"))] = Hours("07:00-22:00")


class CourtesyRules(SettingsTable, frozen=True):
    """[courtesy]"""

    lunch: Annotated[Hours | None, setting(Say("Noon"))] = None
    tet: Annotated[bool, setting(Say("Nothing starts during Tết"))] = True


class Law(SettingsTable, frozen=True):
    """[law]"""

    urgent_despite_refusal: Annotated[
        bool,
        setting(
            Say(
                "An urgent text reaches whoever refused ordinary ones",
            )
        ),
    ] = True


class SendingLimits(SettingsTable, frozen=True):
    """[limits] Urgent texts and corrections keep to none of these."""

    per_person: Annotated[int, setting(Say("Most messages per person"), ge=1)] | None = None
    within: Annotated[Duration, setting(Say("within"))] = Duration(days=7)
    per_ward_day: (
        Annotated[
            int,
            setting(Say("Most broadcasts per ward and day"), ge=1),
        ]
        | None
    ) = None
    typed_above: Annotated[
        int,
        setting(Say("Number of people is typed above"), ge=1),
    ] = 5_000

    def __post_init__(self) -> None:
        if not self.within:
            msgspec.structs.force_setattr(self, "within", Duration(days=7))


class ExactPrice(SettingsTable, frozen=True):
    """[[prices.exact]]"""

    dong: Annotated[int, setting(Say("Price"), looks=DONG, ge=0)]
    channel: Annotated[Literal["sms", "zalo", "zalo_uid"], setting(Say("Channel"))] = "sms"
    carrier: Annotated[Carrier | None, setting(Say("Network; none: any"))] = None
    kind: Annotated[Kind | None, setting(Say("Kind of text; none: any"))] = None
    since: Annotated[Day | None, setting(Say("In force from"))] = msgspec.field(
        default=None, name="from"
    )


class PriceList(SettingsTable, frozen=True):
    """[prices]"""

    sms: Annotated[int, setting(Say("SMS, per part"), looks=DONG, ge=0)] | None = None
    zalo: Annotated[int, setting(Say("Zalo by phone"), looks=DONG, ge=0)] | None = None
    zalo_uid: Annotated[int, setting(Say("Zalo by user"), looks=DONG, ge=0)] | None = None
    exact: Annotated[
        list[ExactPrice],
        setting(Say("Prices by network, kind and day")),
    ] = []


class Contacts(SettingsTable, frozen=True):
    """[contacts]"""

    birth_dates: Annotated[
        str,
        setting(
            Say(
                "Why dates of birth are kept; empty: they are not",
            )
        ),
    ] = ""

    def __post_init__(self) -> None:
        self.trim("birth_dates")


class Trust(SettingsTable, frozen=True):
    """[trust]"""

    numbers: Annotated[Words, setting(Say("Numbers of the ward"))] = Words()


class Promotion(SettingsTable, frozen=True):
    """[promotion]"""

    consent: Annotated[
        str,
        setting(
            Say(
                "The group of people who agreed to advertising",
            )
        ),
    ] = ""

    def __post_init__(self) -> None:
        self.trim("consent")


class BackupPlace(SettingsTable, frozen=True):
    """[backup]"""

    second: Annotated[
        str,
        setting(
            Say(
                "Where refusals are kept beside the database",
            )
        ),
    ] = ""

    def __post_init__(self) -> None:
        self.trim("second")


class Phones(SettingsTable, frozen=True):
    """[phones]"""

    remember: Annotated[
        Duration,
        setting(
            Say(
                "How long it is remembered that a number could not be reached",
            )
        ),
    ] = Duration(days=30)
    sample_heads: Annotated[
        Words,
        setting(Say("Invented heads, in sample sites only")),
    ] = Words()

    def __post_init__(self) -> None:
        if not self.remember:
            msgspec.structs.force_setattr(self, "remember", Duration(days=30))


class Web(SettingsTable, frozen=True):
    """[web]"""

    listen: Annotated[
        str,
        setting(
            Say("Listens on host:port"),
            looks=Say('host:port like "127.0.0.1:8700"'),
            pattern=r"^.*:\d{1,5}\Z",
        ),
    ] = "127.0.0.1:8700"
    public_url: Annotated[
        str,
        setting(Say("Address from outside"), looks=URL, pattern=HTTP),
    ] = ""
    oidc: Annotated[
        OidcSettings,
        setting(Say("Signing in at a provider")),
    ] = OidcSettings()

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "public_url", self.public_url.rstrip("/"))


class SigningUnit(SettingsTable, frozen=True):
    """[senders.NAME]"""

    name: Annotated[str, setting(Say("Signed as"), min_length=1)]
    brandname: Annotated[
        str,
        setting(
            Say("SMS brandname"),
            looks=Say(
                "at most 11 Latin letters, digits, - _ . and spaces, not digits only "
                "(Decree 91/2020 art. 23)",
            ),
            pattern=r"^(?!\d+\Z)[A-Za-z0-9._ -]{0,11}\Z",
        ),
    ] = ""
    wards: Annotated[Words, WARDS] = Words()
    brandname_until: Annotated[Day | None, setting(Say("Brandname ends"))] = None
    contract_until: Annotated[Day | None, setting(Say("Contract ends"))] = None


class BudgetTable(SettingsTable, frozen=True):
    """[budgets.NAME] Whole đồng."""

    wards: Annotated[Words, WARDS] = Words()
    month: Annotated[int, setting(Say("A month"), ge=1)] | None = None
    contract: Annotated[int, setting(Say("The contract"), ge=1)] | None = None
    contract_number: Annotated[str, setting(Say("Number of the contract"))] = ""

    def __post_init__(self) -> None:
        if not self.wards or (self.month is None and self.contract is None):
            raise UnfitSetting(
                None,
                Say(
                    "a budget needs wards and at least one of month and contract.",
                ),
            )


GatewayName = Annotated[
    str,
    setting(
        Say("The name of a gateway"),
        looks=Say("letters, digits, - and _ only"),
        pattern=r"^[A-Za-z0-9_-]{1,40}\Z",
    ),
]


class SiteSettings(SettingsTable, frozen=True):
    """dispatcher.toml"""

    site: Annotated[Organisation, setting(Say("Organisation"))]
    areas: Annotated[Areas, setting(Say("Areas"))] = Areas()
    windows: Annotated[SendingHours, setting(pgettext("sending", "Hours"))] = SendingHours()
    courtesy: Annotated[CourtesyRules, setting(Say("Courtesy"))] = CourtesyRules()
    law: Annotated[Law, setting(Say("Those who refused"))] = Law()
    limits: Annotated[SendingLimits, setting(Say("Limits"))] = SendingLimits()
    prices: Annotated[PriceList, setting(Say("Prices"))] = PriceList()
    contacts: Annotated[Contacts, setting(Say("Contacts"))] = Contacts()
    trust: Annotated[Trust, setting(Say("Numbers that texts may name"))] = Trust()
    promotion: Annotated[Promotion, setting(Say("Advertising"))] = Promotion()
    backup: Annotated[BackupPlace, setting(Say("Backup"))] = BackupPlace()
    phones: Annotated[Phones, setting(Say("Phones"))] = Phones()
    web: Annotated[Web, setting(Say("Address"))] = Web()
    staff: Annotated[StaffSettings, setting(Say("How staff are told"))] = StaffSettings()
    senders: Annotated[dict[str, SigningUnit], setting(Say("Senders"))] = {}
    budgets: Annotated[dict[str, BudgetTable], setting(Say("Budgets"))] = {}
    routes: Annotated[dict[str, RouteSettings], setting(Say("Routes"))] = {}
    gateways: Annotated[dict[GatewayName, dict[str, Any]], setting(Say("Gateways"))] = {}
