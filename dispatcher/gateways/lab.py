"""Lab: a gateway that exists only as our own twin, to prove the promise under every capability.

`capability`: "dedup" (remembers our reference), "lookup" (can be asked for it after a settling
time) or "neither". Never for residents.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal

from dispatcher.domain.model import Channel
from dispatcher.gateways.contract import (
    Accepted,
    Answer,
    Call,
    Codes,
    Given,
    Heard,
    Limits,
    NoAnswer,
    Outgoing,
    Refused,
    SendResult,
    answered,
    fault_table,
    word,
)
from dispatcher.gateways.fields import HTTP, URL, AnyOptions, Options, setting
from dispatcher.gateways.structs import taken
from dispatcher.i18n import Say

SETTLE = timedelta(seconds=2)
CODES = Codes(
    frozenset({"ok"}),
    fault_table(
        recipient="nobody",
        content="words",
        account="key",
        busy="full",
        carrier="network",
        later="night",
    ),
)


class LabOptions(Options, frozen=True):
    """[gateways.…] with `adapter = "lab"`."""

    capability: Annotated[
        Literal["dedup", "lookup", "neither"],
        setting(
            Say(
                "It remembers our reference, can be asked for it, or neither",
            )
        ),
    ] = "dedup"
    base_url: Annotated[str, setting(Say("Address of the API"), looks=URL, pattern=HTTP)] = ""


OPTIONS = LabOptions


class Lab:
    """One lab account."""

    channel = Channel.SMS

    def __init__(self, given: Given) -> None:
        self.name = given.name
        options = taken(LabOptions, given.options)
        capability = options.capability
        self.limits = Limits(
            in_flight=16,
            dedup_window=timedelta(hours=24) if capability == "dedup" else None,
            looks_up=SETTLE if capability == "lookup" else None,
        )
        self._wire, self._base = given.wire, options.base_url

    async def send(self, call_ref: str, batch: Sequence[Outgoing]) -> Sequence[SendResult]:
        return [await self._send_one(message) for message in batch]

    async def _send_one(self, message: Outgoing) -> SendResult:
        payload = {"reference": message.reference, "to": message.to, "body": message.body}
        return read_answer(await self._wire.post(f"{self._base}/send", json_body=payload))[0]

    async def look_up(self, reference: str) -> SendResult | None:
        """What became of a reference; None when the lab never saw it."""
        answer = await self._wire.get(f"{self._base}/lookup", query={"reference": reference})
        if isinstance(answer, Answer) and answer.status == 404:
            return None
        return read_answer(answer)[0]


def build(given: Given) -> Lab:
    return Lab(given)


def read_answer(answer: Answer | NoAnswer, *, repeat: bool = True) -> list[SendResult]:
    """What an answer means."""
    found = answered(answer)
    if isinstance(found, Refused):
        return [found]
    code = word(found.get("code"))
    if code in CODES.accepted and word(found.get("id")):
        return [Accepted(word(found["id"]))]
    return [Refused(CODES.fault(code), code or "no code")]


def read_receipt(call: Call, options: AnyOptions) -> Heard:
    return Heard(())
