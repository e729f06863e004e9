"""[web.oidc]: the provider of an organisation at which its people may sign in too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dispatcher.config.gateways import Secret, read_secret
from dispatcher.config.sections import Section
from dispatcher.config.staff import LOOPBACK
from dispatcher.i18n import Say


@dataclass(frozen=True)
class OidcSettings:
    issuer: str = ""  # https://…; empty: passwords only
    client_id: str = ""
    client_secret: Secret | None = None
    title: str = ""  # what the button says

    @property
    def is_here(self) -> bool:
        """True for a provider on this machine: a drill may use no other."""
        return (urlsplit(self.issuer).hostname or "") in LOOPBACK


def read_oidc(web: Section, root: Path) -> OidcSettings:
    """The provider, where there is one: over TLS unless it is this machine."""
    values = web.take("oidc", dict)
    if values is None:
        return OidcSettings()
    section = Section(values, "web.oidc", web.path, web.text)
    secret: Any = section.take("client_secret", dict)
    found = OidcSettings(
        section.required("issuer", str).rstrip("/"),
        section.required("client_id", str),
        None if secret is None else read_secret(section, "client_secret", secret, root),
        section.take("title", str, "").strip(),
    )
    if not found.issuer.startswith("https://") and not found.is_here:
        raise section.problem("issuer", Say("“issuer” must be https://…"))
    if found.client_secret is None:
        raise section.problem("client_secret", Say("“client_secret” is missing."))
    section.close()
    return found
