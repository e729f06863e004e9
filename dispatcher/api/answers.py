"""What programs are answered, as it is sent and as the description tells it."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType, field

from dispatcher.domain.model import BroadcastState, Kind, MessageState, Mode, Registered


class ApiAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer. What has nothing to say is null, but for what says UNSET: that is left out."""


class FieldAnswer(ApiAnswer, frozen=True):
    """One field that does not fit: where it stands, and what may stand there."""

    field: str
    detail: str
    detail_vi: str


class ProblemAnswer(ApiAnswer, frozen=True):
    """What is wrong (RFC 9457). `title` is its code, which stays the same; `detail` is for people.
    `errors`: each field that does not fit."""

    title: str
    status: int
    detail: str
    detail_vi: str
    type: str = "about:blank"
    errors: tuple[FieldAnswer, ...] | UnsetType = UNSET


# --- contacts -----------------------------------------------------------------------------------


class ContactAnswer(ApiAnswer, frozen=True):
    """Somebody on a list, numbers masked. `source`, `row`: where they came from."""

    id: int
    name: str
    title: str
    ward: str
    residential_group: str | None
    phones: tuple[str, ...]
    source: str
    row: int | None


class ContactsAnswer(ApiAnswer, frozen=True):
    contacts: tuple[ContactAnswer, ...]


class ContactAddedAnswer(ApiAnswer, frozen=True):
    """`import`: what undo takes; `created`: nobody like them was there."""

    import_: int = field(name="import")
    created: bool


# --- broadcasts ---------------------------------------------------------------------------------


class AudienceAnswer(ApiAnswer, frozen=True):
    """For whom. `of`, `states`: a follow-up to these of another; `contacts`: a test."""

    wards: tuple[str, ...]
    residential_groups: tuple[str, ...]
    groups: tuple[str, ...]
    exclude_groups: tuple[str, ...]
    one_per: str
    of: int | UnsetType = UNSET
    states: tuple[str, ...] | UnsetType = UNSET
    contacts: tuple[int, ...] | UnsetType = UNSET


class PeriodAnswer(ApiAnswer, frozen=True):
    starts_at: str
    expires_at: str


class BroadcastAnswer(ApiAnswer, frozen=True):
    """A broadcast. `document`: its number and what is known of it; `sending`: from when until when
    it is sent, or would be if released now."""

    id: int
    title: str
    state: BroadcastState
    reason: str | None
    mode: Mode
    kind: Kind
    audience: AudienceAnswer
    document: dict[str, str]
    window: str
    at: str | None
    starts_at: str | None
    expires_at: str | None
    again: str
    sending: PeriodAnswer | None


class BroadcastStatesAnswer(BroadcastAnswer, frozen=True):
    """`states`: messages by state."""

    states: dict[str, int]


class BroadcastsAnswer(ApiAnswer, frozen=True):
    broadcasts: tuple[BroadcastAnswer, ...]


# --- what a release would do --------------------------------------------------------------------


class SampleAnswer(ApiAnswer, frozen=True):
    """One text as somebody would get it."""

    contact: str
    channel: str
    to: str
    carrier: str | None
    body: str
    encoding: str | None
    characters: int
    parts: int | None


class WorstAnswer(ApiAnswer, frozen=True):
    who: str
    amount: int
    value: str


class FindingAnswer(ApiAnswer, frozen=True):
    """`people` get no text on a step of the route; `worst`: a few of them."""

    rule: str
    channel: str
    what: str
    people: int
    worst: tuple[WorstAnswer, ...]
    message: str


class RemarkAnswer(ApiAnswer, frozen=True):
    rule: str
    severity: str
    message: str


class RegistrationAnswer(ApiAnswer, frozen=True):
    """What a text is worth today on one network of one step, and for how many people."""

    gateway: str
    form: str
    carrier: str
    template: str
    state: Registered
    people: int


class BudgetAnswer(ApiAnswer, frozen=True):
    """One limit of a budget now, in đồng."""

    budget: str
    period: str
    used: int
    most: int


class SavingAnswer(ApiAnswer, frozen=True):
    """`characters` less cost `people` one part less, `dong` in all."""

    channel: str
    characters: int
    parts: int
    people: int
    dong: int


class RangeAnswer(ApiAnswer, frozen=True):
    low: int
    high: int


class TodoAnswer(ApiAnswer, frozen=True):
    vi: str
    en: str


