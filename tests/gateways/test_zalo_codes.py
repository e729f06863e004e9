"""Every refusal code that Zalo's tables list has its fault; written down here a second time, by hand.

Source: Zalo's pages and clients as collected 2026-11, read class by class.
"""

import json

import pytest

from dispatcher.domain.model import Fault, Opens
from dispatcher.gateways import zalo, zalo_codes
from dispatcher.gateways.contract import Answer

SAYS_NOTHING = "-100 -200"
STOP = (
    "-101 -102 -103 -104 -105 -115 -120 -1201 -1202 -1241 -125 -135 -1351 -136 -138 -1381 -137 "
    "-202 -204 -205 -207 -208 -215 -209 -212 -219 -221 -223 -224 -235 -242 -320 -321 112"
)
REFRESH = "-124 -216 -220 452"
PAYLOAD = (
    "-106 -107 -1091 -111 -112 -1121 -1123 -1124 -116 -121 -122 -123 -128 -129 -142 -143 -126 "
    "-127 -130 -132 -148 -149 -1491 -150 -151 -152 -153 -158 -159 -161 -162 -201 -210 -233 -238 "
    "-241 -240"
)
TEMPLATE = "-109 -1122 -113 -1131 -117 -131 -145 -146 -248"
NO_ZALO = "-108 -110 -114 -118 -119 -140 -249 -213 -222 -227"
REFUSED = "-134 -139 -141 -217 -244"
CAP = "-1471 -1472 -218 -230 -232 -305 -311"
GROUP = "-237 -403"  # the group is whom we write to
QUOTA = "-144 -1441 -147 -160 -211"
NIGHT = "-133 -234"
RATE = "-32"
STILL_MADE = "-214"
EXPECTED = {
    code: fault
    for fault, codes in (
        (Fault.UNKNOWN, SAYS_NOTHING),
        (Fault.ACCOUNT, f"{STOP} {REFRESH}"),
        (Fault.CONTENT, f"{PAYLOAD} {TEMPLATE}"),
        (Fault.RECIPIENT, f"{NO_ZALO} {REFUSED} {CAP} {GROUP}"),
        (Fault.LATER, f"{QUOTA} {NIGHT}"),
        (Fault.BUSY, f"{RATE} {STILL_MADE}"),
    )
    for code in codes.split()
}


def test_the_table_of_the_adapter_holds_every_listed_code_and_no_other():
    assert zalo.CODES.faults == EXPECTED


@pytest.mark.parametrize("code", sorted(EXPECTED))
def test_every_listed_code_of_zalo_has_its_fault_in_an_answer(code):
    for value in (code, int(code)):
        body = json.dumps({"error": value, "message": "x"}).encode()
        assert zalo.read_answer(Answer(200, {}, body))[0].fault is EXPECTED[code]


def test_what_must_wait_says_until_when():
    assert set(zalo_codes.OPENS) == set(f"{QUOTA} {NIGHT}".split())
    assert {zalo_codes.OPENS[code] for code in NIGHT.split()} == {Opens.MORNING}


def test_no_code_is_listed_twice_and_each_says_what_it_means():
    lines = [line for line in (zalo_codes.TEMPLATES + zalo_codes.ACCOUNT_API).split("\n") if line]
    assert len({line.split()[0] for line in lines}) == len(lines)
    assert all(len(line.split(maxsplit=2)) == 3 for line in lines)
