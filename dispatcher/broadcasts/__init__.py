"""A plan with words: drafted, previewed, approved to the letter, released into rows that wait.

Comes from: an officer's choices or a schedule.   Goes to: messages.
Never: releases what nobody approved, or more people than were approved.

A preview is a release in a transaction that is rolled back: it cannot differ from the real one.
"""

from dispatcher.broadcasts.approving import approve, approve_on_paper, confirm, offer
from dispatcher.broadcasts.decisions import (
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
from dispatcher.broadcasts.drafting import BroadcastWords, Limit, NewBroadcast, digest
from dispatcher.broadcasts.follow_up import (
    MAY_HAVE_RECEIVED,
    RESENT,
    correct,
    resend,
    stop_all,
    test,
)
from dispatcher.broadcasts.forecast import Forecast, Speed, forecast
from dispatcher.broadcasts.lateness import Late, WayOut, never, nobody, with_routes
from dispatcher.broadcasts.one_text import same_words
from dispatcher.broadcasts.previewing import Preview, Remarked, in_time, preview
from dispatcher.broadcasts.releasing import Resolve, release, steps_of_release
from dispatcher.broadcasts.text_findings import TextFinding
from dispatcher.broadcasts.upcoming import UpcomingBroadcast, upcoming_broadcasts

__all__ = [
    "MAY_HAVE_RECEIVED",
    "RESENT",
    "BroadcastWords",
    "Courtesy",
    "Forecast",
    "Late",
    "Limit",
    "NewBroadcast",
    "Preview",
    "Remarked",
    "Resolve",
    "Speed",
    "TextFinding",
    "UpcomingBroadcast",
    "WayOut",
    "approve",
    "approve_on_paper",
    "confirm",
    "correct",
    "digest",
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
    "upcoming_broadcasts",
    "with_routes",
]
