"""The routes a site has: shipped, written down, joined, refused."""

import re
from datetime import timedelta

import pytest
from conftest import ROOT, add_people, build_site
from walk import get, write_broadcast

from dispatcher.broadcasts import routes
from dispatcher.config import parse
from dispatcher.domain.model import ALL_DAY, URGENT, Channel
from dispatcher.domain.problems import Problem
from dispatcher.usecases.context import open_app

MORE = """[gateways.second]
adapter = "speedsms"
[gateways.sim]
adapter = "http"
free = true
base_url = "http://127.0.0.1:1"
body = { to = "{to}", text = "{body}", ref = "{reference}" }
[gateways.sim.answer]
code = "code"
accepted = "00"
[phones]"""


def site(tmp_path, *changes):
    return parse(build_site(tmp_path / "site", "data/site.db", *changes))


def test_every_site_has_the_routes_its_gateways_allow(tmp_path):
    plain = routes.known(site(tmp_path / "a"))
    assert list(plain) == ["zalo-then-sms", "sms", "outbox", "household", "urgent"]
    full = site(tmp_path / "b", ("[phones]", MORE))
    found = routes.known(full)
    assert found["free"].title == "Chỉ kênh miễn phí"
    assert [s.weights for s in found["free"].steps] == [(("sim", 1),)]
    assert found["household"].one_per == "household"
    assert [s.weights[0][0] for s in found["household"].steps] == ["zalo", "esms"]
    assert found["household"].steps[1].weights == (("esms", 1), ("second", 0), ("sim", 0))
    assert found["urgent"].urgent
    _, [step] = routes.find(full, "urgent")
    assert step.gateways == ("esms", "second", "sim")
    assert step.free == ("sim",)


def test_the_urgent_route_makes_a_broadcast_urgent_and_the_household_route_one_per_household(
    tmp_path,
):
    app = open_app(
        site(tmp_path, ('{ gateway = "esms" } ]\n[routes.sms]',
                        '{ gateway = "esms", window = "08:00-20:00" } ]\n[routes.sms]'))
    )  # fmt: skip
    officer, _ = add_people(app)
    urgent = get(app, write_broadcast(app, officer, route="urgent"))
    assert (urgent.priority, urgent.window) == (URGENT, ALL_DAY)
    both = get(app, write_broadcast(app, officer, route="zalo-then-sms", urgent=True))
    assert [s.window for s in both.route] == [None, None], "an urgent one keeps no hours"
    household = get(app, write_broadcast(app, officer, route="household"))
    assert household.audience.one_per == "household"
    app.store.close()


def test_a_route_is_frozen_whole_and_read_back(tmp_path):
    app = open_app(
        site(tmp_path, ("[phones]", MORE), (
            '[routes.sms]\nsteps = [ { gateway = "esms" } ]',
            '[routes.sms]\ntitle = "SMS qua hai nhà"\nsteps = [ { gateways = { second = 30, esms = 70, '
            'sim = 0 }, window = "08:00-20:00", budget = 250000, accented = true } ]'))
    )  # fmt: skip
    officer, _ = add_people(app)
    [step] = get(app, write_broadcast(app, officer, route="sms")).route
    assert step.weights == (("esms", 70), ("second", 30), ("sim", 0))
    assert (step.gateway, step.channel, step.budget) == ("esms", Channel.SMS, 250_000)
    assert str(step.window) == "08:00-20:00"
    assert step.accented
    assert step.free == ("sim",)
    app.store.close()


def test_a_second_step_on_the_same_channel_is_a_reserve_of_the_first(tmp_path):
    found = site(tmp_path, ("[phones]", MORE), (
        '[routes.sms]\nsteps = [ { gateway = "esms" } ]',
        '[routes.sms]\nsteps = [ { gateway = "esms", deadline = "5m" }, { gateway = "second" } ]'))  # fmt: skip
    _, [step] = routes.find(found, "sms")
    assert step.weights == (("esms", 1), ("second", 0))
    assert step.deadline is None, "silence is no reason to text somebody twice"


@pytest.mark.parametrize(
    "steps, words",
    [
        ('[ { gateways = { esms = 1, zalo = 1 } } ]', "cùng kênh"),
        ('[ { gateway = "esms" }, { gateway = "zalo" }, { gateway = "esms" } ]', "hai bước"),
        ('[ { gateways = { esms = 0 } } ]', "gateways"),
        ('[ { gateways = { esms = -1 } } ]', "gateways"),
        ('[ { gateways = { esms = 1 }, gateway = "esms" } ]', "gateways"),
        ('[ { gateway = "esms", window = "lúc nào cũng được" } ]', "window"),
        ('[ { gateway = "esms", budget = -5 } ]', "budget"),
        ('[ { gateway = "esms", deadlin = "5m" } ]', "deadline"),
        ('[ "esms" ]', "steps"),
        ('[ { gateway = "nobody" } ]', "nobody"),
    ],
)  # fmt: skip
def test_a_route_that_cannot_be_is_refused_with_its_line(tmp_path, steps, words):
    with pytest.raises(Problem) as refused:
        routes.find(
            site(tmp_path, ('[routes.sms]\nsteps = [ { gateway = "esms" } ]',
                            f"[routes.sms]\nsteps = {steps}")), "sms")  # fmt: skip
    assert words in refused.value.to("vi")


@pytest.mark.parametrize(
    "line, words",
    [
        ("per_second = 0", "per_second"),
        ("parts_per_second = 5\nper_second = 5", "parts_per_second"),
        ("per_day = -1", "per_day"),
        ("in_flight = 0", "in_flight"),
        ("dong_per_month = 'x'", "dong_per_month"),
    ],
)
def test_limits_that_cannot_be_are_refused(tmp_path, line, words):
    with pytest.raises(Problem) as refused:
        site(tmp_path, ('adapter = "esms"', f'adapter = "esms"\n{line}'))
    assert words in refused.value.to("vi")


def test_the_wait_of_a_shipped_route_is_half_an_hour(tmp_path):
    found = site(tmp_path, ('[routes.zalo-then-sms]\nsteps = [ { gateway = "zalo", deadline = "2s" }, '
                            '{ gateway = "esms" } ]\n', ""))  # fmt: skip
    _, steps = routes.find(found, "zalo-then-sms")
    assert [s.deadline for s in steps] == [timedelta(minutes=30), None]


def test_the_example_in_the_documents_can_be_read(make_site):
    root = make_site()
    [example] = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/routes.md").read_text("utf-8"), re.S)
    site = 'name = "Phường thử"\nmode = "drill"\n'
    (root / "dispatcher.toml").write_text(f"[site]\n{site}{example}", "utf-8")
    found = parse(root)
    _, steps = routes.find(found, "zalo-then-sms")
    assert steps[1].weights == (("esms", 70), ("viettel", 30))
    assert (steps[0].budget, str(steps[0].window)) == (20_000_000, "07:00-11:30")
    assert found.gateways["esms"].most == {"per_day": 200_000, "dong_per_day": 60_000_000}
