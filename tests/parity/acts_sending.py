"""Broadcasts once they are decided: timed, paused, stopped, tested, corrected, sent again."""

from parity.changes import a_broadcast_a_day, clock_in_doubt
from parity.words import Act, Known, auditor, broadcast, cli, done, refused, ward, web

MINE = ward("Máy Tơ")
APPROVED, SCHEDULED, RUNNING = broadcast("approved"), broadcast("scheduled"), broadcast("running")
DRAFT, PAUSED, SENT = broadcast("draft"), broadcast("paused"), broadcast("sent")
HELD, STOPPED, NONE = broadcast("held"), broadcast("stopped"), broadcast("none")

SCHEDULE = Act(
    "broadcasts.schedule",
    cli("broadcasts schedule", "{number}", at="--at", despite="--despite", again="--again",
        people="--people"),
    web("/broadcasts/{number}/schedule", at="at", despite="despite", again="again",
        people="people"),
    cases=(
        done("lan", number=APPROVED),
        done("hung-mt", "at a time", number=APPROVED, at="2026-12-01 10:00"),
        done("lan", "one more that day, with a reason", where=[a_broadcast_a_day],
             number=APPROVED, despite="bão"),
        done("lan", "the same words, with a reason", number=broadcast("same-approved"),
             again="nhắc lại"),
        auditor(number=APPROVED),
        refused("unknown-broadcast", "hung", "ward", number=APPROVED),
        refused("unknown-broadcast", "lan", number=NONE),
        refused("wrong-state", "lan", number=DRAFT),
        refused("bad-time", "lan", number=APPROVED, at="mai"),
        refused("in-the-past", "lan", number=APPROVED, at="2026-11-30 08:00"),
        refused("ward-cap", "lan", where=[a_broadcast_a_day], number=APPROVED),
        refused("same_words", "lan", number=broadcast("same-approved")),
        refused("clock-doubtful", "lan", where=[clock_in_doubt], number=APPROVED),
    ),
)  # fmt: skip

PAUSE = Act(
    "broadcasts.pause",
    cli("broadcasts pause", "{number}"),
    web("/broadcasts/{number}/pause"),
    cases=(
        done("mai", number=RUNNING),
        done("lan", "before it starts", number=SCHEDULED),
        auditor(number=RUNNING),
        refused("unknown-broadcast", "hung", "ward", number=RUNNING),
        refused("wrong-state", "lan", number=DRAFT),
    ),
)

RESUME = Act(
    "broadcasts.resume",
    cli("broadcasts resume", "{number}"),
    web("/broadcasts/{number}/resume"),
    cases=(
        done("mai", number=PAUSED),
        done("minh", "a held one", number=HELD),
        refused("role", "mai", number=HELD),
        refused("clock-doubtful", "mai", where=[clock_in_doubt], number=PAUSED),
        auditor(number=PAUSED),
        refused("unknown-broadcast", "hung", "ward", number=PAUSED),
        refused("wrong-state", "lan", number=DRAFT),
    ),
)

STOP = Act(
    "broadcasts.stop",
    cli("broadcasts stop", "{number}"),
    web("/broadcasts/{number}/stop"),
    cases=(
        done("mai", number=RUNNING),
        done("lan", "while the clock is in doubt", where=[clock_in_doubt], number=PAUSED),
        auditor(number=RUNNING),
        refused("unknown-broadcast", "hung", "ward", number=RUNNING),
        refused("wrong-state", "lan", number=STOPPED),
    ),
)

STOP_ALL = Act(
    "stop-all",
    cli("stop-all"),
    web("/stop-all"),
    cases=(
        done("lan"),
        done("mai", "of a ward"),
        done("hung", "of another ward"),
        done("lan", "while the clock is in doubt", where=[clock_in_doubt]),
        auditor(),
    ),
)

TEST = Act(
    "broadcasts.test",
    cli("broadcasts test", "{number}", phone="--to"),
    web("/broadcasts/{number}/test", phone="phone"),
    cases=(
        done("lan", number=DRAFT, phone="0950000077"),
        auditor(number=DRAFT, phone="0950000077"),
        refused("unknown-broadcast", "hung", "ward", number=DRAFT, phone="0950000077"),
        refused("bad-phone", "lan", number=DRAFT, phone="12"),
        refused("bad-phone", "lan", "a landline", number=DRAFT, phone="02253822001"),
        refused("enough-tests", "lan", number=broadcast("tested"), phone="0950000077"),
    ),
)

CORRECT = Act(
    "broadcasts.correct",
    cli("broadcasts correct", "{number}", template="--template", fields="--set"),
    web("/broadcasts/{number}/correct", template="template", fields="blank"),
    cases=(
        done("lan", number=SENT, fields={"noi_dung": "Cúp nước ngày 07"}),
        auditor(number=SENT, fields={"noi_dung": "a"}),
        refused("unknown-broadcast", "hung", "ward", number=SENT, fields={"noi_dung": "a"}),
        refused("nothing-to-correct", "lan", number=PAUSED, fields={"noi_dung": "a"}),
        refused("field-missing", "lan", number=SENT),
        refused("unknown-name", "lan", number=SENT, template="khong-co"),
    ),
)

RESEND = Act(
    "broadcasts.resend",
    cli("broadcasts resend", "{number}", states="--state"),
    web("/broadcasts/{number}/resend", states="state"),
    cases=(
        done("lan", number=SENT),
        auditor(number=SENT),
        refused("unknown-broadcast", "hung", "ward", number=SENT),
        refused("not-released", "lan", number=DRAFT),
        refused("nobody-left", "lan", number=RUNNING),
        refused("nobody-left", "lan", "in part only", number=SENT, states=("short",)),
        refused("unknown-name", "lan", number=SENT, states=("queued",)),
    ),
)

FIRST = Known("place", "Máy Tơ, Tổ 1")
SHARED = Act(
    "broadcasts.shared",
    cli("broadcasts shared", "{number}", ward="--ward", places="--tdp"),
    web("/broadcasts/{number}/shared", ids=("place",), ward="", places="place"),
    cases=(
        done("lan", number=RUNNING, ward=MINE, places=(FIRST,)),
        auditor(number=RUNNING, ward=MINE, places=(FIRST,)),
        refused("unknown-broadcast", "hung", "ward", number=RUNNING, ward=MINE, places=(FIRST,)),
        refused("unknown-name", "lan", number=RUNNING, ward=MINE,
                places=(Known("place", "Máy Tơ, Tổ 9"),)),
    ),
)  # fmt: skip

ACTS = (SCHEDULE, PAUSE, RESUME, STOP, STOP_ALL, TEST, CORRECT, RESEND, SHARED)
