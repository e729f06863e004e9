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
from dispatcher.domain.problems import Say
from dispatcher.domain.spelled import Carrier, Day, Duration, Hours, Words
from dispatcher.gateways.fields import HTTP, URL, SettingsTable, Unfit, setting

HEADS = "Tổ trưởng tổ dân phố"
DONG = Say("số đồng, không âm", "whole đồng, not below 0")
WARDS = setting(
    Say("Phường", "Wards"),
    looks=Say(
        'danh sách tên hay mã phường, hoặc "all"', 'a list of wards by name or code, or "all"'
    ),
)


class Organisation(SettingsTable, frozen=True):
    """[site]"""

    name: Annotated[str, setting(Say("Tên", "Name"), min_length=1)]
    mode: Annotated[
        Mode, setting(Say("drill: chạy thử; live: gửi thật", "drill: nothing leaves; live: real"))
    ] = Mode.DRILL
    language: Annotated[
        Literal["vi", "en"], setting(Say("Ngôn ngữ (vi, en)", "Language (vi, en)"))
    ] = "vi"
    database: Annotated[
        str,
        setting(
            Say(
                "Tệp SQLite trong trang, hoặc postgresql+psycopg://…",
                "A SQLite file inside the site, or postgresql+psycopg://…",
            ),
            min_length=1,
        ),
    ] = "data/site.db"
    key_file: Annotated[
        str, setting(Say("Tệp khóa của trang", "The file of the site's key"), min_length=1)
    ] = "data/keys/site.key"
    undo: Annotated[Duration, setting(Say("Thời gian được hủy sau khi phát", "Undo window"))] = (
        Duration(seconds=60)
    )


class Areas(SettingsTable, frozen=True):
    """[areas]"""

    set: Annotated[
        str,
        setting(
            Say("Bộ địa bàn, hoặc tệp CSV của trang", "The set of areas, or a CSV of the site"),
            min_length=1,
        ),
    ] = "ngo-quyen-2023"
    heads: Annotated[
        str,
        setting(Say("Nhóm các tổ trưởng", "The group of the heads of residential groups")),
    ] = HEADS


class SendingHours(SettingsTable, frozen=True):
    """[windows]"""

    default: Annotated[Hours, setting(Say("Khung giờ", "Window"))] = Hours("07:00-22:00")


class CourtesyRules(SettingsTable, frozen=True):
    """[courtesy]"""

    lunch: Annotated[Hours | None, setting(Say("Nghỉ trưa", "Noon"))] = None
    tet: Annotated[
        bool, setting(Say("Không bắt đầu gửi trong Tết", "Nothing starts during Tết"))
    ] = True


class Law(SettingsTable, frozen=True):
    """[law]"""

    urgent_despite_refusal: Annotated[
        bool,
        setting(
            Say(
                "Tin khẩn vẫn tới người đã từ chối tin thường",
                "An urgent text reaches whoever refused ordinary ones",
            )
        ),
    ] = True


class SendingLimits(SettingsTable, frozen=True):
    """[limits] Urgent texts and corrections keep to none of these."""

    per_person: (
        Annotated[int, setting(Say("Tin tối đa cho một người", "Most messages per person"), ge=1)]
        | None
    ) = None
    within: Annotated[Duration, setting(Say("trong thời gian", "within"))] = Duration(days=7)
    per_ward_day: (
        Annotated[
            int,
            setting(
                Say("Đợt tối đa một phường một ngày", "Most broadcasts per ward and day"), ge=1
            ),
        ]
        | None
    ) = None
    typed_above: Annotated[
        int,
        setting(Say("Gõ lại số người khi trên", "Number of people is typed above"), ge=1),
    ] = 5_000

    def __post_init__(self) -> None:
        if not self.within:
            msgspec.structs.force_setattr(self, "within", Duration(days=7))


