"""[routes]: the ways of sending a site has written down."""

from typing import Annotated, Literal

from dispatcher.domain.spelled import Duration, Hours
from dispatcher.gateways.fields import SettingsTable, UnfitSetting, setting
from dispatcher.i18n import Say

Weight = Annotated[int, setting(Say("Weight"), ge=0)]
SEVERAL = Say(
    "a table { esms = 70, viettel = 30 }, instead of “gateway”; 0 is a reserve",
)


class StepSettings(SettingsTable, frozen=True):
    """One step of a route: a gateway, or several of one channel."""

    gateway: Annotated[str, setting(Say("The gateway"))] = ""
    gateways: Annotated[
        dict[str, Weight] | list[str],
        setting(
            Say("Several gateways of one channel, by weight"),
            looks=SEVERAL,
        ),
    ] = {}
    deadline: Annotated[
        Duration | None,
        setting(Say("How long before the next step")),
    ] = None
    accented: Annotated[bool, setting(Say("SMS with accents"))] = False
    later: Annotated[
        Literal["wait", "next"],
        setting(
            Say(
                "Outside a vendor's hours: wait, or go on to the next step",
            )
        ),
    ] = "wait"
    window: Annotated[Hours | None, setting(Say("Hours of this step alone"))] = None
    budget: Annotated[int, setting(Say("Most đồng it may cost"), ge=0)] | None = None

    def __post_init__(self) -> None:
        if not self.gateway and not self.gateways:
            raise UnfitSetting(None, Say("a step lacks “gateway”."))
        if self.gateways and (self.gateway or not any(w for _, w in self.weights)):
            raise UnfitSetting("gateways", Say("“gateways” is {several}.", several=SEVERAL))

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
            Say("The steps in order"),
            looks=Say('a list like [ { gateway = "esms" } ]'),
        ),
    ]
    title: Annotated[str, setting(Say("The name people see"))] = ""
    one_per: Annotated[
        Literal["phone", "household"] | None,
        setting(Say("household: one message per household")),
    ] = None
    urgent: Annotated[
        bool,
        setting(Say("Ahead of all others, at once, at night")),
    ] = False
