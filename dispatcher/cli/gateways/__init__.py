"""gateways: an account at a vendor, from setting it up to what it lets through."""

from dispatcher.cli.gateways import account, explain, looking, registrations, signing_in
from dispatcher.cli.gateways.group import gateways

__all__ = ["account", "explain", "gateways", "looking", "registrations", "signing_in"]
