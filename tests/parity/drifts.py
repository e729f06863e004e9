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
    # --- reasons --------------------------------------------------------------------------------
    (ALL, "the command line takes an empty reason", (
        "broadcasts.return / no-reason", "broadcasts.reject / no-reason",
    )),
    # --- what somebody is told ------------------------------------------------------------------
    ("answer trail", "what is of other wards is forbidden at one door, unknown at another", (
        "broadcasts.shared / ward",
    )),
    (ANSWER, "what is not there has a code of its own at each door", (
        "broadcasts.shared / unknown-name",
    )),
    # --- auditors -------------------------------------------------------------------------------
    (TRAIL, "an auditor is turned away and nothing is kept", (
        "broadcasts.create / auditor", "broadcasts.edit / auditor", "broadcasts.confirm / auditor",
        "broadcasts.test / auditor", "broadcasts.correct / auditor", "broadcasts.resend / auditor",
        "broadcasts.shared / auditor", "stop-all / auditor",
    )),
    (ANSWER, "the command line knows no role here and stops an auditor in the database", (
        "broadcasts.create / auditor", "broadcasts.schedule / auditor", "broadcasts.pause / auditor",
        "broadcasts.resume / auditor", "broadcasts.stop / auditor", "broadcasts.shared / auditor",
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
    )),
)  # fmt: skip
