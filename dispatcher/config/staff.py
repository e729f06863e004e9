"""[staff]: how people who must act are told: a mail server, a gateway for short texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatcher.config.gateways import Secret, read_secret
from dispatcher.config.sections import Section
from dispatcher.i18n import Say

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class StaffSettings:
    smtp: str = ""  # host:port; empty: no e-mail
    tls: str = "starttls"  # starttls | tls | none
    sender: str = ""
    user: str = ""
    password: Secret | None = None
    gateway: str = ""  # that carries short texts to staff; empty: none

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


def read_staff(section: Section, root: Path) -> StaffSettings:
    """Where staff are told. A password on the wire in the clear is refused."""
    tls = section.take("tls", str, "starttls")
    value: Any = section.take("password", dict)
    found = StaffSettings(
        section.take("smtp", str, "").strip(),
        tls,
        section.take("from", str, "").strip(),
        section.take("user", str, "").strip(),
        None if value is None else read_secret(section, "password", value, root),
        section.take("gateway", str, "").strip(),
    )
    if tls not in ("starttls", "tls", "none"):
        raise section.problem("tls", Say("“tls” is starttls, tls or none."))
    if tls == "none" and found.smtp and not found.is_here:
        raise section.problem(
            "tls",
            Say("No mail goes over a network in the clear: tls is starttls or tls."),
        )
    if found.smtp and "@" not in found.sender:
        raise section.problem("from", Say("“from” needs an address."))
    section.close()
    return found
