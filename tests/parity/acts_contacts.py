"""Contacts, imports, groups, residential groups, whoever is not written to."""

from parity.pages import code_typed, uploaded
from parity.words import Act, File, Known, api, auditor, cli, contact, done, refused, ward, web

MINE, THEIRS, NOWHERE = ward("Máy Tơ"), ward("Cầu Đất"), ward("Hà Nội")
AN, BINH, DUNG = contact("Trần An"), contact("Lê Bình"), contact("Đỗ Dung")
NONE = contact("none")
FIRST, SECOND = Known("place", "Máy Tơ, Tổ 1"), Known("place", "Máy Tơ, Tổ 2")
THEIR_PLACE, NO_PLACE = Known("place", "Cầu Đất, Tổ 1"), Known("place", "Máy Tơ, Tổ 99")

NEW = {"name": "Trần Mới", "ward": MINE, "phones": ("0950007001",), "place": "Tổ 2"}
ADD = Act(
    "contacts.add",
    cli("contacts add", name="--name", phones="--phone", ward="--ward", place="--tdp",
        household="--household", title="--title", group="--group"),
    web("/contacts/new", ids=("ward",), lines=("phones",), name="name", phones="phones",
        ward="ward", place="tdp", household="household", title="title", group="member_of"),
    api("POST /contacts", name="name", phones="phones", ward="ward", place="residential_group",
        household="household", title="title"),
    cases=(
        done("lan", **NEW),
        done("mai", "of a ward", **NEW),
        done("lan", "into a group", **NEW, group="Tổ công nghệ"),
        refused("several", "lan", "two numbers", **(NEW | {"phones": ("0950007001", "0950007002")})),
        done("lan", "no number", **(NEW | {"phones": ()})),
        done("lan", "a new place", **(NEW | {"place": "Tổ 7"})),
        done("lan", "head and title", **NEW, household="Trần Cụ", title="ông"),
        auditor(**NEW),
        refused("not-your-ward", "hung", **NEW),
        refused("unknown-name", "lan", "unknown ward", **(NEW | {"ward": NOWHERE})),
        refused("bad-name", "lan", **(NEW | {"name": " "})),
        refused("bad-phone", "lan", **(NEW | {"phones": ("12",)})),
        refused("already-there", "lan", **(NEW | {"name": "Trần An", "place": "Tổ 1",
                                                  "phones": ("0950000001",)})),
    ),
)  # fmt: skip

RENAME = Act(
    "contacts.rename",
    cli("contacts edit", "c{number}", name="--name", title="--title"),
    web("/contacts/{number}/rename", name="name", title="title"),
    cases=(
        done("lan", number=AN, name="Trần Văn An"),
        done("mai", "title", number=AN, title="ông"),
        done("lan", "title emptied", number=AN, title=""),
        auditor(number=AN, name="Trần Văn An"),
        refused("unknown-contact", "hung", "ward", number=AN, name="Trần Văn An"),
        refused("unknown-contact", "lan", number=NONE, name="Trần Văn An"),
        refused("nothing-to-change", "lan", number=AN),
        refused("nothing-to-change", "lan", "as it is", number=AN, name="Trần An"),
    ),
)

REPHONE = Act(
    "contacts.rephone",
    cli("contacts edit", "c{number}", phones="--phone"),
    web("/contacts/{number}/phones", lines=("phones",), phones="phones"),
    cases=(
        done("lan", number=AN, phones=("0950007001", "0950007002")),
        auditor(number=AN, phones=("0950007001",)),
        refused("unknown-contact", "hung", "ward", number=AN, phones=("0950007001",)),
        refused("bad-phone", "lan", number=AN, phones=("12",)),
    ),
)

MOVE = Act(
    "contacts.move",
    cli("contacts move", "c{number}", ward="--ward", place="--tdp"),
    web("/contacts/{number}/place", ids=("ward",), ward="ward", place="tdp"),
    cases=(
        done("lan", number=AN, ward=MINE, place=SECOND),
        done("lan", "to another ward", number=AN, ward=THEIRS, place=THEIR_PLACE),
        auditor(number=AN, ward=MINE, place=SECOND),
        refused("unknown-contact", "hung", "ward", number=AN, ward=THEIRS, place=THEIR_PLACE),
        refused("not-your-ward", "mai", number=AN, ward=THEIRS),
        refused("unknown-name", "lan", number=AN, ward=MINE, place=NO_PLACE),
        refused("unknown-name", "lan", "unknown ward", number=AN, ward=NOWHERE),
    ),
)

