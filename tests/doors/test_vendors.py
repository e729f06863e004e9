"""gateways login, balance, templates, verify-webhook, and the replies people write."""

import json
import os

import pytest
from conftest import ROOT, build_site, run_cli

from dispatcher.config import parse
from dispatcher.db.queue import gateways
from dispatcher.domain.model import SYSTEM
from dispatcher.gateways import zalo_reports
from dispatcher.gateways.contract import Reply
from dispatcher.usecases.context import open_app
from dispatcher.worker.receiving import answer_back

pytestmark = pytest.mark.long  # each starts the program several times

LIVE = """[gateways.zalo]
adapter = "zalo"
oa_id = "777"
app_id = "42"
app_secret = {{ env = "ZALO_APP_SECRET" }}
oa_secret = {{ env = "ZALO_OA_SECRET" }}
base_url = "{base}/zalo"
oauth_url = "{base}/zalo"
oa_url = "{base}/zalo"
redirect_uri = "https://phuong.example/zalo"
"""
SECRETS = {"ZALO_APP_SECRET": "app-secret-1", "ZALO_OA_SECRET": "oa-secret-1",
           "ESMS_API_KEY": "drill-api_key", "ESMS_SECRET_KEY": "s3cret"}  # fmt: skip


@pytest.fixture
def live(tmp_path, twins):
    """A live site whose vendors are twins on this machine."""
    return build_site(
        tmp_path / "site", "data/site.db", ('mode = "drill"', 'mode = "live"'),
        ('[gateways.zalo]\nadapter = "zalo"\n', LIVE.format(base=twins.url)),
        ('[gateways.esms]\nadapter = "esms"\n',
         f'[gateways.esms]\nadapter = "esms"\nbase_url = "{twins.base("esms")}"\n'
         'api_key = {{ env = "ESMS_API_KEY" }}\nsecret_key = {{ env = "ESMS_SECRET_KEY" }}\n'
         .replace("{{", "{").replace("}}", "}")),
    )  # fmt: skip


def cli(site, *words, stdin=""):
    return run_cli("--site", str(site), *words, stdin=stdin, env={**SECRETS, "NO_COLOR": "1"})


def stored(site):
    app = open_app(parse(site))
    try:
        with app.store.read(SYSTEM) as tx:
            row = gateways.tokens(tx, "zalo")
            return None if row is None else (row["access"], row["refresh"])
    finally:
        app.store.close()


def test_a_pasted_pair_signs_an_account_in_and_the_account_answers(live, twins):
    pair = twins.ask("/zalo/_twin/grant", {})
    text = f"{pair['access_token']}\n{pair['refresh_token']}\n"
    said = cli(live, "gateways", "login", "zalo", "--paste", stdin=text)
    assert said.returncode == 0, said.stderr
    assert pair["access_token"] not in said.stdout + said.stderr
    assert stored(live) == (pair["access_token"], pair["refresh_token"])
    told = json.loads(cli(live, "gateways", "balance", "zalo", "--json").stdout)
    assert (told["remainingQuota"], told["oaCurrentQuality"]) == ("1000000", "HIGH")
    found = json.loads(cli(live, "gateways", "templates", "zalo", "--json").stdout)
    assert len(found) == 120, "more than one page"
    assert found[0]["params"][0] == {"name": "don_vi", "longest": 30, "required": True}
    assert found[0]["price"] == 200


def test_a_dead_access_token_is_renewed_once_while_asking(live, twins):
    pair = twins.ask("/zalo/_twin/grant", {})
    text = json.dumps({"access_token": "dead-token", "refresh_token": pair["refresh_token"]})
    cli(live, "gateways", "login", "zalo", "--paste", stdin=text)
    assert cli(live, "gateways", "balance", "zalo").returncode == 0
    assert stored(live)[0] not in ("dead-token", pair["access_token"])
    dead = json.dumps({"access_token": "dead-token", "refresh_token": "dead-refresh"})
    cli(live, "gateways", "login", "zalo", "--paste", stdin=dead)
    said = cli(live, "gateways", "balance", "zalo")
    assert said.returncode == 5
    assert "-124" in said.stderr


@pytest.mark.parametrize("text", ["", "one-token\n", "a b c", "same-token same-token",
                                  '{"access_token": "abcd"}'])  # fmt: skip
