"""Where doors differ today, and where a refusal is kept in nobody's trail.

Each is (what differs: answer, rows, trail; why; the cases, `*` for anything). Tests hold every one
of them to be there still: whoever mends one takes it out.
"""

ANSWER, ROWS, TRAIL, ALL = "answer", "rows", "trail", "answer rows trail"

DRIFTS: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
