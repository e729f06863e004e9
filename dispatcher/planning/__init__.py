"""A plan with words: drafted, previewed, approved to the letter, released into rows that wait.

Comes from: an officer's choices or a schedule.   Goes to: messages.
Never: releases what nobody approved, or more people than were approved.

A preview is a release in a transaction that is rolled back: it cannot differ from the real one.
"""

from dispatcher.planning.approving import approve, approve_on_paper, confirm, offer
from dispatcher.planning.decide import (
    Courtesy,
    edit,
    pause,
    resume,
    schedule,
    send_back,
    stop,
    submit,
    system_approve,
)
from dispatcher.planning.drafting import Draft, Limit, Words, digest, draft
from dispatcher.planning.follow_up import (
    MAY_HAVE_RECEIVED,
    RESENT,
    correct,
    resend,
    stop_all,
    test,
)
from dispatcher.planning.forecast import Forecast, Speed, forecast
from dispatcher.planning.foreseeing import Coming, coming
from dispatcher.planning.lateness import Late, WayOut, never, nobody, with_routes
from dispatcher.planning.one_text import same_words
from dispatcher.planning.previewing import Preview, Remarked, in_time, preview
from dispatcher.planning.releasing import Resolve, release, steps_of_release
from dispatcher.planning.watching import Finding

__all__ = [
    "MAY_HAVE_RECEIVED",
    "RESENT",
    "Coming",
    "Courtesy",
    "Draft",
    "Finding",
    "Forecast",
    "Late",
    "Limit",
    "Preview",
    "Remarked",
    "Resolve",
    "Speed",
    "WayOut",
    "Words",
    "approve",
    "approve_on_paper",
    "coming",
    "confirm",
    "correct",
    "digest",
    "draft",
    "edit",
    "forecast",
    "in_time",
    "never",
    "nobody",
    "offer",
    "pause",
    "preview",
    "release",
    "resend",
    "resume",
    "same_words",
    "schedule",
    "send_back",
    "steps_of_release",
    "stop",
    "stop_all",
    "submit",
    "system_approve",
    "test",
    "with_routes",
]