class ExactPrice(SettingsTable, frozen=True):
    """[[prices.exact]]"""

    dong: Annotated[int, setting(Say("Giá", "Price"), looks=DONG, ge=0)]
    channel: Annotated[Literal["sms", "zalo", "zalo_uid"], setting(Say("Kênh", "Channel"))] = "sms"
    carrier: Annotated[
        Carrier | None, setting(Say("Nhà mạng; bỏ trống: mọi mạng", "Network; none: any"))
    ] = None
    kind: Annotated[
        Kind | None, setting(Say("Loại tin; bỏ trống: mọi loại", "Kind of text; none: any"))
    ] = None
    since: Annotated[Day | None, setting(Say("Áp dụng từ ngày", "In force from"))] = msgspec.field(
        default=None, name="from"
    )


class PriceList(SettingsTable, frozen=True):
    """[prices]"""

    sms: Annotated[int, setting(Say("SMS, mỗi phần", "SMS, per part"), looks=DONG, ge=0)] | None = (
        None
    )
    zalo: (
        Annotated[int, setting(Say("Zalo theo số điện thoại", "Zalo by phone"), looks=DONG, ge=0)]
        | None
    ) = None
    zalo_uid: (
        Annotated[int, setting(Say("Zalo theo tài khoản", "Zalo by user"), looks=DONG, ge=0)] | None
    ) = None
    exact: Annotated[
        list[ExactPrice],
        setting(Say("Giá theo mạng, loại tin và ngày", "Prices by network, kind and day")),
    ] = []


class Contacts(SettingsTable, frozen=True):
    """[contacts]"""

    birth_dates: Annotated[
        str,
        setting(
            Say(
                "Vì sao giữ ngày sinh; trống: không giữ",
                "Why dates of birth are kept; empty: they are not",
            )
        ),
    ] = ""

    def __post_init__(self) -> None:
        self.trim("birth_dates")


class Trust(SettingsTable, frozen=True):
    """[trust]"""

    numbers: Annotated[Words, setting(Say("Số của phường", "Numbers of the ward"))] = Words()


class Promotion(SettingsTable, frozen=True):
    """[promotion]"""

    consent: Annotated[
        str,
        setting(
            Say(
                "Nhóm người đã đồng ý nhận quảng cáo",
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
                "Nơi thứ hai giữ lời từ chối, ngoài cơ sở dữ liệu",
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
                "Nhớ bao lâu rằng một số không tới được",
                "How long it is remembered that a number could not be reached",
            )
        ),
    ] = Duration(days=30)
    sample_heads: Annotated[
        Words,
        setting(Say("Đầu số bịa, chỉ ở trang mẫu", "Invented heads, in sample sites only")),
    ] = Words()

    def __post_init__(self) -> None:
        if not self.remember:
            msgspec.structs.force_setattr(self, "remember", Duration(days=30))


class Web(SettingsTable, frozen=True):
    """[web]"""

    listen: Annotated[
        str,
        setting(
            Say("Nghe ở máy:cổng", "Listens on host:port"),
            looks=Say('máy:cổng như "127.0.0.1:8700"', 'host:port like "127.0.0.1:8700"'),
            pattern=r"^.*:\d{1,5}\Z",
        ),
    ] = "127.0.0.1:8700"
    public_url: Annotated[
        str,
        setting(Say("Địa chỉ từ bên ngoài", "Address from outside"), looks=URL, pattern=HTTP),
    ] = ""
    oidc: Annotated[
        OidcSettings,
        setting(Say("Đăng nhập qua nơi khác", "Signing in at a provider")),
    ] = OidcSettings()

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "public_url", self.public_url.rstrip("/"))