def test_anything_but_two_tokens_stores_nothing(live, text):
    said = cli(live, "gateways", "login", "zalo", "--paste", stdin=text)
    assert said.returncode == 2
    assert stored(live) is None


def test_consent_is_begun_allowed_and_taken_back_only_by_its_own_answer(live):
    shown = json.loads(cli(live, "gateways", "login", "zalo", "--json").stdout)["open"]
    query = dict(p.split("=", 1) for p in shown.partition("?")[2].split("&"))
    assert query["app_id"] == "42"
    assert len(query["code_challenge"]) == 43
    back = "https://phuong.example/zalo?code=good-code&oa_id={oa}&state={state}"
    stranger = back.format(oa="777", state="someone-else")
    assert cli(live, "gateways", "login", "zalo", "--callback", stdin=stranger).returncode == 2
    again = cli(live, "gateways", "login", "zalo", "--callback", stdin=stranger)
    assert again.returncode == 2  # used up: a consent is answered once
    shown = json.loads(cli(live, "gateways", "login", "zalo", "--json").stdout)["open"]
    state = shown.partition("state=")[2]
    other = back.format(oa="888", state=state)
    assert cli(live, "gateways", "login", "zalo", "--callback", stdin=other).returncode == 3
    assert stored(live) is None
    shown = json.loads(cli(live, "gateways", "login", "zalo", "--json").stdout)["open"]
    good = back.format(oa="777", state=shown.partition("state=")[2])
    said = cli(live, "gateways", "login", "zalo", "--callback", stdin=good)
    assert said.returncode == 0, said.stderr
    assert stored(live)[0].startswith("access")


def test_balance_and_templates_of_esms(live):
    told = cli(live, "gateways", "balance", "esms")
    assert "1.000.000.000 đ" in told.stdout
    found = json.loads(cli(live, "gateways", "templates", "esms", "--sender", "X", "--json").stdout)
    assert [t["network"] for t in found] == ["Viettel", "MobiFone", "VinaPhone"]


def test_a_drill_asks_no_real_account(tmp_path):
    site = build_site(tmp_path / "site")
    for words in (("balance", "esms"), ("templates", "zalo"), ("login", "zalo")):
        said = cli(site, "gateways", *words)
        assert said.returncode == 3, said.stderr
    assert cli(site, "gateways", "login", "esms").returncode == 2


def test_a_pasted_webhook_event_is_verified(live):
    body = json.dumps({"event_name": "user_received_message", "app_id": "42",
                       "timestamp": "17", "message": {"msg_id": "m"}})  # fmt: skip
    mac = zalo_reports.signature("42", body.encode(), "17", "oa-secret-1")
    for claimed, verified, code in ((mac, True, 0), ("0" * 64, False, 1)):
        event = json.dumps({"headers": {"X-ZEvent-Signature": f"mac={claimed}"}, "body": body})
        said = cli(live, "gateways", "verify-webhook", "zalo", "--json", stdin=event)
        assert said.returncode == code, said.stderr
        assert json.loads(said.stdout)["verified"] is verified
    for text in ("", "[]", "{}", "not json"):
        assert cli(live, "gateways", "verify-webhook", "zalo", stdin=text).returncode == 2


def test_replies_are_shown_to_those_who_may_read_them(tmp_path):
    site = build_site(tmp_path / "site")
    app = open_app(parse(site))
    with app.begin(SYSTEM)() as tx:
        answer_back(tx, "esms", Reply("+84951234567", "Bà con cảm ơn phường"))
        answer_back(tx, "esms", Reply("+84951234567", "Huy"))
    app.store.close()
    [waiting] = json.loads(cli(site, "log", "replies", "--waiting", "--json").stdout)
    assert (waiting["text"], waiting["wish"], waiting["look"]) == ("Huy", "unclear", "waiting")
    reply = str(waiting["id"])
    assert cli(site, "contacts", "reply", reply).returncode == 2
    assert cli(site, "contacts", "reply", reply, "--stop").returncode == 3, "of a stranger"
    assert cli(site, "contacts", "reply", reply, "--dismiss").returncode == 0
    assert cli(site, "contacts", "reply", reply, "--dismiss").returncode == 3
    assert cli(site, "contacts", "reply", "99", "--dismiss").returncode == 2
    found = json.loads(cli(site, "log", "replies", "--json").stdout)[1]
    assert found["text"] == "Bà con cảm ơn phường"
    assert "cảm ơn" in cli(site, "log", "replies").stdout


