"""What the doctor says of a site's doors: does anybody answer, and who can listen in?"""

from __future__ import annotations

import ipaddress
import urllib.error
import urllib.request
from http.client import HTTPException

from dispatcher.domain.model import Mode
from dispatcher.domain.outages import Level
from dispatcher.i18n import Say
from dispatcher.usecases.checked import Checked, Finding, Opening

WAIT = 10  # seconds for an answer of `/health`


def callbacks(opening: Opening) -> Finding | Checked:
    """Receipts come back over `public_url`: is somebody there, and well?"""
    site = opening.open_site()
    url = site.public_url
    if site.mode is Mode.DRILL:
        said = Say("A drill: receipts stay on this machine")
        return "callbacks", True, said
    if not url:
        return (
            "callbacks",
            False,
            Say(
                "This machine has no address from outside: receipts cannot come back.",
            ),
        )
    status, words = _asked(f"{url}/health")
    if status == 200 and words == "ok":
        fine = Say("The receipt door answers at {url}", url=url)
        return "callbacks", True, fine
    if status == 503:
        unwell = Say(
            "The receipt door at {url} answers, but something is wrong ({words}).",
            url=url,
            words=words or "503",
        )
        return Checked("callbacks", False, unwell, Level.WARN, step="callbacks-unwell")
    if status:
        other = Say(
            "Something else answers at {url} (/health: {status}).",
            url=url,
            status=status,
        )
        return Checked("callbacks", False, other, Level.WARN, step="callbacks-elsewhere")
    gone = Say("Nobody answers at {url}.", url=url)
    return Checked("callbacks", False, gone, Level.WARN, step="callbacks-closed")


def _asked(url: str) -> tuple[int, str]:
    """(status, the first words) of an address; status 0 when nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=WAIT) as answer:
            return answer.status, answer.read(60).decode("utf-8", "replace").strip()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(60).decode("utf-8", "replace").strip()
    except (OSError, ValueError, HTTPException):
        return 0, ""


def listening(opening: Opening) -> Finding:
    """Whoever listens beyond this machine needs TLS in front: passwords pass here."""
    site = opening.open_site()
    host, _, _ = site.listen.rpartition(":")
    if stays_here(host):
        here = Say("The console is open to this machine only")
        return "listening", True, here
    if site.public_url.startswith("https://"):
        behind = Say(
            "The console is open at {listen}, behind TLS at {public_url}",
            listen=site.listen,
            public_url=site.public_url,
        )
        return "listening", True, behind
    return (
        "listening",
        False,
        Say(
            "The console is open to the network at {listen} without TLS: anybody "
            "on the way can read passwords.",
            listen=site.listen,
        ),
    )


def stays_here(host: str) -> bool:
    """True for a host that only this machine reaches."""
    bare = host.strip().strip("[]")
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare.casefold() == "localhost"
