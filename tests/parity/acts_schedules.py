"""Schedules, prepared urgent texts, the roster."""

from parity.changes import clock_in_doubt, schedule_edited
from parity.words import Act, Known, auditor, broadcast, cli, done, person, refused, ward, web

MINE, THEIRS = ward("Máy Tơ"), ward("Cầu Đất")

SUBMIT = Act(
    "schedules.submit",
    cli("schedules submit", "{name}"),
    web("/schedules/{name}/submit"),
    cases=(
        done("lan", name="moi"),
        done("mai", "of a ward", name="moi"),
        done("lan", "a paused one", name="nghi"),
        auditor(name="moi"),
        refused("not-your-ward", "hung", name="moi"),
        refused("wrong-state", "lan", name="cho-duyet"),
        refused("same_words", "lan", name="lap-lai"),
        refused("unknown-name", "lan", name="khong-co"),
    ),
)

APPROVE = Act(
    "schedules.approve",
    cli("schedules approve", "{name}"),
    web("/schedules/{name}/approve"),
    cases=(
        done("minh", name="cho-duyet"),
        done("binh", "of a ward", name="cho-duyet"),
        auditor(name="cho-duyet"),
        refused("role", "lan", name="cho-duyet"),
        refused("not-your-ward", "tam", name="cho-duyet"),
        refused("own-work", "minh", name="cua-lanh-dao"),
        refused("not-submitted", "minh", name="moi"),
        refused("edited", "minh", where=[schedule_edited], name="cho-duyet"),
        refused("unknown-name", "minh", name="khong-co"),
        refused("clock-doubtful", "minh", where=[clock_in_doubt], name="cho-duyet"),
        refused("clock-doubtful", "lan", "clock-doubtful before role", where=[clock_in_doubt],
                name="cho-duyet"),
    ),
)  # fmt: skip

RETURN = Act(
    "schedules.return",
    cli("schedules return", "{name}", reason="--reason"),
    cases=(
        done("minh", name="cho-duyet", reason="Đổi giờ"),
        refused("role", "lan", name="cho-duyet", reason="Đổi giờ"),
        refused("not-your-ward", "tam", name="cho-duyet", reason="Đổi giờ"),
    ),
    why="the console cannot return a schedule",
)

PAUSE = Act(
    "schedules.pause",
    cli("schedules pause", "{name}"),
    web("/schedules/{name}/pause"),
    cases=(
        done("lan", name="da-duyet"),
        done("mai", "of a ward", name="da-duyet"),
        auditor(name="da-duyet"),
        refused("not-your-ward", "hung", name="da-duyet"),
        refused("not-submitted", "lan", name="chua-ai-doc"),
        refused("wrong-state", "lan", name="nghi"),
        refused("unknown-name", "lan", name="khong-co"),
    ),
)

# --- urgent texts -------------------------------------------------------------------------------

TEXT = {
    "name": "lut", "template": "thong-bao", "all_clear": "dinh-chinh", "wards": (MINE,),
    "most_people": "100", "most_dong": "1000000", "until": "2026-12-31",
}  # fmt: skip
PREPARE = Act(
    "urgent.prepare",
    cli("urgent prepare", "{name}", template="--template", all_clear="--all-clear",
        wards="--ward", most_people="--most-people", most_dong="--most-dong", until="--until",
        rather_twice="--rather-twice"),
    web("/urgent", name="name", template="template", all_clear="all_clear", wards="ward",
        most_people="most_people", most_dong="most_dong", until="until",
        rather_twice="rather_twice"),
    cases=(
        done("lan", **TEXT),
        auditor(**TEXT),
        refused("not-your-ward", "hung", **TEXT),
        refused("no-audience", "lan", **(TEXT | {"wards": ()})),
        refused("unknown-name", "lan", **(TEXT | {"template": "khong-co"})),
        refused("name-taken", "lan", **(TEXT | {"name": "bao"})),
        refused("bad-date", "lan", **(TEXT | {"until": "2026-11-30"})),
        refused("bad-limits", "lan", **(TEXT | {"most_people": "0"})),
    ),
)  # fmt: skip

URGENT_SUBMIT = Act(
    "urgent.submit",
    cli("urgent submit", "{name}"),
    web("/urgent/{name}/submit"),
    cases=(
        done("lan", name="nhap"),
        auditor(name="nhap"),
        refused("not-your-ward", "hung", name="nhap"),
        refused("wrong-state", "lan", name="bao"),
    ),
)

