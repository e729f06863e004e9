"""When: schedule files, the next moments, and one firing exactly once.

Comes from: schedules/*.toml.   Goes to: a broadcast, released under the schedule's approval.
Never: lets APScheduler hold a truth; it is a cron parser and a clock that wakes us. Its stores lose
late jobs and run some twice; our occurrences are rows with a unique (schedule, fire_at).
"""

from dispatcher.scheduling.approving import LIFE, approve, submit, whole
from dispatcher.scheduling.days import skipped, skipped_sentence
from dispatcher.scheduling.files import Occurrence, Schedule, files, load, parse
from dispatcher.scheduling.schedule_runs import Fire, covers, keep_all, run_due
from dispatcher.scheduling.series import Series, refuse_same_day, series
from dispatcher.scheduling.times import ask_moment, read_moment

__all__ = [
    "LIFE",
    "Fire",
    "Occurrence",
    "Schedule",
    "Series",
    "approve",
    "ask_moment",
    "covers",
    "files",
    "keep_all",
    "load",
    "parse",
    "read_moment",
    "refuse_same_day",
    "run_due",
    "series",
    "skipped",
    "skipped_sentence",
    "submit",
    "whole",
]