EXPLAINED = [
    ("esms", {"status": 200, "body": '{"CodeResult": 103}'}, ("refused", "account", "103")),
    ("zalo", {"status": 200, "body": '{"error": "-118"}'}, ("refused", "recipient", "-118")),
    ("kannel", {"status": 202, "body": "0: Accepted for delivery"}, ("accepted", None, None)),
    ("kannel", {"status": 503, "body": ""}, ("refused", "unknown", "503")),
    ("speedsms", {"status": 200, "body": '{"status": "error", "code": "300"}'},
     ("refused", "account", "300")),
    ("vnpt", {"status": 200, "body": '{"RPLY": {"ERROR": "25"}}'}, ("refused", "carrier", "25")),
    ("viettel", {"status": 200, "body": "<a><message>Check Content: X</message><result>0</result></a>"},
     ("refused", "content", "0")),
]  # fmt: skip


def test_every_vendors_answers_are_explained(tmp_path):
    site = build_site(tmp_path / "site")
    for adapter, given, (result, fault, code) in EXPLAINED:
        said = cli(site, "gateways", "explain", adapter, "answer", "--jsonl", "-",
                   stdin=json.dumps(given) + "\n")  # fmt: skip
        assert said.returncode == 0, said.stderr
        [found] = json.loads(said.stdout)["results"]
        assert (found["result"], found["fault"], found["code"]) == (result, fault, code), adapter


def test_every_vendors_reports_are_explained(tmp_path):
    site = build_site(tmp_path / "site")
    calls = {
        "kannel": {"method": "GET", "query": "status=34&key=abc&dest=84951234567"},
        "speedsms": {"method": "POST", "body": json.dumps(
            {"type": "report", "tranId": "7", "phone": "84951234567", "status": 70})},
        "esms": {"method": "GET", "query": "SMSID=1&SendStatus=4&phonenumber=0951234567"},
    }  # fmt: skip
    for adapter, given in calls.items():
        said = cli(site, "gateways", "explain", adapter, "receipt", "--jsonl", "-",
                   stdin=json.dumps(given) + "\n")  # fmt: skip
        found = json.loads(said.stdout)
        assert found["verified"] is None
        assert [(r["to"], r["state"]) for r in found["receipts"]] == [("+84951234567", "failed")]
    for adapter in ("viettel", "vnpt"):
        said = cli(site, "gateways", "explain", adapter, "receipt", "--jsonl", "-",
                   stdin='{"method": "GET", "query": "x=1"}\n')  # fmt: skip
        assert json.loads(said.stdout)["receipts"] == []


def test_a_described_vendor_is_explained_by_its_description(tmp_path):
    text = (ROOT / "docs" / "gateways.md").read_text("utf-8")
    table = text.partition("```toml\n[gateways.speedsms-described]")[2].partition("```")[0]
    site = build_site(tmp_path / "site")
    toml = site / "dispatcher.toml"
    toml.write_text(toml.read_text("utf-8") + "[gateways.speedsms-described]" + table, "utf-8")
    given = {"status": 200, "body": '{"status": "error", "code": "105", "message": "x"}'}
    said = cli(site, "gateways", "explain", "http", "answer", "--jsonl", "-",
               stdin=json.dumps(given) + "\n")  # fmt: skip
    assert json.loads(said.stdout)["results"][0]["fault"] == "recipient", said.stderr
    bare = build_site(tmp_path / "bare")
    said = cli(bare, "gateways", "explain", "http", "answer", "--jsonl", "-", stdin="{}\n")
    assert said.returncode in (2, 4)


def test_an_account_that_must_be_signed_in_again_is_named_while_it_still_sends(live):
    app = open_app(parse(live))
    with app.begin(SYSTEM)() as tx:
        gateways.put_tokens(tx, "zalo", "a1", "r1", 5 * 3600 + 60)
        assert gateways.lock_tokens(tx, "zalo", "me", tx.now.replace(year=2099))
        gateways.unlock_tokens(tx, "zalo", "me", state="reconsent_required")
    app.store.close()
    found = {g["name"]: g for g in json.loads(cli(live, "gateways", "list", "--json").stdout)}
    assert found["zalo"]["sign_in"] == "reconsent_required"
    assert "cần đăng nhập lại" in cli(live, "gateways", "list").stdout
    told = cli(live, "doctor")
    assert "5 giờ" in told.stdout + told.stderr
    assert "gateways login zalo" in told.stdout + told.stderr


