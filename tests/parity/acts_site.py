"""People, delegations, gateways, days off, settings, signing in."""

from parity.words import Act, Known, auditor, cli, done, person, refused, ward, web

MINE, THEIRS, NOWHERE = ward("Máy Tơ"), ward("Cầu Đất"), ward("Hà Nội")
MAI, NOBODY = person("mai"), person("ai-do")

NEW = {"name": "hoa", "role": "officer", "full_name": "Lê Thị Hoa"}
PERSON_ADD = Act(
    "people.add",
    cli("people add", "{name}", role="--role", full_name="--full-name", position="--position",
        email="--email", wards="--ward", namesake="--namesake"),
    web("/people", name="name", role="role", full_name="full_name",
        position="position", email="email", wards="ward", namesake="namesake"),
    cases=(
        done("quan-tri", **NEW, position="Công chức", email="hoa@phuong.example"),
        done("quan-tri", "of a ward", **NEW, wards=(MINE,)),
        done("dao", "of one's own ward", **NEW, wards=(THEIRS,)),
        done("quan-tri", "a namesake", **(NEW | {"full_name": "Người lan"}), namesake=True),
        auditor(**NEW),
        refused("role", "minh", **NEW),
        refused("not-your-ward", "dao", **NEW, wards=(MINE,)),
        refused("not-your-ward", "dao", "the whole site", **NEW),
        refused("person-exists", "quan-tri", **(NEW | {"name": "lan"})),
        refused("second-account", "quan-tri", **(NEW | {"full_name": "Người lan"})),
        refused("bad-role", "quan-tri", **(NEW | {"role": "vua"})),
        refused("unknown-name", "quan-tri", **NEW, wards=(NOWHERE,)),
    ),
)  # fmt: skip
PERSON_ROLE = Act(
    "people.role",
    cli("people role", "{number}", role="--role", wards="--ward"),
    web("/people/{number}/role", role="role"),
    cases=(
        done("quan-tri", number=MAI, role="leader"),
        auditor(number=MAI, role="leader"),
        refused("role", "minh", number=MAI, role="leader"),
        refused("not-your-ward", "dao", number=MAI, role="leader"),
        refused("own-role", "quan-tri", number=person("quan-tri"), role="leader"),
        refused("bad-role", "quan-tri", number=MAI, role="vua"),
        refused("unknown-name", "quan-tri", number=NOBODY, role="leader"),
    ),
)
DISABLE = Act(
    "people.disable",
    cli("people disable", "{number}", anyway="--yes"),
    web("/people/{number}/disable", anyway="anyway"),
    cases=(
        done("quan-tri", number=person("tam")),
        done("quan-tri", "with open work", number=person("lan"), anyway=True),
        done("dao", "of one's own ward", number=person("tam")),
        auditor(number=person("tam")),
        refused("role", "minh", number=person("tam")),
        refused("not-your-ward", "dao", number=MAI),
        refused("not-confirmed", "quan-tri", number=person("lan")),
        refused("yourself", "quan-tri", number=person("quan-tri")),
        refused("unknown-name", "quan-tri", number=NOBODY),
    ),
)
HAND_OVER = Act(
    "people.handover",
    cli("people handover", "{number} {to}"),
    web("/people/{number}/handover", to="to"),
    cases=(
        done("quan-tri", number=person("lan"), to=person("minh")),
        refused("not-their-ward", "quan-tri", number=person("lan"), to=MAI),
        auditor(number=person("lan"), to=MAI),
        refused("role", "quan-tri", "to an auditor", number=person("lan"), to=person("kiem")),
        refused("same-person", "quan-tri", number=person("lan"), to=person("lan")),
        refused("not-your-ward", "dao", "to another ward", number=person("hung"), to=MAI),
        refused("unknown-name", "quan-tri", number=person("lan"), to=NOBODY),
    ),
)
PASSWORD = Act(
    "people.password",
    cli("people password", "{number}", stdin="password"),
    web("/people/{number}/password", password="password"),
    cases=(
        done("quan-tri", number=MAI, password="mèo vàng ăn sấm chớp"),
        auditor(number=MAI, password="mèo vàng ăn sấm chớp"),
        refused("role", "minh", number=MAI, password="mèo vàng ăn sấm chớp"),
        refused("not-your-ward", "dao", number=MAI, password="mèo vàng ăn sấm chớp"),
        refused("weak-password", "quan-tri", number=MAI, password="123"),
        refused("unknown-name", "quan-tri", number=NOBODY, password="mèo vàng ăn sấm chớp"),
    ),
)
OLD = "mèo xanh ăn sấm chớp"
OWN_PASSWORD = Act(
    "me.password",
    cli("people password", "{me}", stdin="password", old=""),
    web("/me/password", me="", old="old", password="new"),
    cases=(
        done("lan", me=person("lan"), old=OLD, password="mèo vàng ăn sấm chớp"),
        refused("weak-password", "lan", me=person("lan"), old=OLD, password="123"),
    ),
)
OWN_CODE = Act(
    "me.totp",
    cli("people totp", "{me}", old=""),
    web("/me/totp", shows="otpauth://", me="", old="old"),
    cases=(done("minh", me=person("minh"), old=OLD),),
)
KEY = {"number": MAI, "name": "mot-cua", "may": "write", "days": "30"}
KEY_ADD = Act(
    "people.key-add",
    cli("people key-add", "{number}", name="--name", may="--may", days="--days"),
    cases=(
        done("quan-tri", **KEY),
        done("mai", "one's own", **KEY),
        refused("role", "minh", **KEY),
        refused("not-your-ward", "dao", **KEY),
        refused("key-exists", "quan-tri", **(KEY | {"name": "k-mai"})),
        refused("bad-key", "quan-tri", **(KEY | {"days": "0"})),
        refused("unknown-name", "quan-tri", **(KEY | {"number": NOBODY})),
    ),
    why="the console makes no API keys",
)
KEY_END = Act(
    "people.key-revoke",
    cli("people key-revoke", "{name}"),
    cases=(
        done("quan-tri", name="k-mai"),
        done("mai", "one's own", name="k-mai"),
        refused("unknown-name", "dao", "ward", name="k-mai"),
        refused("unknown-name", "quan-tri", name="khong-co"),
    ),
    why="the console makes no API keys",
)
REACH = Act(
    "people.reach",
    cli("people reach", "{number}", email="--email", phone="--phone"),
    cases=(
        done("quan-tri", number=MAI, email="mai@phuong.example", phone="0950000055"),
        done("mai", "oneself", number=MAI, email="mai@phuong.example"),
        refused("role", "minh", number=MAI, email="mai@phuong.example"),
        refused("not-your-ward", "dao", number=MAI, email="mai@phuong.example"),
        refused("bad-phone", "quan-tri", number=MAI, phone="12"),
    ),
    why="the console does not ask how to tell staff",
)

