"""Our count of parts beside an independent one: the npm package sms-segments-calculator.

`.ci/run` installs it and names its folder in DISPATCHER_SECOND_COUNTER; elsewhere this is skipped.
"""

import json
import os
import random
import shutil
import subprocess
import unicodedata

import pytest
from conftest import ROOT
from patience import PATIENCE

from dispatcher import templating
from dispatcher.domain.sms import GSM_BASIC, GSM_EXTENSION, measure

COUNTER = """
const {SegmentedMessage} = require('sms-segments-calculator');
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(texts.map(t => {
  const m = new SegmentedMessage(t, 'auto', false);
  return [m.encodingName, m.numberOfUnicodeScalars, m.segmentsCount];
})));
"""
SEED = 20261125


def texts():
    """Vietnamese, English, emoji, and lengths around every edge."""
    draw = random.Random(SEED)
    folder = ROOT / "templates"
    words = " ".join(
        b.source for n in templating.template_files(folder)
        for b in templating.load(folder, n).blocks.values()
    ).replace("{{", "").replace("}}", "").split()  # fmt: skip
    english = [
        "The",
        "ward",
        "office",
        "will",
        "never",
        "ask",
        "for",
        "your",
        "password",
        "or",
        "a",
        "code",
        "by",
        "phone",
    ]
    found = []
    for alphabet in (GSM_BASIC.replace("\f", ""), "đắ", "a€[", GSM_EXTENSION.replace("\f", "")):
        for edge in (1, 69, 70, 71, 133, 134, 135, 152, 153, 154, 159, 160, 161, 200, 201, 202,
                     267, 268, 305, 306, 307, 458, 459, 460, 611, 612, 613):  # fmt: skip
            found.append("".join(draw.choice(alphabet) for _ in range(edge)))
    for _ in range(300):
        found.append(" ".join(draw.choices(words, k=draw.randint(1, 60))))
        found.append(" ".join(draw.choices(english, k=draw.randint(1, 60))))
    for _ in range(400):
        kinds = draw.sample(["a", "đ", "€", "😀", "Ă", "\n", "é", "🌊", "{", "ạ"], 3)
        found.append("".join(draw.choice(kinds) for _ in range(draw.randint(1, 330))))
    return [unicodedata.normalize("NFC", t) for t in found]


@pytest.mark.long
def test_an_independent_counter_agrees_on_a_thousand_texts():
    folder = os.environ.get("DISPATCHER_SECOND_COUNTER")
    if not folder or shutil.which("node") is None:
        pytest.skip("sms-segments-calculator is not here (installed by .ci/run)")
    given = list(dict.fromkeys(texts()))
    assert len(given) >= 1_000
    run = subprocess.run(["node", "-e", COUNTER], input=json.dumps(given), cwd=folder,
                         capture_output=True, text=True, check=True, timeout=PATIENCE)  # fmt: skip
    theirs = json.loads(run.stdout)
    different = [
        (t, ours.encoding, ours.parts, other)
        for t, other in zip(given, theirs, strict=True)
        for ours in [measure(t)]
        if (ours.encoding, ours.parts) != (other[0], other[2])
    ]
    assert different == []