MOVED_AWAY = Act(
    "contacts.moved away",
    None,
    web("/contacts/{number}/moved"),
    cases=(
        done("lan", number=AN),
        auditor(number=AN),
        refused("unknown-contact", "hung", "ward", number=AN),
    ),
    why="a command suppresses with a reason",
)

SUPPRESS = Act(
    "contacts.suppress",
    cli("contacts suppress", "c{number}", reason="--reason", promotion="--promotion",
        urgent_too="--urgent-too"),
    web("/contacts/{number}/suppress", reason="reason", promotion="scope=promotion",
        urgent_too="scope=urgent"),
    cases=(
        done("lan", number=AN, reason="yêu cầu"),
        done("mai", "urgent texts too", number=AN, reason="yêu cầu", urgent_too=True),
        done("lan", "advertising only", number=AN, reason="yêu cầu", promotion=True),
        auditor(number=AN, reason="yêu cầu"),
        refused("unknown-contact", "hung", "ward", number=AN, reason="yêu cầu"),
        refused("unknown-contact", "lan", number=NONE, reason="yêu cầu"),
        refused("no-reason", "lan", number=AN, reason=" "),
        refused("no-number", "lan", number=contact("Không Số"), reason="yêu cầu"),
    ),
)  # fmt: skip

BLOCK = Act(
    "contacts.suppress a number",
    cli("contacts suppress", "{phone}", reason="--reason", urgent_too="--urgent-too"),
    web("/suppressions", phone="phone", reason="reason", urgent_too="scope=urgent"),
    cases=(
        done("lan", phone="0950007009", reason="yêu cầu"),
        done("lan", "of somebody", phone="0950000001", reason="yêu cầu", urgent_too=True),
        auditor(phone="0950007009", reason="yêu cầu"),
        refused("bad-phone", "lan", phone="12", reason="yêu cầu"),
        refused("no-reason", "lan", phone="0950007009", reason=" "),
    ),
)

UNSUPPRESS = Act(
    "contacts.unsuppress",
    cli("contacts unsuppress", "c{number}", reason="--reason"),
    web("/contacts/{number}/unsuppress", reason="reason"),
    cases=(
        done("lan", number=DUNG, reason="đồng ý lại"),
        auditor(number=DUNG, reason="đồng ý lại"),
        refused("unknown-contact", "hung", "ward", number=DUNG, reason="đồng ý lại"),
        refused("no-reason", "lan", number=DUNG, reason=" "),
    ),
)

LIFT = Act(
    "contacts.unsuppress a number",
    cli("contacts unsuppress", "{phone}", number="", reason="--reason"),
    web("/suppressions/{number}/lift", phone="", reason="reason"),
    cases=(
        done("lan", number=Known("suppression", "Đỗ Dung"), phone="0950000004", reason="đồng ý"),
        auditor(number=Known("suppression", "Đỗ Dung"), phone="0950000004", reason="đồng ý"),
        refused("no-reason", "lan", number=Known("suppression", "Đỗ Dung"), phone="0950000004",
                reason=" "),
        refused("unknown-suppression", "lan", number=Known("suppression", "none"),
                phone="0950007009", reason="đồng ý"),
        refused("unknown-suppression", "hung", "of another ward",
                number=Known("suppression", "Đỗ Dung"), phone="0950000004", reason="đồng ý"),
    ),
)  # fmt: skip

