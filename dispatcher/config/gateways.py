"""[gateways]: accounts at vendors: what all of them have, and the settings of their adapter."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from dispatcher.domain.problems import Problem
from dispatcher.domain.sms import STANDARD, Profile
from dispatcher.domain.spelled import CallTime, Thresholds
from dispatcher.gateways import adapter_module, options_of
from dispatcher.gateways.fields import Options, SettingsTable, UnfitSetting, setting
from dispatcher.gateways.structs import Where, Wrong, converted, lacks, mistakes
from dispatcher.i18n import Say

# What an account may do in one day or month: messages, or đồng.
QUOTAS = ("per_day", "per_month", "dong_per_day", "dong_per_month")


class PartCounts(SettingsTable, frozen=True):
    """[gateways.NAME.parts]: how many characters a part holds, as the contract says."""

    plain: Annotated[Thresholds | None, setting(Say("Texts without accents"))] = None
    promotion: Annotated[Thresholds | None, setting(Say("Advertising"))] = None
    accented: Annotated[Thresholds | None, setting(Say("Texts with accents"))] = None
    reserved: Annotated[
        int,
        setting(Say("Characters a network appends"), ge=0, le=60),
    ] = 0
    any_mark: Annotated[
        bool | None,
        setting(Say("A letter outside ASCII makes an accented text")),
    ] = None
    forbidden: Annotated[str | None, setting(Say("Characters that may not be sent"))] = None
    most: Annotated[int, setting(Say("Most parts"), ge=1, le=255)] | None = None

    def counted(self, known: Profile) -> Profile:
        """What the contract says, and for the rest what is known of the vendor."""
        plain, promotion, accented = (
            (table if given is None else given.table).keeping(self.reserved)
            for given, table in (
                (self.plain, known.plain),
                (self.promotion, known.promotion),
                (self.accented, known.accented),
            )
        )
        return Profile(
            plain,
            promotion,
            accented,
            known.any_mark if self.any_mark is None else self.any_mark,
            known.forbidden if self.forbidden is None else self.forbidden,
            self.most or known.most,
        )


class Account(SettingsTable, frozen=True):
    """[gateways.NAME]: what all gateways have, beside the settings of their adapter."""

    adapter: Annotated[
        str,
        setting(
            Say("The adapter"),
            looks=Say("the name of an adapter below"),
            min_length=1,
        ),
    ]
    per_second: Annotated[float, setting(Say("Most messages a second"), gt=0)] | None = None
    parts_per_second: (
        Annotated[
            float,
            setting(Say("Most parts a second, instead"), gt=0),
        ]
        | None
    ) = None
    in_flight: Annotated[int, setting(Say("Calls open at once"), ge=1)] | None = None
    timeout: Annotated[CallTime, setting(Say("How long a whole call may take"))] = CallTime(
        seconds=20
    )
    per_day: Annotated[int, setting(Say("Most messages a day"), ge=1)] | None = None
    per_month: Annotated[int, setting(Say("Most messages a month"), ge=1)] | None = None
    dong_per_day: Annotated[int, setting(Say("Most đồng a day"), ge=1)] | None = None
    dong_per_month: Annotated[int, setting(Say("Most đồng a month"), ge=1)] | None = None
    free: Annotated[bool, setting(Say("Its messages cost nothing"))] = False
    registered: Annotated[
        bool,
        setting(Say("It lets through registered texts only")),
    ] = False
    odd_reports: Annotated[
        int,
        setting(
            Say(
                "Per cent of an hour's reports that may be of no use, without an alarm",
            ),
            ge=1,
            le=100,
        ),
    ] = 20
    callback: Annotated[
        int,
        setting(
            Say("Counted up, the callback address changes"),
            ge=0,
        ),
    ] = 1
    parts: Annotated[PartCounts, setting(Say("How the contract counts parts"))] = PartCounts()

    def __post_init__(self) -> None:
        if self.per_second is not None and self.parts_per_second is not None:
            raise UnfitSetting(
                "parts_per_second",
                Say(
                    "set “per_second” or “parts_per_second”, not both.",
                ),
            )

    @property
    def most(self) -> Mapping[str, int]:
        """Of QUOTAS: how many, or how much."""
        return {key: most for key in QUOTAS if (most := getattr(self, key)) is not None}


class GatewaySettings(Account, frozen=True, kw_only=True):
    """An account: its name, its adapter's own settings, and how it counts and bills parts."""

    name: str
    options: Any = {}  # the struct of its adapter
    profile: Profile = STANDARD


def read_gateway(name: str, table: Mapping[str, object], root: Path) -> GatewaySettings:
    """One [gateways.…]; msgspec.ValidationError or Problem when it is none."""
    adapter = str(table["adapter"])
    own, rest = _divided(table, options_of(adapter))
    account: Account = converted(Account, rest, root)
    given = {key: getattr(account, key) for key in Account.__struct_fields__}
    known: Profile = getattr(adapter_module(adapter), "PROFILE", STANDARD)
    return GatewaySettings(
        **given,
        name=name,
        options=converted(options_of(adapter), own, root),
        profile=account.parts.counted(known),
    )


def gateway_mistakes(name: str, table: Mapping[str, object], root: Path) -> Iterator[Wrong]:
    """Everything that is wrong with one [gateways.…]."""
    at: Where = ("gateways", name)
    adapter = table.get("adapter", "")
    if not adapter:
        yield Wrong((*at, "adapter"), lacks(at, "adapter"))
        return
    if not isinstance(adapter, str):
        yield from mistakes(_field("adapter"), adapter, (*at, "adapter"), root)
        return
    try:
        options = options_of(adapter)
    except Problem as problem:
        yield Wrong((*at, "adapter"), problem.say)
        return
    own, rest = _divided(table, options)
    yield from mistakes(Account, rest, at, root, also=options.__struct_encode_fields__)
    yield from mistakes(options, own, at, root)


def _field(name: str) -> Any:
    return next(f.type for f in msgspec.structs.fields(Account) if f.name == name)


def _divided(
    table: Mapping[str, object], options: type[Options]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what the adapter reads, what all gateways have)."""
    own = {k: v for k, v in table.items() if k in options.__struct_encode_fields__}
    return own, {k: v for k, v in table.items() if k not in own}
