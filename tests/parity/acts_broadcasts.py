"""Broadcasts until they are decided: written, edited, handed in, approved, returned."""

from parity.changes import clock_in_doubt, noon_off, small_budget
from parity.pages import digest_shown
from parity.words import Act, File, api, auditor, broadcast, cli, done, person, refused, ward, web

MINE, THEIRS, NOWHERE = ward("Máy Tơ"), ward("Cầu Đất"), ward("Hà Nội")
DRAFT, SUBMITTED, RUNNING = broadcast("draft"), broadcast("submitted"), broadcast("running")
BY_LEADER, OFFERED, NONE = broadcast("by-leader"), broadcast("offered"), broadcast("none")
NEW = {"template": "thong-bao", "fields": {"viec": "Cúp nước"}, "route": "sms", "wards": (MINE,)}
PICTURE = File("anh.png", b"\x89PNG\r\n\x1a\n" + bytes(20))

CREATE = Act(
    "broadcasts.create",
    cli(
        "broadcasts create", "--template {template}", wards="--ward", places="--tdp",
        groups="--group", excluded="--exclude-group", one_per="--one-per", route="--route",
        fields="--set", title="--title", document="--document", paper_day="--document-day",
        paper_about="--document-about", window="--window", expires_after="--expires-after",
        accented="--accented", rather_twice="--rather-twice", urgent="--urgent",
    ),
    web(
        "/broadcasts/new/{template}", page="/broadcasts/new/{template}", wards="ward",
        places="tdp", groups="group", excluded="exclude", one_per="one_per", route="route",
        fields="blank", title="title", document="document", paper_day="paper__day",
        paper_about="paper__about", window="window", expires_after="expires_after",
        accented="accented", rather_twice="rather_twice", urgent="urgent",
    ),
    api(
        "POST /broadcasts", template="template", wards="wards", places="residential_groups",
        groups="groups", excluded="exclude_groups", one_per="one_per", route="route",
        fields="fields", title="title", document="document", window="window",
        expires_after="expires_after",
    ),
    cases=(
        done("lan", **NEW, title="Cúp nước", document="12/TB"),
        done("mai", "own ward", **NEW),
        done("lan", "one a household", **NEW, one_per="household"),
        done("lan", "a place of a ward", **NEW, places=("Tổ 1",)),
        done("lan", "groups", **(NEW | {"wards": ()}), groups=("Tổ công nghệ",)),
        done("lan", "but a group", **NEW, excluded=("Tổ công nghệ",)),
        done("lan", "hours over noon", where=[noon_off], **NEW,
             window="07:00-21:00"),
        done("lan", "its document", **NEW, document="12/TB", paper_day="2026-11-30",
             paper_about="Cúp nước"),
        done("lan", "urgent", **NEW, urgent=True, rather_twice=True),
        done("lan", "no route named", **(NEW | {"route": None})),
        auditor(**NEW),
        refused("not-your-ward", "hung", **NEW),
        refused("no-audience", "lan", **(NEW | {"wards": ()})),
        refused("unknown-name", "lan", "unknown ward", **(NEW | {"wards": (NOWHERE,)})),
        refused("unknown-name", "lan", "unknown place", **NEW, places=("Tổ 99",)),
        refused("unknown-name", "lan", "unknown group", **NEW, groups=("Không có",)),
        refused("unknown-name", "lan", "unknown route", **(NEW | {"route": "khong-co"})),
        refused("unknown-name", "lan", "unknown template", **(NEW | {"template": "khong-co"})),
        refused("field-missing", "lan", **(NEW | {"fields": {}})),
        refused("unknown-name", "lan", "unknown blank", **(NEW | {"fields": {"viec": "a", "la": "b"}})),
        refused("bad-time", "lan", "wrong expiry", **NEW, expires_after="sáu giờ"),
        refused("bad-time", "lan", "wrong hours", **NEW, window="sáng"),
        refused("bad-life", "lan", **NEW, expires_after="400d"),
    ),
)  # fmt: skip

