"""[routes]: the ways of sending a site has written down."""

from typing import Annotated, Literal

from dispatcher.domain.problems import Say
from dispatcher.domain.spelled import Duration, Hours
from dispatcher.gateways.fields import SettingsTable, Unfit, setting

Weight = Annotated[int, setting(Say("Tỷ lệ", "Weight"), ge=0)]
SEVERAL = Say(
    "bảng { esms = 70, viettel = 30 }, thay cho «gateway»; số 0 là dự phòng",
    "a table { esms = 70, viettel = 30 }, instead of “gateway”; 0 is a reserve",
)


class StepSettings(SettingsTable, frozen=True):
    """One step of a route: a gateway, or several of one channel."""

    gateway: Annotated[str, setting(Say("Cổng gửi", "The gateway"))] = ""
    gateways: Annotated[
        dict[str, Weight] | list[str],
        setting(
            Say("Nhiều cổng cùng kênh, theo tỷ lệ", "Several gateways of one channel, by weight"),
            looks=SEVERAL,
        ),
    ] = {}
    deadline: Annotated[
        Duration | None,
        setting(Say("Chờ bao lâu rồi sang bước sau", "How long before the next step")),
    ] = None
    accented: Annotated[bool, setting(Say("SMS có dấu", "SMS with accents"))] = False
    later: Annotated[
        Literal["wait", "next"],
        setting(
            Say(
                "Ngoài giờ của nhà cung cấp: chờ, hay sang bước sau",
                "Outside a vendor's hours: wait, or go on to the next step",
            )
        ),
    ] = "wait"
    window: Annotated[
        Hours | None, setting(Say("Khung giờ riêng của bước", "Hours of this step alone"))
    ] = None
    budget: (
        Annotated[int, setting(Say("Nhiều nhất bao nhiêu đồng", "Most đồng it may cost"), ge=0)]
        | None
    ) = None

    def __post_init__(self) -> None:
        if not self.gateway and not self.gateways:
            raise Unfit(None, Say("bước thiếu «gateway».", "a step lacks “gateway”."))
        if self.gateways and (self.gateway or not any(w for _, w in self.weights)):
            raise Unfit(
                "gateways", Say(f"«gateways» là {SEVERAL.vi}.", f"“gateways” is {SEVERAL.en}.")
            )

    @property
    def weights(self) -> tuple[tuple[str, int], ...]:
        """Gateways of one channel, the heaviest first; weight 0 is a reserve."""
        if not self.gateways:
            return ((self.gateway, 1),)
        given = self.gateways
        weights = given if isinstance(given, dict) else dict.fromkeys(given, 1)
        return tuple(sorted(weights.items(), key=lambda w: -w[1]))


class RouteSettings(SettingsTable, frozen=True):
    """[routes.NAME] Ordered steps, and what choosing this route means for the whole broadcast."""

    steps: Annotated[
        list[StepSettings],
        setting(
            Say("Các bước theo thứ tự", "The steps in order"),
            looks=Say(
                'danh sách như [ { gateway = "esms" } ]', 'a list like [ { gateway = "esms" } ]'
            ),
        ),
    ]
    title: Annotated[str, setting(Say("Tên hiện ra", "The name people see"))] = ""
    one_per: Annotated[
        Literal["phone", "household"] | None,
        setting(Say("household: mỗi hộ một tin", "household: one message per household")),
    ] = None
    urgent: Annotated[
        bool,
        setting(Say("Đi trước, gửi ngay, cả ban đêm", "Ahead of all others, at once, at night")),
    ] = False