class SigningUnit(SettingsTable, frozen=True):
    """[senders.NAME]"""

    name: Annotated[str, setting(Say("Tên ký", "Signed as"), min_length=1)]
    brandname: Annotated[
        str,
        setting(
            Say("Tên định danh SMS", "SMS brandname"),
            looks=Say(
                "dài nhất 11 ký tự: chữ không dấu, số, - _ . và dấu cách, không toàn số "
                "(Nghị định 91/2020 điều 23)",
                "at most 11 Latin letters, digits, - _ . and spaces, not digits only "
                "(Decree 91/2020 art. 23)",
            ),
            pattern=r"^(?!\d+\Z)[A-Za-z0-9._ -]{0,11}\Z",
        ),
    ] = ""
    wards: Annotated[Words, WARDS] = Words()
    brandname_until: Annotated[
        Day | None, setting(Say("Tên định danh hết hạn", "Brandname ends"))
    ] = None
    contract_until: Annotated[Day | None, setting(Say("Hợp đồng hết hạn", "Contract ends"))] = None


class BudgetTable(SettingsTable, frozen=True):
    """[budgets.NAME] Whole đồng."""

    wards: Annotated[Words, WARDS] = Words()
    month: Annotated[int, setting(Say("Mỗi tháng", "A month"), ge=1)] | None = None
    contract: Annotated[int, setting(Say("Cả hợp đồng", "The contract"), ge=1)] | None = None
    contract_number: Annotated[str, setting(Say("Số hợp đồng", "Number of the contract"))] = ""

    def __post_init__(self) -> None:
        if not self.wards or (self.month is None and self.contract is None):
            raise Unfit(
                None,
                Say(
                    "ngân sách cần wards và ít nhất một trong month, contract.",
                    "a budget needs wards and at least one of month and contract.",
                ),
            )


GatewayName = Annotated[
    str,
    setting(
        Say("Tên cổng gửi", "The name of a gateway"),
        looks=Say("tên chỉ gồm chữ không dấu, số, - và _", "letters, digits, - and _ only"),
        pattern=r"^[A-Za-z0-9_-]{1,40}\Z",
    ),
]


class SiteSettings(SettingsTable, frozen=True):
    """dispatcher.toml"""

    site: Annotated[Organisation, setting(Say("Đơn vị", "Organisation"))]
    areas: Annotated[Areas, setting(Say("Địa bàn", "Areas"))] = Areas()
    windows: Annotated[SendingHours, setting(Say("Giờ gửi", "Hours"))] = SendingHours()
    courtesy: Annotated[CourtesyRules, setting(Say("Phép lịch sự", "Courtesy"))] = CourtesyRules()
    law: Annotated[Law, setting(Say("Người đã từ chối", "Those who refused"))] = Law()
    limits: Annotated[SendingLimits, setting(Say("Giới hạn", "Limits"))] = SendingLimits()
    prices: Annotated[PriceList, setting(Say("Giá mỗi tin", "Prices"))] = PriceList()
    contacts: Annotated[Contacts, setting(Say("Danh bạ", "Contacts"))] = Contacts()
    trust: Annotated[
        Trust, setting(Say("Số điện thoại được nêu trong tin", "Numbers that texts may name"))
    ] = Trust()
    promotion: Annotated[Promotion, setting(Say("Quảng cáo", "Advertising"))] = Promotion()
    backup: Annotated[BackupPlace, setting(Say("Sao lưu", "Backup"))] = BackupPlace()
    phones: Annotated[Phones, setting(Say("Số điện thoại", "Phones"))] = Phones()
    web: Annotated[Web, setting(Say("Địa chỉ", "Address"))] = Web()
    staff: Annotated[
        StaffSettings, setting(Say("Báo cho người của đơn vị", "How staff are told"))
    ] = StaffSettings()
    senders: Annotated[dict[str, SigningUnit], setting(Say("Đơn vị ký tên", "Senders"))] = {}
    budgets: Annotated[dict[str, BudgetTable], setting(Say("Ngân sách", "Budgets"))] = {}
    routes: Annotated[dict[str, RouteSettings], setting(Say("Thứ tự kênh gửi", "Routes"))] = {}
    gateways: Annotated[
        dict[GatewayName, dict[str, Any]], setting(Say("Cổng gửi", "Gateways"))
    ] = {}
