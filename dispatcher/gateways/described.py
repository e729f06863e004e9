"""What the answers and reports of a described vendor mean: tables of `adapter = "http"`.

Comes from: [gateways.….answer], [gateways.….receipt], [gateways.….basic].   Goes to: `http`.
Places are paths of JSON, or patterns with a group for texts; codes are patterns for the whole code.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from dispatcher.domain.model import Fault
from dispatcher.domain.problems import Say
from dispatcher.domain.spelled import Words
from dispatcher.gateways.fields import Secret, Unfit, setting


class AnswerRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[gateways.….answer]: what an answer means."""

    accepted: Annotated[
        Words, setting(Say("mã nào là đã nhận", "Codes that mean it was taken"), live=True)
    ] = Words()
    sample: Annotated[
        str,
        setting(
            Say(
                "một câu trả lời thật khi nhận tin; {id} ở chỗ mã tin",
                "A real acceptance, {id} where the vendor's id stands",
            ),
            live=True,
        ),
    ] = ""
    format: Annotated[
        Literal["json", "form", "query", "xml", "text"],
        setting(Say("câu trả lời viết thế nào", "How an answer is written")),
    ] = "json"
    code: Annotated[str, setting(Say("mã nằm ở đâu", "Where the code stands"))] = ""
    id: Annotated[str, setting(Say("mã tin nằm ở đâu", "Where the vendor's id stands"))] = ""
    detail: Annotated[str, setting(Say("lời giải thích nằm ở đâu", "Where its words stand"))] = ""
    duplicate: Annotated[
        Words, setting(Say("mã nào là đã nhận từ trước", "Codes of a repeat it recognises"))
    ] = Words()
    refused_numbers: Annotated[
        str, setting(Say("danh sách số không nhận nằm ở đâu", "Where refused numbers are listed"))
    ] = ""
    status: Annotated[
        dict[str, Fault],
        setting(Say("lỗi theo mã HTTP: { 401 = … }", "Faults by HTTP status: { 401 = … }")),
    ] = {}
    faults: Annotated[
        dict[Fault, Words],
        setting(Say("mã nào là lỗi gì", "Which codes are which fault")),
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
                    raise Unfit(
                        key,
                        Say(
                            f"không đọc được biểu thức ở answer: {pattern}",
                            f"not a pattern at answer: {pattern}",
                        ),
                    ) from None


class ReceiptRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[gateways.….receipt]: what a report means."""

    format: Annotated[
        Literal["query", "form", "json"],
        setting(Say("báo nhận viết thế nào", "How a report is written")),
    ] = "query"
    reference: Annotated[str, setting(Say("mã của ta nằm ở đâu", "Where our reference stands"))] = (
        ""
    )
    id: Annotated[str, setting(Say("mã tin nằm ở đâu", "Where the vendor's id stands"))] = ""
    to: Annotated[str, setting(Say("số máy nằm ở đâu", "Where the number stands"))] = ""
    state: Annotated[str, setting(Say("trạng thái nằm ở đâu", "Where the state stands"))] = ""
    delivered: Annotated[
        Words, setting(Say("trạng thái nào là đã nhận", "States that mean delivered"))
    ] = Words()
    read: Annotated[Words, setting(Say("trạng thái nào là đã xem", "States that mean read"))] = (
        Words()
    )
    failed: Annotated[
        Words, setting(Say("trạng thái nào là không tới", "States that mean failed"))
    ] = Words()
    part: Annotated[
        str, setting(Say("số thứ tự của phần nằm ở đâu", "Where the number of the part stands"))
    ] = ""
    parts: Annotated[
        str, setting(Say("số phần của tin nằm ở đâu", "Where the count of parts stands"))
    ] = ""


class BasicSignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[gateways.….basic]: basic authentication."""

    user: Annotated[Secret | None, setting(Say("tên người dùng", "The user"))] = None
    password: Annotated[Secret | None, setting(Say("mật khẩu", "The password"))] = None