class WaitingAnswer(ApiAnswer, frozen=True):
    """Messages that wait for a gateway that lets nothing out."""

    gateway: str
    state: str
    since: str | None
    messages: int
    code: str
    todo: TodoAnswer


class ForecastAnswer(ApiAnswer, frozen=True):
    """When it would be through; null where nobody can say. `left`: who would not get theirs."""

    start: str
    finish: str | None
    latest: str | None
    expires: str
    left: int
    cost: RangeAnswer
    measured: bool
    waits: tuple[WaitingAnswer, ...]


class WayOutAnswer(ApiAnswer, frozen=True):
    """One thing that can be done so that more are in time."""

    code: str
    message: str
    expires_after: str | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET
    at: str | UnsetType = UNSET
    late: int | UnsetType = UNSET
    routes: tuple[str, ...] | UnsetType = UNSET
    people: int | UnsetType = UNSET


class LateAnswer(ApiAnswer, frozen=True):
    """How many would not be sent their text in time, of how many."""

    people: int
    of: int
    starts_at: str
    expires_at: str
    ways: tuple[WayOutAnswer, ...]


class TooLongAnswer(ApiAnswer, frozen=True):
    value: str
    longest: int
    allowed: int


class VendorAnswer(ApiAnswer, frozen=True):
    """What a vendor says of its own template, or the `problem` where it said nothing."""

    gateway: str
    problem: str | UnsetType = UNSET
    template: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    quota_left: int | UnsetType | None = UNSET
    enough_quota: bool | UnsetType | None = UNSET
    quality: str | UnsetType | None = UNSET
    price: int | UnsetType | None = UNSET
    price_by_id: int | UnsetType | None = UNSET
    too_long: tuple[TooLongAnswer, ...] | UnsetType = UNSET
    missing: tuple[str, ...] | UnsetType = UNSET
    unknown: tuple[str, ...] | UnsetType = UNSET


class PreviewAnswer(ApiAnswer, frozen=True):
    """What a release would do. `cost`: đồng by channel, and in all, per phone and household."""

    people: int
    queued: int
    skipped: dict[str, int]
    households: int
    parts: dict[str, int]
    parts_per_person: dict[str, int]
    cost: dict[str, int]
    samples: tuple[SampleAnswer, ...]
    remembered: dict[str, int]
    despite_refusal: int
    findings: tuple[FindingAnswer, ...]
    remarks: tuple[RemarkAnswer, ...]
    repeated: dict[str, int]
    again: str
    registrations: tuple[RegistrationAnswer, ...]
    can_go_today: int | None
    budgets: tuple[BudgetAnswer, ...]
    over_budget: BudgetAnswer | None
    savings: tuple[SavingAnswer, ...]
    forecast: ForecastAnswer | None
    late: LateAnswer | None
    starts_at: str | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET
    vendors: tuple[VendorAnswer, ...] | UnsetType = UNSET


# --- what became of it --------------------------------------------------------------------------


class SpentAnswer(ApiAnswer, frozen=True):
    """Per channel and gateway: accepted attempts, delivered ones, parts and đồng."""

    channel: str
    gateway: str
    accepted: int
    delivered: int
    parts: int
    cost: int


class PeopleAnswer(ApiAnswer, frozen=True):
    """People by what became of their message."""

    reached: int
    short: int
    through: int
    handed_over: int
    waiting: int
    failed: int
    unconfirmed: int
    late: int
    no_number: int
    not_sent: int


class PlaceAnswer(PeopleAnswer, frozen=True):
    """One residential group."""

    ward: str
    residential_group: str
    people: int


class ReportAnswer(ApiAnswer, frozen=True):
    """What became of a broadcast; money in đồng."""

    broadcast: int
    mode: Mode
    people: int
    counts: PeopleAnswer
    cost: int
    reached_twice: int
    reached_twice_cost: int
    channels: tuple[SpentAnswer, ...]
    groups: tuple[PlaceAnswer, ...]


class MessageAnswer(ApiAnswer, frozen=True):
    """One row of the delivery log, its number masked."""

    id: int
    broadcast: int
    contact: int | None
    ward: str
    residential_group: str | None
    state: MessageState
    reason: str | None
    code: str | None
    gateway: str | None
    channel: str | None
    phone: str | None
    carrier: str | None
    through: int | None
    tries: int
    changed_at: str
    parts_missing: str | None


class MessagesAnswer(ApiAnswer, frozen=True):
    messages: tuple[MessageAnswer, ...]
