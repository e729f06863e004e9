"""[staff]: how people who must act are told: a mail server, a gateway for short texts."""

from typing import Annotated, Literal

import msgspec

from dispatcher.gateways.fields import Secret, SettingsTable, UnfitSetting, setting
from dispatcher.i18n import Say

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class StaffSettings(SettingsTable, frozen=True):
    """[staff]"""

    smtp: Annotated[
        str,
        setting(
            Say(
                "Mail server, host:port; empty: no e-mail",
            )
        ),
    ] = ""
    tls: Annotated[
        Literal["starttls", "tls", "none"],
        setting(Say("Encryption; none with this machine only")),
    ] = "starttls"
    sender: Annotated[str, setting(Say("The address mail comes from"))] = msgspec.field(
        default="", name="from"
    )
    user: Annotated[str, setting(Say("User of the mail server"))] = ""
    password: Annotated[Secret | None, setting(Say("That user's password"))] = None
    gateway: Annotated[
        str,
        setting(
            Say(
                "The gateway of short texts to staff; empty: none",
            )
        ),
    ] = ""

    def __post_init__(self) -> None:
        self.trim("smtp", "sender", "user", "gateway")
        if self.tls == "none" and self.smtp and not self.is_here:
            raise UnfitSetting(
                "tls",
                Say(
                    "No mail goes over a network in the clear: tls is starttls or tls.",
                ),
            )
        if self.smtp and "@" not in self.sender:
            raise UnfitSetting("from", Say("“from” needs an address."))

    @property
    def host(self) -> str:
        return self.smtp.rpartition(":")[0] or self.smtp

    @property
    def port(self) -> int:
        port = self.smtp.rpartition(":")[2]
        return int(port) if port.isdigit() else 587

    @property
    def is_here(self) -> bool:
        """True for a mail server on this machine: a drill may use no other."""
        return self.host in LOOPBACK
