"""What the answers and reports of a described vendor mean: tables of `adapter = "http"`.

Comes from: [gateways.….answer], [gateways.….receipt], [gateways.….basic].   Goes to: `http`.
Places are paths of JSON, or patterns with a group for texts; codes are patterns for the whole code.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from dispatcher.domain.model import Fault
from dispatcher.domain.spelled import Words
from dispatcher.gateways.fields import Secret, UnfitSetting, setting
from dispatcher.i18n import Say


class AnswerRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[gateways.….answer]: what an answer means."""

    accepted: Annotated[Words, setting(Say("Codes that mean it was taken"), live=True)] = Words()
    sample: Annotated[
        str,
        setting(
            Say(
                "A real acceptance, {id} where the vendor's id stands",
            ),
            live=True,
        ),
    ] = ""
    format: Annotated[
        Literal["json", "form", "query", "xml", "text"],
        setting(Say("How an answer is written")),
    ] = "json"
    code: Annotated[str, setting(Say("Where the code stands"))] = ""
    id: Annotated[str, setting(Say("Where the vendor's id stands"))] = ""
    detail: Annotated[str, setting(Say("Where its words stand"))] = ""
    duplicate: Annotated[Words, setting(Say("Codes of a repeat it recognises"))] = Words()
    refused_numbers: Annotated[str, setting(Say("Where refused numbers are listed"))] = ""
    status: Annotated[
        dict[str, Fault],
        setting(Say("Faults by HTTP status: { 401 = … }")),
    ] = {}
    faults: Annotated[
        dict[Fault, Words],
        setting(Say("Which codes are which fault")),
    ] = {}

    def __post_init__(self) -> None:
        for key, patterns in (
            ("accepted", self.accepted),
            ("duplicate", self.duplicate),
            *(("faults", found) for found in self.faults.values()),
        ):
            for pattern in patterns:
                try:
                    re.compile(pattern)
                except re.error:
                    raise UnfitSetting(
                        key,
                        Say(
                            "not a pattern at answer: {pattern}",
                            pattern=pattern,
                        ),
                    ) from None


class ReceiptRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[gateways.….receipt]: what a report means."""

    format: Annotated[
        Literal["query", "form", "json"],
        setting(Say("How a report is written")),
    ] = "query"
    reference: Annotated[str, setting(Say("Where our reference stands"))] = ""
    id: Annotated[str, setting(Say("Where the vendor's id stands"))] = ""
    to: Annotated[str, setting(Say("Where the number stands"))] = ""
    state: Annotated[str, setting(Say("Where the state stands"))] = ""
    delivered: Annotated[Words, setting(Say("States that mean delivered"))] = Words()
    read: Annotated[Words, setting(Say("States that mean read"))] = Words()
    failed: Annotated[Words, setting(Say("States that mean failed"))] = Words()
    part: Annotated[str, setting(Say("Where the number of the part stands"))] = ""
    parts: Annotated[str, setting(Say("Where the count of parts stands"))] = ""


class BasicSignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[gateways.….basic]: basic authentication."""

    user: Annotated[Secret | None, setting(Say("The user"))] = None
    password: Annotated[Secret | None, setting(Say("The password"))] = None
