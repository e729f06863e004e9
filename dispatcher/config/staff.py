"""[staff]: how people who must act are told: a mail server, a gateway for short texts."""

from typing import Annotated, Literal

import msgspec

from dispatcher.domain.problems import Say
from dispatcher.gateways.fields import Secret, SettingsTable, Unfit, setting

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class StaffSettings(SettingsTable, frozen=True):
    """[staff]"""

    smtp: Annotated[
        str,
        setting(
            Say(
                "Máy chủ thư, máy:cổng; trống: không có thư",
                "Mail server, host:port; empty: no e-mail",
            )
        ),
    ] = ""
    tls: Annotated[
        Literal["starttls", "tls", "none"],
        setting(Say("Mã hóa; none chỉ với máy này", "Encryption; none with this machine only")),
    ] = "starttls"
    sender: Annotated[str, setting(Say("Địa chỉ người gửi thư", "The address mail comes from"))] = (
        msgspec.field(default="", name="from")
    )
    user: Annotated[str, setting(Say("Tên đăng nhập máy chủ thư", "User of the mail server"))] = ""
    password: Annotated[
        Secret | None, setting(Say("Mật khẩu của tên ấy", "That user's password"))
    ] = None
    gateway: Annotated[
        str,
        setting(
            Say(
                "Cổng gửi tin ngắn cho người của đơn vị; trống: không có",
                "The gateway of short texts to staff; empty: none",
            )
        ),
    ] = ""

    def __post_init__(self) -> None:
        self.trim("smtp", "sender", "user", "gateway")
        if self.tls == "none" and self.smtp and not self.is_here:
            raise Unfit(
                "tls",
                Say(
                    "Không gửi thư qua mạng mà không mã hóa: tls là starttls hoặc tls.",
                    "No mail goes over a network in the clear: tls is starttls or tls.",
                ),
            )
        if self.smtp and "@" not in self.sender:
            raise Unfit(
                "from", Say('Thiếu địa chỉ người gửi: from = "…@…".', "“from” needs an address.")
            )

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
