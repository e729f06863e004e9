"""A console of a test site, asked as a browser asks: cookies kept, tokens read from the page."""

from __future__ import annotations

import asyncio
import atexit
import re
import socket

import httpx
import pyotp

from dispatcher.api.v1 import routes
from dispatcher.domain.model import SYSTEM
from dispatcher.usecases import signing_in
from dispatcher.web.console import console
from dispatcher.worker.receipt_door import door

PASSWORD = "mèo xanh ăn sấm chớp"
LOOP = asyncio.new_event_loop()  # one for all browsers of a process
atexit.register(LOOP.close)
TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class Browser:
    """One browser with its cookies; asks the console in this process."""

    def __init__(self, made):
        transport = httpx.ASGITransport(made, raise_app_exceptions=True)
        self._client = httpx.AsyncClient(transport=transport, base_url="https://127.0.0.1")

    @property
    def cookies(self):
        return self._client.cookies

    def get(self, path, **more):
        return LOOP.run_until_complete(self._client.get(path, **more))

    def post(self, path, **more):
        return LOOP.run_until_complete(self._client.post(path, **more))


def serve(app, code="", twins=""):
    """A browser at the console of `app`, nobody signed in."""
    receipts = door(app.store, app.clock, {}, {})
    return Browser(console(app, receipts, routes(app), code, twins))


def token(client, path="/me"):
    found = TOKEN.search(client.get(path).text)
    assert found, path
    return found[1]


def sign_in(app, name, *, code=False, twins=""):
    """A client signed in as a person, who gets a password for it."""
    person = app.actor(name)
    secret = None
    with app.begin(SYSTEM)() as tx:
        signing_in.set_password(tx, person, PASSWORD)
        if code:
            secret = pyotp.parse_uri(signing_in.new_totp(tx, person, "thử"))
    client = serve(app, twins=twins)
    given = {"name": name, "password": PASSWORD, "csrf": token(client, "/sign-in")}
    if secret is not None:
        given["code"] = secret.at(app.clock())
    answer = client.post("/sign-in", data=given)
    assert answer.status_code == 303, answer.text
    client.secret = secret
    return client


def post(client, path, expect=303, files=None, **data):
    """A form sent with the token of the session."""
    given = {"csrf": token(client), **{k.replace("__", "."): v for k, v in data.items()}}
    answer = client.post(path, data=given, files=files)
    assert answer.status_code == expect, (path, answer.status_code, answer.text[:3000])
    return answer


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