EDIT = Act(
    "broadcasts.edit",
    cli(
        "broadcasts edit", "{number}", wards="--ward", places="--tdp", groups="--group",
        excluded="--exclude-group", fields="--set", title="--title", document="--document",
        paper_day="--document-day", window="--window", expires_after="--expires-after",
    ),
    web(
        "/broadcasts/{number}/edit", page="/broadcasts/{number}/edit", wards="ward", places="tdp",
        groups="group", excluded="exclude", fields="blank", title="title", document="document",
        paper_day="paper__day", window="window", expires_after="expires_after",
    ),
    cases=(
        done("lan", number=DRAFT, title="Tên khác"),
        done("mai", "words", number=DRAFT, fields={"viec": "Việc khác"}),
        done("lan", "hours of an urgent one", number=broadcast("urgent draft"),
             window="07:00-21:00", title="Khẩn, sửa tên"),
        done("lan", "an approved one", number=broadcast("approved"), fields={"viec": "Khác"}),
        done("lan", "people", number=DRAFT, wards=(THEIRS,)),
        done("lan", "hours over noon", where=[noon_off], number=DRAFT,
             window="07:00-21:00"),
        done("lan", "its document", number=DRAFT, document="13/TB", paper_day="2026-11-30"),
        auditor(number=DRAFT, title="Tên khác"),
        refused("unknown-broadcast", "hung", "ward", number=DRAFT, title="Tên khác"),
        refused("unknown-broadcast", "lan", number=NONE, title="Tên khác"),
        refused("not-your-ward", "mai", number=DRAFT, wards=(THEIRS,)),
        refused("already-released", "lan", number=RUNNING, title="Tên khác"),
        refused("unknown-name", "lan", "unknown ward", number=DRAFT, wards=(NOWHERE,)),
        refused("unknown-name", "lan", "unknown blank", number=DRAFT, fields={"la": "b"}),
        refused("bad-time", "lan", number=DRAFT, window="sáng"),
        refused("bad-life", "lan", number=DRAFT, expires_after="400d"),
    ),
)  # fmt: skip

ATTACH = Act(
    "broadcasts.attach",
    cli("broadcasts attach", "{number} {file}", remove="--remove"),
    web("/broadcasts/{number}/attach", file="file"),
    cases=(
        done("lan", number=DRAFT, file=PICTURE),
        auditor(number=DRAFT, file=PICTURE),
        refused("unknown-broadcast", "hung", "ward", number=DRAFT, file=PICTURE),
        refused("already-released", "lan", number=RUNNING, file=PICTURE),
        refused("file-kind", "lan", number=DRAFT, file=File("chay.exe", b"MZ")),
        refused("no-such-file", "lan", number=DRAFT, file=PICTURE, remove=True),
    ),
)

SUBMIT = Act(
    "broadcasts.submit",
    cli("broadcasts submit", "{number}", leave_out="--leave-out", again="--again",
        over_budget="--over-budget"),
    web("/broadcasts/{number}/submit", leave_out="leave_out", again="again",
        over_budget="over_budget"),
    api("POST /broadcasts/{number}/submit", leave_out="leave_out", again="again"),
    cases=(
        done("lan", number=DRAFT),
        done("mai", "own ward", number=DRAFT),
        done("lan", "a returned one", number=broadcast("returned")),
        done("lan", "again, with a reason", number=broadcast("same"), again="nhắc lại"),
        done("lan", "over budget, with a reason", where=[small_budget], number=DRAFT,
             over_budget="bão"),
        auditor(number=DRAFT),
        refused("unknown-broadcast", "hung", "ward", number=DRAFT),
        refused("unknown-broadcast", "lan", number=NONE),
        refused("wrong-state", "lan", number=RUNNING),
        refused("wrong-state", "lan", "twice", number=SUBMITTED),
        refused("same_words", "lan", number=broadcast("same")),
        refused("over-budget", "lan", where=[small_budget], number=DRAFT),
        refused("nobody", "lan", number=broadcast("nobody")),
        refused("nobody-in-time", "lan", number=broadcast("never")),
    ),
)  # fmt: skip

APPROVE = Act(
    "broadcasts.approve",
    cli("broadcasts approve", "{number}", principal="--for"),
    web("/broadcasts/{number}/approve", seen=digest_shown, principal="principal"),
    cases=(
        done("minh", number=SUBMITTED),
        done("binh", "own ward", number=SUBMITTED),
        done("mai", "for a leader", number=SUBMITTED, principal=person("minh")),
        refused("role", "lan", number=SUBMITTED),
        auditor(number=SUBMITTED),
        refused("unknown-broadcast", "tam", "ward", number=SUBMITTED),
        refused("unknown-broadcast", "minh", number=NONE),
        refused("wrong-state", "minh", number=DRAFT),
        refused("own-work", "minh", number=BY_LEADER),
        refused("role", "mai", "for a leader who lent nothing", number=SUBMITTED,
                principal=person("binh")),
        refused("unknown-name", "mai", number=SUBMITTED, principal=person("ai-do")),
        refused("clock-doubtful", "minh", where=[clock_in_doubt], number=SUBMITTED),
        refused("clock-doubtful", "lan", "clock-doubtful before role", where=[clock_in_doubt],
                number=SUBMITTED),
    ),
)  # fmt: skip

