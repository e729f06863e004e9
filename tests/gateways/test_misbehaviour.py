"""Every bad habit of a vendor's server × every adapter, judged by what the twin's ledger says."""

import asyncio

import pytest
from test_contract import OVER_HTTP, build, outgoing

from dispatcher.domain.model import Fault
from dispatcher.gateways import options_of
from dispatcher.gateways.contract import Accepted
from dispatcher.gateways.fields import secret_keys
from dispatcher.simulators.vendors.ledger import luck
from dispatcher.simulators.vendors.misbehaviours import HOWS, ON_THE_LINE
from dispatcher.simulators.vendors.server import VENDORS, start

pytestmark = pytest.mark.long
SAYS_SO = {"throttled": Fault.BUSY, "redirect": Fault.ACCOUNT}
LATE = ("silence", "slow_body", "slow_spaces")
TOO_MUCH = ("huge", "bomb")
JSON = ("esms", "zalo", "lab", "speedsms", "vnpt")


@pytest.fixture(scope="module")
def bad():
    child = start(VENDORS)
    child.ask("/zalo/_twin/grant", {})
    yield child
    child.stop()


def _number(serial, adapter):
    """An invented number that has Zalo and is not blocked, one for each call."""
    for more in range(100):
        number = f"8495{OVER_HTTP.index(adapter)}{serial:03d}{more:02d}0"
        if luck(number, "zalo") >= 35 and luck(number, "blocked") >= 1:
            return number
    raise LookupError(serial)


async def _all(bad, serial, deadline):
    """One message through each adapter at once: {adapter: (verdict, transcript)}."""
    built = {name: build(name, bad.base(name), deadline=deadline) for name in OVER_HTTP}

    async def one(name):
        gateway, wire = built[name]
        message = outgoing(f"R{serial}{name}", f"+{_number(serial, name)}")
        [send_result] = await gateway.send(message.reference, [message])
        return name, send_result, wire.transcript

    try:
        return {n: (v, t) for n, v, t in await asyncio.gather(*(one(n) for n in built))}
    finally:
        for _, wire in built.values():
            await wire.close()


def test_there_are_at_least_sixty_and_each_has_a_name_of_its_own():
    assert len(ON_THE_LINE) >= 60


@pytest.mark.parametrize("serial, name", list(enumerate(ON_THE_LINE)))
def test_no_habit_of_a_vendor_is_taken_for_what_it_is_not(bad, serial, name):
    when, how = ON_THE_LINE[name]
    bad.ask("/misbehave", {name: 1.0})
    before = {tuple(a) for a in bad.ask("/ledger?people=1")["acceptances"]}
    # only what comes late is waited for in vain: a busy machine may take a while for all others
    found = asyncio.run(_all(bad, serial, 1.0 if how in LATE else 60.0))
    bad.ask("/misbehave", {})
    now = {tuple(a) for a in bad.ask("/ledger?people=1")["acceptances"]} - before
    for adapter, (send_result, transcript) in found.items():
        number = _number(serial, adapter)
        taken = any(a[1].lstrip("+") == number for a in now)
        where = f"{name} {adapter} {send_result}"
        if when == "before":
            expected = next((f for sign, f in SAYS_SO.items() if how.startswith(sign)),
                            Fault.UNKNOWN)  # fmt: skip
            assert not taken, where
            assert not isinstance(send_result, Accepted), where
            assert send_result.fault is expected, where
        elif isinstance(send_result, Accepted):
            assert taken, where
        else:  # a doubt, and nothing that would send it again
            assert send_result.fault is Fault.UNKNOWN, where
            assert HOWS[how].unreadable or adapter not in JSON, where
        if how in LATE:
            assert send_result.code == "deadline", where
        if how in TOO_MUCH:
            assert send_result.code == "answer too large or badly encoded", where
        if not isinstance(send_result, Accepted):
            told = " ".join([*transcript, send_result.detail, send_result.code])
            secrets = [f"drill-{key}" for key in secret_keys(options_of(adapter))]
            assert not any(s in told for s in [*secrets, number, number[2:]]), where