LENT = {"principal": person("minh"), "deputy": MAI, "document": "16/QĐ", "first": "2026-12-02",
        "until": "2026-12-31", "prefix": "KT."}  # fmt: skip
DELEGATE = Act(
    "people.delegate",
    cli("people delegate", "{principal} {deputy}", document="--document", first="--from",
        until="--until", prefix="--prefix", most_people="--most-people", most_dong="--most-dong"),
    web("/deputies", principal="principal", deputy="deputy", document="document", first="from",
        until="until", prefix="prefix", most_people="most_people", most_dong="most_dong"),
    cases=(
        done("minh", **LENT, most_people="100", most_dong="1000000"),
        done("quan-tri", "noted by an admin", **LENT),
        auditor(**LENT),
        refused("role", "lan", **LENT),
        refused("role", "binh", "another leader's", **LENT),
        refused("role", "quan-tri", "of no leader", **(LENT | {"principal": person("lan")})),
        refused("role", "minh", "to an auditor", **(LENT | {"deputy": person("kiem")})),
        refused("not-your-ward", "dao", **(LENT | {"principal": person("binh")})),
        refused("bad-delegation", "minh", "to oneself", **(LENT | {"deputy": person("minh")})),
        refused("bad-delegation", "minh", "ends before", **(LENT | {"until": "2026-12-01"})),
        refused("bad-delegation", "minh", "no document", **(LENT | {"document": " "})),
        refused("bad-date", "minh", **(LENT | {"until": "mai"})),
        refused("unknown-name", "minh", **(LENT | {"deputy": NOBODY})),
    ),
)  # fmt: skip
TAKE_BACK = Act(
    "people.end-delegation",
    cli("people end-delegation", "{number}"),
    web("/deputies/{number}/end"),
    cases=(
        done("minh", number=Known("delegation", "minh")),
        done("quan-tri", "by an admin", number=Known("delegation", "minh")),
        auditor(number=Known("delegation", "minh")),
        refused("role", "lan", number=Known("delegation", "minh")),
        refused("not-your-ward", "dao", number=Known("delegation", "minh")),
        refused("no-delegation", "minh", number=Known("delegation", "none")),
    ),
)

# --- gateways, days off, settings ---------------------------------------------------------------

