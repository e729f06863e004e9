"""Outbox: every message becomes a file in a folder. No network; for trials and training.

The file is named by our reference and put in place in one step, so a repeat replaces a letter by
the same letter: dedup for as long as the folder is kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from dispatcher.domain.failpoints import failpoint
from dispatcher.domain.model import Channel, Fault
from dispatcher.gateways.contract import Accepted, Given, Limits, Outgoing, Refused, SendResult
from dispatcher.gateways.fields import Options, setting
from dispatcher.gateways.structs import taken
from dispatcher.i18n import Say

LIMITS = Limits(in_flight=1, batch=100, same_body=False, dedup_window=timedelta(days=3650))


class OutboxOptions(Options, frozen=True):
    """[gateways.…] with `adapter = "outbox"`."""

    folder: Annotated[
        str,
        setting(Say("A folder under data/ of the site"), min_length=1),
    ] = "outbox"


OPTIONS = OutboxOptions


class Outbox:
    """Writes to `folder`, one JSON file per message, named by our reference."""

    channel = Channel.SMS

    def __init__(self, given: Given) -> None:
        self.name, self.limits = given.name, LIMITS
        self._folder = Path(taken(OutboxOptions, given.options).folder)

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[SendResult]:
        return [self._write(message) for message in batch]

    def _write(self, message: Outgoing) -> SendResult:
        letter = {
            "to": message.to,
            "sender": message.sender,
            "body": message.body,
            "reference": message.reference,
        }
        path = self._folder / f"{message.reference}.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(".part")
            failpoint("before file letter")
            with draft.open("w", encoding="utf-8") as file:
                json.dump(letter, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            failpoint("before rename letter")
            draft.replace(path)
            failpoint("after file letter")
        except OSError as error:
            return Refused(Fault.BUSY, type(error).__name__, error.strerror or "")
        return Accepted(message.reference)


def build(given: Given) -> Outbox:
    return Outbox(given)
