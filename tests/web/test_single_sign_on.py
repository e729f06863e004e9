"""Signing in at a provider over real HTTP: only a verified person of this site comes in."""

import pytest
from browser import serve
from conftest import build_site
from provider import Provider

from dispatcher.config import parse
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.domain.problems import Problem
from dispatcher.usecases.context import open_app


@pytest.fixture
def provider():
    found = Provider()
    yield found
    found.close()


@pytest.fixture
def site(tmp_path, provider, monkeypatch, clock):
    monkeypatch.setenv("OIDC_WORD", "word")
    folder = build_site(tmp_path / "site")
    with (folder / "dispatcher.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[web.oidc]\nissuer = "{provider.issuer}"\nclient_id = "ward"\n'
                   'client_secret = { env = "OIDC_WORD" }\ntitle = "Đăng nhập một cửa"\n')  # fmt: skip
    app = open_app(parse(folder), clock)
    provider.now = int(clock().timestamp())
    with app.begin(SYSTEM)() as tx:
        people.add(tx, "lan", "Nguyễn Thị Lan", Role.OFFICER, [], email="Lan@phuong.example")
        people.add(tx, "minh", "Trần Văn Minh", Role.LEADER, [], email="minh@phuong.example")
    yield app
    app.store.close()


def go_and_come_back(client, provider, **changes):
    left = client.get("/sign-in/elsewhere")
    assert left.status_code == 303
    return client.get(
        "/sign-in/back", params={**provider.sign_in(left.headers["location"]), **changes}
    )


def test_whoever_the_provider_vouches_for_comes_in(site, provider):
    client = serve(site)
    assert "Đăng nhập một cửa" in client.get("/sign-in").text
    assert go_and_come_back(client, provider).status_code == 303
    assert "lan</a> (cán bộ)" in client.get("/me").text
    with site.store.read(SYSTEM) as tx:
        facts = tx.rows("SELECT act, noun FROM trail ORDER BY id DESC LIMIT 3")
    assert ("signed_in", "person") in {(f["act"], f["noun"]) for f in facts}


@pytest.mark.parametrize("lie", ["nonce", "audience", "expired", "speaks for another", "key",
                                 "unsigned", "issuer"])  # fmt: skip
def test_a_provider_that_lies_lets_nobody_in(site, provider, lie):
    client = serve(site)
    left = client.get("/sign-in/elsewhere").headers["location"]
    provider.lies = {lie}
    answer = client.get("/sign-in/back", params=provider.sign_in(left))
    assert answer.status_code == 409
    assert client.get("/").headers["location"] == "/sign-in"


@pytest.mark.parametrize("claims", [
    {"email": "la@phuong.example"}, {"email_verified": False}, {"email_verified": "true"},
    {"email": ""},
])  # fmt: skip
def test_an_unknown_or_unverified_address_is_nobody(site, provider, claims):
    provider.claims |= claims
    client = serve(site)
    assert go_and_come_back(client, provider).status_code == 409
    assert client.get("/").headers["location"] == "/sign-in"


def test_a_sign_in_begun_elsewhere_stale_or_used_twice_is_refused(site, provider, clock):
    client, other = serve(site), serve(site)
    left = client.get("/sign-in/elsewhere").headers["location"]
    query = provider.sign_in(left)
    assert other.get("/sign-in/back", params=query).status_code == 409  # another browser
    assert client.get("/sign-in/back", params={**query, "state": "x"}).status_code == 409
    assert client.get("/sign-in/back", params={**query, "iss": "https://x"}).status_code == 409
    assert client.get("/sign-in/back", params=query).status_code == 303
    assert client.get("/sign-in/back", params=query).status_code == 409  # the code is used up
    late = serve(site)
    left = late.get("/sign-in/elsewhere").headers["location"]
    clock.advance(minutes=11)
    assert late.get("/sign-in/back", params=provider.sign_in(left)).status_code == 409


def test_a_disabled_person_stays_out_and_an_absent_provider_is_a_sentence(site, provider):
    with site.begin(SYSTEM)() as tx:
        people.disable(tx, site.actor("lan").person_id)
    client = serve(site)
    assert go_and_come_back(client, provider).status_code == 409
    provider.close()
    answer = client.get("/sign-in/elsewhere")
    assert answer.status_code == 400
    assert "mật khẩu" in answer.text


def test_a_provider_is_reached_safely_or_not_at_all(tmp_path):
    folder = build_site(tmp_path / "site")
    place = folder / "dispatcher.toml"
    text = place.read_text("utf-8")
    for issuer in ("http://sso.phuong.example", "sso"):
        place.write_text(text + f'\n[web.oidc]\nissuer = "{issuer}"\nclient_id = "x"\n'
                         'client_secret = { env = "X" }\n', encoding="utf-8")  # fmt: skip
        with pytest.raises(Problem, match="https"):
            parse(folder)
    place.write_text(text + '\n[web.oidc]\nissuer = "https://sso.phuong.example"\nclient_id = "x"\n'
                     'client_secret = { env = "X" }\n', encoding="utf-8")  # fmt: skip
    client = serve(open_app(parse(folder)))
    assert client.get("/sign-in/elsewhere").status_code == 404  # a drill asks nobody outside