ESMS, ZALO = Known("gateway", "esms"), Known("gateway", "zalo")
NO_GATEWAY = Known("gateway", "none")
GATEWAY_PAUSE = Act(
    "gateways.pause",
    cli("gateways pause", "{name}"),
    web("/gateways/{name}/pause"),
    cases=(
        done("lan", name=ESMS),
        auditor(name=ESMS),
        refused("whole-site", "mai", name=ESMS),
        refused("unknown-name", "lan", name=NO_GATEWAY),
    ),
)
GATEWAY_RESUME = Act(
    "gateways.resume",
    cli("gateways resume", "{name}"),
    web("/gateways/{name}/resume"),
    cases=(
        done("quan-tri", name=ZALO),
        auditor(name=ESMS),
        refused("whole-site", "dao", name=ESMS),
        refused("role", "lan", name=ESMS),
        refused("unknown-name", "quan-tri", name=NO_GATEWAY),
    ),
)
PAIR = {"name": ZALO, "paste": True, "tokens": "access-1\nrefresh-1\n"}
GATEWAY_LOGIN = Act(
    "gateways.login",
    cli("gateways login", "{name}", stdin="tokens", paste="--paste"),
    cases=(
        done("quan-tri", **PAIR),
        auditor(**PAIR),
        refused("role", "lan", **PAIR),
        refused("whole-site", "dao", **PAIR),
        refused("two-tokens", "quan-tri", **(PAIR | {"tokens": "access-1"})),
        refused("no-login", "quan-tri", **(PAIR | {"name": ESMS})),
        refused("unknown-name", "quan-tri", **(PAIR | {"name": NO_GATEWAY})),
    ),
    why="the console signs no account in",
)
NOTED = {"name": ESMS, "template": "thong-bao", "state": "approved"}
REGISTER = Act(
    "gateways.register",
    cli("gateways register", "{name} {template}", state="--state", note="--note", day="--date"),
    cases=(
        done("lan", **NOTED),
        auditor(**NOTED),
        refused("whole-site", "mai", **NOTED),
        refused("why", "lan", **(NOTED | {"state": "rejected"})),
        refused("bad-date", "lan", **NOTED, day="mai"),
        refused("unknown-name", "lan", **(NOTED | {"name": NO_GATEWAY})),
    ),
    why="the console notes no answer",
)

DAY = {"day": "2026-12-31", "name": "Nghỉ hoán đổi", "kind": "off"}
HOLIDAY = Act(
    "holidays.set",
    cli("holidays set", "{day}", name="--name", kind="--kind"),
    web("/holidays", day="day", name="name", kind="kind"),
    cases=(
        done("quan-tri", **DAY),
        done("quan-tri", "a day worked", **(DAY | {"kind": "work"})),
        auditor(**DAY),
        refused("role", "lan", **DAY),
        refused("whole-site", "dao", **DAY),
        refused("bad-name", "quan-tri", **(DAY | {"name": " "})),
        refused("bad-date", "quan-tri", **(DAY | {"day": "mai"})),
        refused("bad-kind", "quan-tri", **(DAY | {"kind": "nghỉ"})),
    ),
)
BACKUP = Act(
    "site.backup",
    cli("db backup", "{file}"),
    web("/settings/backup", file=""),
    cases=(
        done("quan-tri", file="./sao-luu.db"),
        auditor(file="./sao-luu.db"),
        refused("whole-site", "dao", file="./sao-luu.db"),
        refused("role", "lan", file="./sao-luu.db"),
    ),
)
SETTINGS = Act(
    "site.settings",
    None,
    web("/settings", most="set/limits/per_person"),
    cases=(
        auditor(most="3"),
        refused("role", "lan", most="3"),
        refused("whole-site", "dao", most="3"),
    ),
    why="a command line edits the file itself",
)
TIDY = Act("templates.tidy", cli("templates tidy"), why="the console changes no texts")
NOTICES = Act(
    "notices.read",
    cli("notices", read="--read"),
    web("/notices", read=""),
    cases=(
        done("lan", read=True),
        done("kiem", "by an auditor", read=True),
    ),
)

SIGN_IN = (
    Act("me.sign-in", None, web("/sign-in"), why="a command is given a name"),
    Act("me.first", None, web("/first"), why="people add makes the first person"),
    Act("me.sign-out", None, web("/sign-out"), why="a command has no session"),
)

ACTS = (
    PERSON_ADD, PERSON_ROLE, DISABLE, HAND_OVER, PASSWORD, OWN_PASSWORD, OWN_CODE, KEY_ADD,
    KEY_END, REACH, DELEGATE, TAKE_BACK, GATEWAY_PAUSE, GATEWAY_RESUME, GATEWAY_LOGIN, REGISTER,
    HOLIDAY, BACKUP, SETTINGS, TIDY, NOTICES, *SIGN_IN,
)  # fmt: skip