REPLY = Act(
    "contacts.reply",
    cli("contacts reply", "{number}", stop="--stop", urgent="--stop-urgent", no="--dismiss"),
    web("/replies/{number}", stop="what=stop", urgent="what=urgent", no="what=dismiss"),
    cases=(
        done("lan", number=Known("reply", "waiting"), stop=True),
        done("mai", "urgent texts too", number=Known("reply", "waiting"), urgent=True),
        done("lan", "dismissed", number=Known("reply", "waiting"), no=True),
        auditor(number=Known("reply", "waiting"), stop=True),
        refused("unknown-reply", "hung", "ward", number=Known("reply", "waiting"), stop=True),
        refused("looked-at-before", "lan", number=Known("reply", "clear"), stop=True),
        refused("reply-of-a-stranger", "lan", number=Known("reply", "stranger"), stop=True),
        refused("one-decision", "lan", number=Known("reply", "waiting")),
    ),
)

FORGET = Act(
    "contacts.forget",
    cli("contacts forget", "c{number}", reason="--reason", sure="--yes"),
    web("/contacts/{number}/forget", seen=code_typed, reason="reason", sure="sure"),
    cases=(
        done("lan", number=contact("Phạm Chi"), reason="đơn 12", sure=True),
        auditor(number=AN, reason="đơn 12", sure=True),
        refused("unknown-contact", "hung", "ward", number=AN, reason="đơn 12", sure=True),
        refused("not-confirmed", "lan", number=AN, reason="đơn 12"),
        refused("no-reason", "lan", number=contact("Phạm Chi"), reason=" ", sure=True),
    ),
)

DO_NOT_CALL = Act(
    "contacts.do-not-call",
    cli("contacts do-not-call", "{file}"),
    cases=(
        done("lan", file=File("khong-goi.txt", b"0950007009\n0950000001\n")),
        auditor(file=File("khong-goi.txt", b"0950007009\n")),
    ),
    why="the console does not load the list",
)
EXPORT = Act(
    "contacts.export",
    cli("contacts export", "{file}", ward="--ward", reason="--reason"),
    cases=(
        done("lan", file="./danh-ba.csv", ward=MINE, reason="đối chiếu"),
        done("mai", "numbers masked", file="./danh-ba.csv"),
        done("kiem", "by an auditor", file="./danh-ba.csv"),
        refused(
            "role", "kiem", "whole numbers for an auditor", file="./danh-ba.csv", reason="kiểm tra"
        ),
        refused("unknown-name", "lan", file="./danh-ba.csv", ward=NOWHERE),
    ),
    why="the console gives no numbers away",
)

# --- lists --------------------------------------------------------------------------------------

HEAD = "STT,Họ và tên,Số điện thoại,Tổ dân phố,Chủ hộ\n"


def sheet(ward_name: str, *rows: str) -> File:
    """A ward's list, called after it."""
    text = HEAD + "".join(f"{i},{row}\n" for i, row in enumerate(rows, 1))
    return File(f"{ward_name}.csv", text.encode())


GOOD = sheet("may-to", "Trần Mới,0950007001,Tổ 1,", "Trần An,0950007002,Tổ 1,")
BAD = sheet("may-to", "Trần Mới,0950007001,Tổ 1,", "Trần Xấu,12,Tổ 1,")
IMPORT = Act(
    "contacts.import",
    cli("contacts import", "{file}", ward="--ward", partial="--partial", legal="--legal",
        until="--keep-until"),
    web("/contacts/import/store", seen=uploaded, file="", ward="ward", partial="partial",
        legal="basis__legal", until="basis__keep_until"),
    cases=(
        done("lan", file=GOOD),
        done("mai", "of a ward", file=GOOD),
        done("lan", "with its basis", file=GOOD, legal="Kế hoạch 12"),
        auditor(file=GOOD),
        refused("not-your-ward", "hung", file=GOOD),
        refused("bad-rows", "lan", file=BAD),
        done("lan", "good rows only", file=BAD, partial=True),
        refused("bad-date", "lan", file=GOOD, until="31/02/2027"),
        refused("no-table", "lan", file=File("may-to.csv", b"a,b\n1,2\n")),
        refused("file-kind", "lan", file=File("may-to.exe", b"MZ")),
    ),
)  # fmt: skip

UNDO = Act(
    "contacts.undo",
    cli("contacts undo", "{number}"),
    web("/imports/{number}/undo"),
    cases=(
        done("lan", number=Known("import", "later")),
        auditor(number=Known("import", "later")),
        refused("not-your-ward", "hung", number=Known("import", "later")),
        refused("changed-later", "lan", number=Known("import", "Máy Tơ")),
        refused("already-undone", "lan", number=Known("import", "undone")),
        refused("unknown-import", "lan", number=Known("import", "none")),
    ),
)

