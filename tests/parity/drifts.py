"""Where doors differ today, and where a refusal is kept in nobody's trail.

Each is (what differs: answer, rows, trail; why; the cases, `*` for anything). Tests hold every one
of them to be there still: whoever mends one takes it out.
"""

ANSWER, ROWS, TRAIL, ALL = "answer", "rows", "trail", "answer rows trail"

DRIFTS = (
    # --- clock ----------------------------------------------------------------------------------
    (ALL, "the console does not ask whether the clock can be trusted", (
        "broadcasts.approve on paper / clock-doubtful", "broadcasts.correct words / clock-doubtful",
        "broadcasts.schedule / clock-doubtful", "urgent.approve / clock-doubtful",
    )),
    (TRAIL, "the command line asks the clock before it remembers refusals",
     ("schedules.approve / clock-doubtful",)),
    ("answer trail", "the page asks for the role before the clock, a command after it; not kept",
     ("schedules.approve / clock-doubtful before role",)),
    # --- what is done ---------------------------------------------------------------------------
    (ROWS, "lunch is taken out of hours by the command line alone",
     ("broadcasts.create / hours over noon",)),
    (ROWS, "the form's own hours bind an urgent text, so that it waits for the morning",
     ("broadcasts.create / urgent",)),
    (TRAIL, "the console notes every field of its form as edited, changed or not", (
        "broadcasts.edit / done", "broadcasts.edit / words", "broadcasts.edit / an approved one",
        "broadcasts.edit / people", "broadcasts.edit / hours over noon",
        "broadcasts.edit / its document",
    )),
    (ALL, "the console takes any state for all of them", ("broadcasts.resend / unknown-name",)),
    ("rows trail", "the console submits what it prepares in the same step",
     ("urgent.prepare / done",)),
    (ALL, "the command line lets an urgent text reach nobody at most",
     ("urgent.prepare / bad-limits",)),
    ("rows trail", "the console hands over only while it disables", ("people.handover / done",)),
    (ALL, "the console hands over to anybody: an auditor, the same person, other wards", (
        "people.handover / to an auditor", "people.handover / same-person",
        "people.handover / to another ward",
    )),
    (ALL, "the command line lets no auditor tick off their own notices",
     ("notices.read / by an auditor",)),
    (TRAIL, "one's own act is written down as the system's by the console",
     ("me.password / done", "me.totp / done", "notices.read / done")),
    (TRAIL, "a backup is written down as the system's by the command line",
     ("site.backup / done",)),
    # --- reasons --------------------------------------------------------------------------------
    (ALL, "the command line takes an empty reason", (
        "broadcasts.return / no-reason", "broadcasts.reject / no-reason",
    )),
    # --- what somebody is told ------------------------------------------------------------------
    (ANSWER, "the console breaks: the ward is not looked up", ("people.add / unknown-name",)),
    ("answer trail", "the console breaks: the schedule is not known; kept by no door",
     ("schedules.pause / not-submitted",)),
    ("answer trail", "what is of other wards is forbidden at one door, unknown at another", (
        "broadcasts.shared / ward", "schedules.submit / not-your-ward",
        "schedules.approve / not-your-ward", "schedules.pause / not-your-ward",
        "duty.add / not-your-ward",
    )),
    (ANSWER, "what is not there has a code of its own at each door", (
        "broadcasts.shared / unknown-name", "duty.add / unknown-name",
        "people.role / unknown-name",
        "people.disable / unknown-name", "people.password / unknown-name",
        "gateways.* / unknown-name",
    )),
    ("answer trail", "what is not there has a code of its own at each door; kept by none",
     ("people.end-delegation / no-delegation",)),
    (ANSWER, "a command's own choices answer before the rule does",
     ("people.*/ bad-role", "holidays.set / bad-kind")),
    ("answer trail", "one rule, two codes: own-role and yourself; kept by no door",
     ("people.role / own-role",)),
    ("answer trail", "the command line calls a missing role an act of the whole site; not kept",
     ("gateways.resume / role", "holidays.set / role", "site.backup / role")),
    # --- auditors -------------------------------------------------------------------------------
    (TRAIL, "the page turns an auditor away and keeps nothing", (
        "broadcasts.* / auditor", "stop-all / auditor", "urgent.* / auditor",
        "schedules.* / auditor", "duty.* / auditor", "people.* / auditor",
        "gateways.* / auditor", "holidays.* / auditor", "site.* / auditor",
    )),
    (ANSWER, "the command line knows no role here and stops an auditor in the database", (
        "broadcasts.create / auditor", "broadcasts.schedule / auditor", "broadcasts.pause / auditor",
        "broadcasts.resume / auditor", "broadcasts.stop / auditor", "schedules.pause / auditor",
    )),
    (ANSWER, "the command line calls a missing role an act of the whole site",
     ("gateways.* / auditor", "holidays.set / auditor", "site.backup / auditor")),
    # --- refusals kept --------------------------------------------------------------------------
    (TRAIL, "the page turns others than leaders away and keeps nothing",
     ("schedules.approve / role", "urgent.approve / role")),
    (TRAIL, "the command line keeps no refusal", (
        "broadcasts.test / enough-tests", "broadcasts.correct / nothing-to-correct",
        "broadcasts.resend / not-released", "broadcasts.resend / nobody-left",
        "broadcasts.resend / in part only", "urgent.prepare / not-your-ward",
    )),
    (TRAIL, "the console keeps no refusal", ("urgent.end / not-your-ward",)),
    (TRAIL, "one act is tried under two names: approve and correct", (
        "broadcasts.correct words / role", "broadcasts.correct words / wrong-state",
        "broadcasts.correct words / own-work", "broadcasts.correct words / nothing-changed",
    )),
    (TRAIL, "no door keeps the refusal", (
        "broadcasts.create / not-your-ward", "schedules.pause / wrong-state",
        "schedules.return / role", "schedules.return / not-your-ward",
        "duty.add / role", "duty.add / an auditor on duty", "duty.remove / role",
        "duty.remove / not-your-ward",
        "people.add / role", "people.add / not-your-ward",
        "people.add / the whole site", "people.add / second-account", "people.role / role",
        "people.role / not-your-ward", "people.disable / role", "people.disable / not-your-ward",
        "people.disable / yourself", "people.handover / not-their-ward", "people.password / role",
        "people.password / not-your-ward", "people.password / weak-password",
        "me.password / weak-password", "people.delegate / role",
        "people.delegate / another leader's", "people.delegate / of no leader",
        "people.delegate / to an auditor", "people.delegate / not-your-ward",
        "people.key-add / role", "people.key-add / not-your-ward", "people.reach / role",
        "people.reach / not-your-ward", "people.end-delegation / role", "people.end-delegation / not-your-ward",
        "gateways.pause / whole-site", "gateways.resume / whole-site",
        "holidays.set / whole-site", "site.backup / whole-site",
    )),
)  # fmt: skip
