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
    (ROWS, "the console alone notes how many cells were set right", (
        "contacts.import / done", "contacts.import / of a ward", "contacts.import / with its basis",
        "contacts.import / good rows only",
    )),
    (ALL, "the console stores an empty change", ("contacts.rename / nothing-to-change",)),
    (ALL, "the command line lets any officer change residential groups",
     ("areas.rename / role", "areas.merge / role")),
    (ALL, "the command line takes an empty name", ("areas.rename / no-name",)),
    (TRAIL, "a new group is noted with its people by the command line alone",
     ("groups.add / done", "groups.add / one that is there")),
    ("answer trail", "the console takes somebody out of a group that is not there",
     ("groups.leave / unknown-name",)),
    (ALL, "the command line lets no auditor tick off their own notices",
     ("notices.read / by an auditor",)),
    (TRAIL, "one's own act is written down as the system's by the console",
     ("me.password / done", "me.totp / done", "notices.read / done")),
    # --- reasons --------------------------------------------------------------------------------
    (ALL, "the command line takes an empty reason", (
        "broadcasts.return / no-reason", "broadcasts.reject / no-reason",
        "contacts.suppress a number / no-reason", "contacts.unsuppress a number / no-reason",
        "contacts.forget / no-reason",
    )),
    (ALL, "no door wants a reason: the console makes one up, the command line keeps none",
     ("contacts.suppress / no-reason", "contacts.unsuppress / no-reason")),
    # --- what somebody is told ------------------------------------------------------------------
    (ANSWER, "the console breaks: the ward is not looked up", ("people.add / unknown-name",)),
    ("answer trail", "the console breaks: the schedule is not known; kept by no door",
     ("schedules.pause / not-submitted",)),
    (ANSWER, "somebody without a number is suppressed in the console, and nothing happens",
     ("contacts.suppress / no-number",)),
    (ANSWER, "the command line lifts what is not there",
     ("contacts.unsuppress a number / unknown-suppression",)),
    ("answer trail", "what is of other wards is forbidden at one door, unknown at another", (
        "broadcasts.shared / ward", "schedules.submit / not-your-ward",
        "schedules.approve / not-your-ward", "schedules.pause / not-your-ward",
        "duty.add / not-your-ward",
        "contacts.add / not-your-ward", "contacts.move / not-your-ward",
        "groups.remove / not-your-ward", "areas.* / not-your-ward",
    )),
    (ANSWER, "what is not there has a code of its own at each door", (
        "broadcasts.shared / unknown-name", "duty.add / unknown-name", "contacts.add / unknown ward",
        "contacts.move / unknown-name", "contacts.move / unknown ward",
        "groups.remove / unknown-name", "areas.* / unknown-name", "people.role / unknown-name",
        "people.disable / unknown-name", "people.password / unknown-name",
    )),
    ("answer trail", "what is not there has a code of its own at each door; kept by none",
     ("people.end-delegation / no-delegation",)),
    (ANSWER, "a number that is none has two codes", ("contacts.add / bad-phone",)),
    (ANSWER, "asked once more under two codes", ("contacts.forget / not-confirmed",)),
    (ANSWER, "a command's own choices answer before the rule does",
     ("people.*/ bad-role", "holidays.set / bad-kind")),
    ("answer trail", "rows that stop a list have a code in the console alone; kept by no door",
     ("contacts.import / bad-rows", "contacts.import / file-kind")),
    ("answer trail", "one rule, two codes: own-role and yourself; kept by no door",
     ("people.role / own-role",)),
    # --- auditors -------------------------------------------------------------------------------
    (TRAIL, "the page turns an auditor away and keeps nothing", (
        "broadcasts.* / auditor", "schedules.* / auditor", "urgent.* / auditor", "stop-all / auditor",
        "duty.* / auditor", "contacts.* / auditor", "groups.* / auditor", "areas.* / auditor",
        "people.* / auditor", "holidays.* / auditor",
    )),
    (ANSWER, "the command line knows no role here and stops an auditor in the database", (
        "broadcasts.create / auditor", "broadcasts.schedule / auditor", "broadcasts.pause / auditor",
        "broadcasts.resume / auditor", "broadcasts.stop / auditor", "schedules.pause / auditor",
        "contacts.add / auditor", "contacts.rename / auditor", "contacts.rephone / auditor",
        "contacts.move / auditor", "contacts.*suppress* / auditor", "contacts.forget / auditor",
        "contacts.import / auditor", "contacts.undo / auditor",
        "groups.* / auditor", "areas.* / auditor",
    )),
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
        "duty.remove / not-your-ward", "contacts.do-not-call / read-only", "contacts.add / already-there",
        "contacts.reply / looked-at-before", "contacts.reply / reply-of-a-stranger",
        "contacts.import / not-your-ward", "contacts.undo / not-your-ward",
        "contacts.undo / changed-later", "contacts.undo / already-undone",
        "areas.rename / name-taken", "people.add / role", "people.add / not-your-ward",
        "people.add / the whole site", "people.add / second-account", "people.role / role",
        "people.role / not-your-ward", "people.disable / role", "people.disable / not-your-ward",
        "people.disable / yourself", "people.handover / not-their-ward", "people.password / role",
        "people.password / not-your-ward", "people.password / weak-password",
        "me.password / weak-password", "people.delegate / role",
        "people.delegate / another leader's", "people.delegate / of no leader",
        "people.delegate / to an auditor", "people.delegate / not-your-ward",
        "people.key-add / role", "people.key-add / not-your-ward", "people.reach / role",
        "people.reach / not-your-ward", "people.end-delegation / role", "people.end-delegation / not-your-ward",
        "holidays.set / role", "holidays.set / whole-site",
    )),
)  # fmt: skip