def test_a_live_preview_says_what_zalo_would_refuse_and_how_much_is_left(live, twins, tmp_path):
    from conftest import add_people
    from walk import crowd, import_list, sheet, write_broadcast

    long = "Ủy ban nhân dân phường Máy Tơ thành phố Hải Phòng"
    template = live / "templates" / "canh-bao.j2"
    text = template.read_text("utf-8")
    template.write_text(
        text.replace('"UBND phường {{ ward.name }}"', f'"{long}", khac = "x"'), "utf-8"
    )
    toml = live / "dispatcher.toml"
    sender = '[senders.all]\nwards = "all"\n'.replace('"all"', '["all"]')
    toml.write_text(
        toml.read_text("utf-8") + sender + 'name = "UBND"\nbrandname = "UBND"\n', "utf-8"
    )
    pair = twins.ask("/zalo/_twin/grant", {})
    cli(live, "gateways", "login", "zalo", "--paste", stdin="\n".join(list(pair.values())[:2]))
    for name, value in SECRETS.items():
        os.environ[name] = value
    try:
        app = open_app(parse(live))
        officer, _ = add_people(app)
        import_list(app, sheet(tmp_path / "may-to.csv", crowd(3)))
        made = write_broadcast(app, officer, route="zalo-then-sms")
        app.store.close()
    finally:
        for name in SECRETS:
            del os.environ[name]
    said = cli(live, "broadcasts", "preview", str(made), "--json", "--as", "lan")
    assert said.returncode == 0, said.stderr
    [found] = json.loads(said.stdout)["vendors"]
    assert (found["quota_left"], found["quality"], found["price"]) == (1_000_000, "HIGH", 200)
    assert found["too_long"] == [{"value": "don_vi", "longest": len(long), "allowed": 30}]
    assert found["unknown"] == ["khac"]
    assert found["enough_quota"] is True
    told = cli(live, "broadcasts", "preview", str(made), "--as", "lan")
    assert f"dài tới {len(long)} ký tự" in told.stdout + told.stderr
    submit = ("broadcasts", "submit", str(made), "--as", "lan")
    refused = cli(live, *submit)
    assert refused.returncode == 3
    assert "don_vi" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert cli(live, *submit, "--leave-out").returncode == 0


def test_check_names_a_sender_the_vendor_does_not_know(live):
    settings = live / "dispatcher.toml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace('adapter = "esms"\n', 'adapter = "esms"\nkeys_in_url = true\n', 1)
    for name, brand in (("a", "UBNDMAYTO"), ("b", "UBNDKHAC")):
        text += f'[senders.{name}]\nwards = []\nname = "UBND"\nbrandname = "{brand}"\n'
    settings.write_text(text, encoding="utf-8")
    said = cli(live, "--lang", "en", "gateways", "check", "esms")
    assert said.returncode == 0, said.stderr
    assert "UBNDKHAC" in said.stdout + said.stderr
    assert "UBNDMAYTO" not in said.stdout + said.stderr
    assert "drill-api_key" not in said.stdout + said.stderr


def test_the_callback_address_is_shown_to_who_sets_up_the_vendor(live):
    cli(live, "people", "add", "quan-tri", "--role", "admin")
    cli(live, "--as", "quan-tri", "people", "add", "can-bo", "--role", "officer")
    assert cli(live, "gateways", "callback", "zalo", "--as", "quan-tri").returncode == 4
    assert cli(live, "gateways", "callback", "zalo", "--as", "can-bo").returncode == 3
    settings = live / "dispatcher.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8") + '[web]\npublic_url = "https://phuong.example/"\n',
        encoding="utf-8",
    )
    told = cli(live, "gateways", "callback", "zalo", "--json", "--as", "quan-tri")
    said = json.loads(told.stdout)
    assert told.returncode == 0, told.stdout
    assert said["url"].startswith("https://phuong.example/hooks/zalo/")
    assert len(said["url"].rsplit("/", 1)[1]) >= 32
