"""The same on a live site, whose vendors are twins on this machine: what only live asks."""

import pytest
from conftest import SiteClock, build_site, migrated_file
from parity.acts_broadcasts import SUBMIT
from parity.acts_sending import SCHEDULE
from parity.doors import through
from parity.prepared import Prepared, add_lists, add_staff
from parity.words import broadcast, done, refused
from walk import get, twin_urls, write_broadcast

from dispatcher import broadcasts as planning
from dispatcher.broadcasts.application import preview_broadcast
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts
from dispatcher.db.seal import load_key
from dispatcher.simulators.drill import sign_in_to_twins
from dispatcher.usecases.context import open_app

pytestmark = pytest.mark.long
SECRETS = ("ESMS_API_KEY", "ESMS_SECRET_KEY", "ZALO_APP_SECRET", "ZALO_OA_SECRET")
ZALO = """[gateways.zalo]
adapter = "zalo"
oa_id = "777"
app_id = "42"
app_secret = {{ env = "ZALO_APP_SECRET" }}
oa_secret = {{ env = "ZALO_OA_SECRET" }}
base_url = "{0}/zalo"
oauth_url = "{0}/zalo"
oa_url = "{0}/zalo"
"""
ESMS = """[gateways.esms]
adapter = "esms"
base_url = "{0}"
api_key = {{ env = "ESMS_API_KEY" }}
secret_key = {{ env = "ESMS_SECRET_KEY" }}
"""
SENDER = '[senders.all]\nwards = ["all"]\nname = "UBND"\nbrandname = "UBND"\n[phones]'


@pytest.fixture
def live(tmp_path, twins, monkeypatch):
    """A draft whose values Zalo's template does not take, and one that is approved."""
    for name in SECRETS:
        monkeypatch.setenv(name, f"drill-{name.lower()}")
    root = build_site(
        tmp_path / "site", "data/site.db", ('mode = "drill"', 'mode = "live"'),
        ('[gateways.zalo]\nadapter = "zalo"\n', ZALO.format(twins.url)),
        ('[gateways.esms]\nadapter = "esms"\n', ESMS.format(twins.base("esms"))),
        ("[phones]", SENDER),
    )  # fmt: skip
    template = root / "templates" / "canh-bao.j2"
    text = template.read_text("utf-8").replace(
        '"UBND phường {{ ward.name }}"', '"UBND", khac = "x"'
    )
    template.write_text(text, "utf-8")
    site = parse(root)
    site.data.mkdir(mode=0o700)
    (site.data / "site.db").write_bytes(migrated_file().read_bytes())
    load_key(site.key_file, create=True)
    made = Prepared(root, tmp_path / "kept")
    app = open_app(site, SiteClock())
    sign_in_to_twins(app, twin_urls(twins))
    add_staff(app, made)
    add_lists(app, made, tmp_path)
    made.ids[broadcast("unfit")] = write_broadcast(app, app.actor("lan"), route="zalo-then-sms")
    made.ids[broadcast("approved")] = ready = write_broadcast(app, app.actor("lan"))
    found = preview_broadcast(app, app.actor("lan"), get(app, ready))
    with app.begin(app.actor("lan"))() as tx:
        planning.submit(tx, broadcasts.get(tx, ready), found, again="thử")
    with app.begin(app.actor("minh"))() as tx:
        planning.approve(tx, broadcasts.get(tx, ready))
    app.store.close()
    made.keep()
    return made


CASES = [
    (SUBMIT, refused("vendor-template", "lan", number=broadcast("unfit"), again="thử")),
    (SUBMIT, done("lan", number=broadcast("unfit"), again="thử", leave_out=True)),
    (SCHEDULE, refused("not-confirmed", "lan", number=broadcast("approved"))),
    (SCHEDULE, refused("not-confirmed", "lan", number=broadcast("approved"), people="2")),
    (SCHEDULE, done("lan", number=broadcast("approved"), people="3")),
]  # fmt: skip


@pytest.mark.parametrize("act, case", CASES)
def test_a_live_act_is_the_same_through_every_door(act, case, live):
    found = {door: through(door, act, case, live) for door in act.doors(case)}
    assert {d: o.code for d, o in found.items()} == dict.fromkeys(found, case.code)
    first, *others = found.values()
    for other in others:
        assert (other.rows, other.trail) == (first.rows, first.trail)