PAPER = {"number": SUBMITTED, "document": "7/UBND", "day": "2026-12-01", "signer": person("minh")}
ON_PAPER = Act(
    "broadcasts.approve on paper",
    cli("broadcasts approve", "{number}", document="--paper", signer="--signed-by", day="--day",
        scan="--scan"),
    web("/broadcasts/{number}/paper", seen=digest_shown, document="document", signer="signer",
        day="day", scan="scan"),
    cases=(
        done("mai", **PAPER),
        done("mai", "with a scan", **PAPER, scan=PICTURE),
        auditor(**PAPER),
        refused("unknown-broadcast", "hung", "ward", **PAPER),
        refused("wrong-state", "mai", **(PAPER | {"number": DRAFT})),
        refused("own-work", "lan", **PAPER),
        refused("own-work", "mai", "signed by its author", **(PAPER | {"number": BY_LEADER})),
        refused("role", "mai", "signed by no leader", **(PAPER | {"signer": person("hung-mt")})),
        refused("not-your-ward", "mai", "signed elsewhere", **(PAPER | {"signer": person("tam")})),
        refused("unknown-name", "mai", **(PAPER | {"signer": person("ai-do")})),
        refused("bad-paper", "mai", **(PAPER | {"day": "2026-12-02"})),
        refused("bad-paper", "mai", "no number", **(PAPER | {"document": " "})),
        refused("bad-date", "mai", **(PAPER | {"day": "hôm nay"})),
        refused("clock-doubtful", "mai", where=[clock_in_doubt], **PAPER),
    ),
)  # fmt: skip

OFFER = Act(
    "broadcasts.correct words",
    cli("broadcasts approve", "{number}", fields="--set", note="--note"),
    web("/broadcasts/{number}/words", page="/broadcasts/{number}", fields="blank", note="note"),
    cases=(
        done("minh", number=SUBMITTED, fields={"viec": "Câu khác"}, note="gọn hơn"),
        refused("role", "mai", number=SUBMITTED, fields={"viec": "Câu khác"}),
        refused("unknown-broadcast", "tam", "ward", number=SUBMITTED, fields={"viec": "Khác"}),
        refused("wrong-state", "minh", number=DRAFT, fields={"viec": "Câu khác"}),
        refused("own-work", "minh", number=BY_LEADER, fields={"viec": "Câu khác"}),
        refused("nothing-changed", "minh", number=SUBMITTED, fields={"viec": "viec submitted"}),
        refused("unknown-name", "minh", "unknown blank", number=SUBMITTED, fields={"la": "b"}),
        refused("clock-doubtful", "minh", where=[clock_in_doubt], number=SUBMITTED,
                fields={"viec": "Câu khác"}),
    ),
)  # fmt: skip

CONFIRM = Act(
    "broadcasts.confirm",
    cli("broadcasts confirm", "{number}"),
    web("/broadcasts/{number}/confirm"),
    cases=(
        done("lan", number=OFFERED),
        auditor(number=OFFERED),
        refused("unknown-broadcast", "hung", "ward", number=OFFERED),
        refused("own-work", "minh", number=OFFERED),
        refused("no-offer", "lan", number=SUBMITTED),
        refused("clock-doubtful", "lan", where=[clock_in_doubt], number=OFFERED),
    ),
)

RETURN, REJECT = (
    Act(
        f"broadcasts.{verb}",
        cli(f"broadcasts {verb}", "{number}", reason="--reason"),
        web(f"/broadcasts/{{number}}/{verb}", reason="reason"),
        cases=(
            done("minh", number=SUBMITTED, reason="Ghi rõ giờ"),
            refused("role", "lan", number=SUBMITTED, reason="Ghi rõ giờ"),
            auditor(number=SUBMITTED, reason="Ghi rõ giờ"),
            refused("unknown-broadcast", "tam", "ward", number=SUBMITTED, reason="Ghi rõ giờ"),
            refused("wrong-state", "minh", number=DRAFT, reason="Ghi rõ giờ"),
            refused("no-reason", "minh", number=SUBMITTED, reason=" "),
        ),
    )
    for verb in ("return", "reject")
)

ACTS = (CREATE, EDIT, ATTACH, SUBMIT, APPROVE, ON_PAPER, OFFER, CONFIRM, RETURN, REJECT)