URGENT_APPROVE = Act(
    "urgent.approve",
    cli("urgent approve", "{name}"),
    web("/urgent/{name}/approve"),
    cases=(
        done("minh", name="cho"),
        auditor(name="cho"),
        refused("role", "lan", name="cho"),
        refused("not-your-ward", "tam", name="cho"),
        refused("own-work", "minh", name="cua-lanh-dao"),
        refused("wrong-state", "minh", name="nhap"),
        refused("unknown-name", "minh", name="khong-co"),
        refused("clock-doubtful", "minh", where=[clock_in_doubt], name="cho"),
    ),
)

URGENT_RETURN = Act(
    "urgent.return",
    cli("urgent return", "{name}", reason="--reason"),
    cases=(
        done("minh", name="cho", reason="Thêm điểm sơ tán"),
        refused("role", "lan", name="cho", reason="Thêm điểm sơ tán"),
    ),
    why="the console cannot return an urgent text",
)

END = Act(
    "urgent.end",
    cli("urgent end", "{name}"),
    web("/urgent/{name}/end"),
    cases=(
        done("lan", name="bao"),
        auditor(name="bao"),
        refused("not-your-ward", "hung", name="bao"),
        refused("unknown-name", "lan", "ended before", name="da-thoi"),
        refused("unknown-name", "lan", name="khong-co"),
    ),
)

SEND = Act(
    "urgent.send",
    cli("urgent send", "{name}", fields="--set", wards="--ward"),
    web("/urgent/{name}/send", fields="blank"),
    cases=(
        done("lan", name="bao", fields={"viec": "bao so 3"}),
        done("lan", "a smaller area", name="bao", fields={"viec": "bao"}, wards=(MINE,)),
        done("lan", "while the clock is in doubt", where=[clock_in_doubt], name="bao",
             fields={"viec": "bao so 3"}),
        auditor(name="bao", fields={"viec": "bao"}),
        refused("not-on-duty", "mai", name="bao", fields={"viec": "bao"}),
        refused("not-approved", "lan", name="cho", fields={"viec": "bao"}),
        refused("outside-area", "lan", name="bao", fields={"viec": "bao"}, wards=(THEIRS,)),
        refused("field-missing", "lan", name="bao"),
        refused("unknown-name", "lan", name="khong-co"),
    ),
)  # fmt: skip

ALL_CLEAR = Act(
    "urgent.all-clear",
    cli("urgent all-clear", "{number}", fields="--set"),
    web("/broadcasts/{number}/all-clear", fields="blank"),
    cases=(
        done("lan", number=broadcast("urgent"), fields={"noi_dung": "bao tan"}),
        auditor(number=broadcast("urgent"), fields={"noi_dung": "bao tan"}),
        refused("unknown-broadcast", "hung", "ward", number=broadcast("urgent"),
                fields={"noi_dung": "bao tan"}),
        refused("not-on-duty", "mai", number=broadcast("urgent"), fields={"noi_dung": "bao"}),
        refused("no-emergency", "lan", number=broadcast("sent"), fields={"noi_dung": "bao tan"}),
        refused("field-missing", "lan", number=broadcast("urgent")),
    ),
)  # fmt: skip

SHIFT = {"name": person("mai"), "start": "2026-12-01 18:00", "hours": "12"}
DUTY_ADD = Act(
    "duty.add",
    cli("duty add", "{name}", start="--from", hours="--hours"),
    web("/duty", ids=("who",), name="who", start="start", hours="hours"),
    cases=(
        done("minh", **SHIFT),
        done("quan-tri", "by an admin", **SHIFT),
        auditor(**SHIFT),
        refused("role", "lan", **SHIFT),
        refused("not-your-ward", "tam", **SHIFT),
        refused("role", "minh", "an auditor on duty", **(SHIFT | {"name": person("kiem")})),
        refused("unknown-name", "minh", **(SHIFT | {"name": person("ai-do")})),
        refused("bad-duty", "minh", **(SHIFT | {"hours": "0"})),
        refused("bad-time", "minh", **(SHIFT | {"start": "tối"})),
    ),
)

TAKEN = Known("duty", "lan")
DUTY_REMOVE = Act(
    "duty.remove",
    cli("duty remove", "{number}"),
    cases=(
        done("minh", number=TAKEN),
        refused("role", "mai", number=TAKEN),
        refused("not-your-ward", "tam", number=TAKEN),
        refused("no-duty", "minh", number=Known("duty", "none")),
    ),
    why="the console cannot take a duty away",
)

ACTS = (
    SUBMIT, APPROVE, RETURN, PAUSE, PREPARE, URGENT_SUBMIT, URGENT_APPROVE, URGENT_RETURN, END,
    SEND, ALL_CLEAR, DUTY_ADD, DUTY_REMOVE,
)  # fmt: skip