# --- groups and places --------------------------------------------------------------------------

CREW, SHARED, NO_GROUP = (Known("group", n) for n in ("Tổ công nghệ", "Chung", "none"))

GROUP_ADD = Act(
    "groups.add",
    cli("groups add", "{name}"),
    web("/groups", name="name"),
    cases=(
        done("lan", name="Ban chỉ huy"),
        done("lan", "one that is there", name="Tổ công nghệ"),
        auditor(name="Ban chỉ huy"),
        refused("bad-name", "lan", name=" "),
    ),
)
GROUP_REMOVE = Act(
    "groups.remove",
    cli("groups remove", "{number} --yes"),
    web("/groups/{number}/remove"),
    cases=(
        done("lan", number=CREW),
        done("mai", "of a ward", number=CREW),
        auditor(number=CREW),
        refused("not-your-ward", "mai", number=SHARED),
        refused("unknown-name", "lan", number=NO_GROUP),
    ),
)
JOIN = Act(
    "groups.join",
    cli("groups add", "{group} c{number}"),
    web("/contacts/{number}/join", group="group"),
    cases=(
        done("lan", number=BINH, group=CREW),
        done("lan", "a new group", number=BINH, group="Ban chỉ huy"),
        done("lan", "twice", number=AN, group=CREW),
        auditor(number=BINH, group=CREW),
        refused("unknown-contact", "hung", "ward", number=BINH, group=CREW),
    ),
)
LEAVE = Act(
    "groups.leave",
    cli("groups remove", "{group} c{number}"),
    web("/contacts/{number}/leave", ids=("group",), group="group"),
    cases=(
        done("lan", number=AN, group=CREW),
        auditor(number=AN, group=CREW),
        refused("unknown-contact", "hung", "ward", number=AN, group=CREW),
        refused("unknown-name", "lan", number=AN, group=NO_GROUP),
    ),
)

PLACE_RENAME = Act(
    "areas.rename",
    cli("areas rename", "{ward} {number} {name}"),
    web("/areas/{number}/rename", ward="", name="name"),
    cases=(
        done("quan-tri", ward=MINE, number=FIRST, name="Tổ Hoa Sen"),
        refused("role", "lan", ward=MINE, number=FIRST, name="Tổ Hoa Sen"),
        auditor(ward=MINE, number=FIRST, name="Tổ Hoa Sen"),
        refused("not-your-ward", "dao", ward=MINE, number=FIRST, name="Tổ Hoa Sen"),
        refused("name-taken", "quan-tri", ward=MINE, number=FIRST, name="Tổ 2"),
        refused("unknown-name", "quan-tri", ward=MINE, number=NO_PLACE, name="Tổ Hoa Sen"),
        refused("no-name", "quan-tri", ward=MINE, number=FIRST, name=" "),
    ),
)
PLACE_MERGE = Act(
    "areas.merge",
    cli("areas merge", "{ward} {number} {into}"),
    web("/areas/{number}/merge", ids=("into",), ward="", into="into"),
    cases=(
        done("quan-tri", ward=MINE, number=FIRST, into=SECOND),
        refused("role", "lan", ward=MINE, number=FIRST, into=SECOND),
        auditor(ward=MINE, number=FIRST, into=SECOND),
        refused("not-your-ward", "dao", ward=MINE, number=FIRST, into=SECOND),
        refused("same-group", "quan-tri", ward=MINE, number=FIRST, into=FIRST),
        refused("unknown-name", "quan-tri", ward=MINE, number=FIRST, into=NO_PLACE),
    ),
)

ACTS = (
    ADD, RENAME, REPHONE, MOVE, MOVED_AWAY, SUPPRESS, BLOCK, UNSUPPRESS, LIFT, REPLY, FORGET,
    DO_NOT_CALL, EXPORT, IMPORT, UNDO, GROUP_ADD, GROUP_REMOVE, JOIN, LEAVE, PLACE_RENAME,
    PLACE_MERGE,
)  # fmt: skip
