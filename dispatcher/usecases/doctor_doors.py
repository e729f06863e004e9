"""What the doctor says of a site's doors: does anybody answer, and who can listen in?"""

from __future__ import annotations

import ipaddress
import urllib.error
import urllib.request
from http.client import HTTPException

from dispatcher.domain.model import Mode
from dispatcher.i18n import Say
from dispatcher.usecases.checked import Finding, Opening

WAIT = 10  # seconds for an answer of `/health`


def callbacks(opening: Opening) -> Finding:
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
                "There is no [web] public_url: receipts cannot come back.",
            ),
        )
    status, words = _asked(f"{url}/health")
    if status == 200 and words == "ok":
        fine = Say("The receipt door answers at {url}", url=url)
        return "callbacks", True, fine
    if status == 503:
        unwell = Say(
            "The receipt door at {url} answers, but something is wrong ({words}); "
            "see the other lines here and the log of dispatcher run.",
            url=url,
            words=words or "503",
        )
        return "callbacks", False, unwell
    if status:
        other = Say(
            "Something else answers at {url} (/health: {status}); point that "
            "address to dispatcher run --web.",
            url=url,
            status=status,
        )
        return "callbacks", False, other
    gone = Say(
        "Nobody answers at {url}; run dispatcher run --web and open the port.",
        url=url,
    )
    return "callbacks", False, gone


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
            "on the way can read passwords. Set [web] listen to 127.0.0.1:8700, or "
            'put a TLS server in front and set [web] public_url = "https://…".',
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
