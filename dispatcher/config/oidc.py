"""[web.oidc]: the provider of an organisation at which its people may sign in too."""

from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from dispatcher.config.staff import LOOPBACK
from dispatcher.gateways.fields import Secret, SettingsTable, UnfitSetting, setting
from dispatcher.i18n import Say


class OidcSettings(SettingsTable, frozen=True):
    """[web.oidc]"""

    issuer: Annotated[str, setting(Say("The provider, https://…"))] = ""
    client_id: Annotated[str, setting(Say("Our id there"))] = ""
    client_secret: Annotated[Secret | None, setting(Say("Our key there"))] = None
    title: Annotated[str, setting(Say("What the button says"))] = ""

    def __post_init__(self) -> None:
        self.trim("title")
        msgspec.structs.force_setattr(self, "issuer", self.issuer.rstrip("/"))
        if not (self.issuer or self.client_id or self.client_secret or self.title):
            return
        for key in ("issuer", "client_id", "client_secret"):
            if not getattr(self, key):
                raise UnfitSetting(None, Say("[web.oidc] lacks “{key}”.", key=key))
        if not self.issuer.startswith("https://") and not self.is_here:
            raise UnfitSetting("issuer", Say("“issuer” must be https://…"))

    @property
    def is_here(self) -> bool:
        """True for a provider on this machine: a drill may use no other."""
        return (urlsplit(self.issuer).hostname or "") in LOOPBACK
