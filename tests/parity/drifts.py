"""Where doors differ today, and where a refusal is kept in nobody's trail.

Each is (what differs: answer, rows, trail; why; the cases, `*` for anything). Tests hold every one
of them to be there still: whoever mends one takes it out.
"""

ANSWER, ROWS, TRAIL, ALL = "answer", "rows", "trail", "answer rows trail"

DRIFTS = (
    # --- clock ----------------------------------------------------------------------------------
    (ALL, "the console does not ask whether the clock can be trusted", (
        "broadcasts.approve on paper / clock-doubtful", "broadcasts.correct words / clock-doubtful",
        "broadcasts.schedule / clock-doubtful",
    )),
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
    # --- reasons --------------------------------------------------------------------------------
    (ALL, "the command line takes an empty reason", (
        "broadcasts.return / no-reason", "broadcasts.reject / no-reason",
        "contacts.suppress a number / no-reason", "contacts.unsuppress a number / no-reason",
        "contacts.forget / no-reason",
    )),
    (ALL, "no door wants a reason: the console makes one up, the command line keeps none",
     ("contacts.suppress / no-reason", "contacts.unsuppress / no-reason")),
    # --- what somebody is told ------------------------------------------------------------------
    (ANSWER, "somebody without a number is suppressed in the console, and nothing happens",
     ("contacts.suppress / no-number",)),
    (ANSWER, "the command line lifts what is not there",
     ("contacts.unsuppress a number / unknown-suppression",)),
    ("answer trail", "what is of other wards is forbidden at one door, unknown at another", (
        "broadcasts.shared / ward",
        "contacts.add / not-your-ward", "contacts.move / not-your-ward",
        "groups.remove / not-your-ward", "areas.* / not-your-ward",
    )),
    (ANSWER, "what is not there has a code of its own at each door", (
        "broadcasts.shared / unknown-name", "contacts.add / unknown ward",
        "contacts.move / unknown-name", "contacts.move / unknown ward",
        "groups.remove / unknown-name", "areas.* / unknown-name",
    )),
    (ANSWER, "a number that is none has two codes", ("contacts.add / bad-phone",)),
    (ANSWER, "asked once more under two codes", ("contacts.forget / not-confirmed",)),
    ("answer trail", "rows that stop a list have a code in the console alone; kept by no door",
     ("contacts.import / bad-rows", "contacts.import / file-kind")),
    # --- auditors -------------------------------------------------------------------------------
    (TRAIL, "an auditor is turned away and nothing is kept", (
        "broadcasts.create / auditor", "broadcasts.edit / auditor", "broadcasts.confirm / auditor",
        "broadcasts.test / auditor", "broadcasts.correct / auditor", "broadcasts.resend / auditor",
        "broadcasts.shared / auditor", "stop-all / auditor", "contacts.* / auditor",
        "groups.* / auditor", "areas.* / auditor",
    )),
    (ANSWER, "the command line knows no role here and stops an auditor in the database", (
        "broadcasts.create / auditor", "broadcasts.schedule / auditor", "broadcasts.pause / auditor",
        "broadcasts.resume / auditor", "broadcasts.stop / auditor", "broadcasts.shared / auditor",
        "contacts.add / auditor", "contacts.rename / auditor", "contacts.rephone / auditor",
        "contacts.move* / auditor", "contacts.*suppress* / auditor", "contacts.forget / auditor",
        "contacts.import / auditor", "contacts.undo / auditor",
        "groups.* / auditor", "areas.* / auditor",
    )),
    # --- refusals kept --------------------------------------------------------------------------
    (TRAIL, "the command line keeps no refusal", (
        "broadcasts.test / enough-tests", "broadcasts.correct / nothing-to-correct",
        "broadcasts.resend / not-released", "broadcasts.resend / nobody-left",
        "broadcasts.resend / in part only",
    )),
    (TRAIL, "one act is tried under two names: approve and correct", (
        "broadcasts.correct words / role", "broadcasts.correct words / wrong-state",
        "broadcasts.correct words / own-work", "broadcasts.correct words / nothing-changed",
    )),
    (TRAIL, "no door keeps the refusal", (
        "broadcasts.create / not-your-ward",
        "contacts.do-not-call / read-only", "contacts.add / already-there",
        "contacts.reply / looked-at-before", "contacts.reply / reply-of-a-stranger",
        "contacts.import / not-your-ward", "contacts.undo / not-your-ward",
        "contacts.undo / changed-later", "contacts.undo / already-undone",
        "areas.rename / name-taken",
    )),
)  # fmt: skip
