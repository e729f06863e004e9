"""What an eSMS account says afterwards: its own log by time, one message by id, its brandnames.

Facts: the vendor's developer pages, version of 2026-04-07. Statuses reach back seven days. Three of
these calls exist only as GETs with both keys in the address (status by id, status per number,
brandnames): they are made only where the site says `keys_in_url = true`, since addresses end up in
other people's logs. The log by time and the status of a Zalo message need no such leave. Times of
the log are taken to be Vietnam's (the pages do not say).

A row of the log with our number and our very text, the only such row near the time we asked, proves
that a lost answer was a yes. No row proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatcher.domain import model
from dispatcher.domain.model import HANOI, Receipt
from dispatcher.gateways.contract import (
    Answer,
    NoAnswer,
    Refused,
    Sent,
    answered,
    e164,
    whole,
    word,
)

PAGE = 500
MOST_PAGES = 40
MOST_BY_ID = 20  # a round
BEFORE, AFTER = timedelta(minutes=1), timedelta(minutes=5)  # around the time we asked
_DATE = re.compile(r"/Date\((\d{1,15})(?:[+-]\d{4})?\)/")

Post = Callable[[str, Mapping[str, Any]], Awaitable[Answer | NoAnswer]]
Get = Callable[[str, Mapping[str, str]], Awaitable[Answer | NoAnswer]]
Rows = Sequence[Mapping[str, Any]]


async def log(post: Post, sms_type: str, sent: Sequence[Sent]) -> Rows | Refused:
    """The account's log of the time some messages were sent in."""
    low, high = min(s.asked_at for s in sent) - BEFORE, max(s.asked_at for s in sent) + AFTER
    found: list[Mapping[str, Any]] = []
    for page in range(1, MOST_PAGES + 1):
        answer = answered(await post("GetSmsSentData_V2", _span(sms_type, low, high, page)))
        if isinstance(answer, Refused):
            return answer
        rows = answer.get("SentData")
        if not isinstance(rows, list):
            return _no(answer)
        found += [row for row in rows if isinstance(row, dict)]
        if len(rows) < PAGE:
            break
    return found


def _span(sms_type: str, low: datetime, high: datetime, page: int) -> dict[str, str]:
    return {
        "SmsType": sms_type,
        "From": low.astimezone(HANOI).strftime("%Y-%m-%d %H:%M:%S"),
        "To": high.astimezone(HANOI).strftime("%Y-%m-%d %H:%M:%S"),
        "Page": str(page),
        "PageSize": str(PAGE),
    }


def of_log(rows: Rows, sent: Sequence[Sent]) -> list[Receipt]:
    """Which of these messages a log speaks of: by id, and a lost answer by number and text."""
    wanted = {s.provider_id for s in sent if s.provider_id}
    receipts = [_pulled(row) for row in rows if word(row.get("ReferenceId")) in wanted]
    lost = [s for s in sent if not s.provider_id and s.body]
    free = [row for row in rows if word(row.get("ReferenceId")) not in wanted]
    for message in lost:
        same = [row for row in free if _is(row, message)]
        twins = [s for s in lost if (s.to, s.body) == (message.to, message.body)]
        if len(same) == len(twins) == 1 and word(same[0].get("ReferenceId")):
            found = _pulled(same[0])
            receipts.append(
                Receipt(message.reference, found.provider_id, found.to, found.state, found.code)
            )
    return receipts


def _is(row: Mapping[str, Any], message: Sent) -> bool:
    stamp = _DATE.fullmatch(word(row.get("SentTime")))
    if stamp is None or e164(word(row.get("Phone"))) != message.to:
        return False
    at = datetime.fromtimestamp(int(stamp[1]) / 1000, UTC)
    near = message.asked_at - BEFORE <= at <= message.asked_at + AFTER
    return near and row.get("Content") == message.body


def _pulled(row: Mapping[str, Any]) -> Receipt:
    """A row of the account's log: SendResult 1 arrived, 0 failed, 2 not known yet."""
    result = word(row.get("SendResult"))
    state = {"1": model.ReceiptFlags.DELIVERED, "0": model.ReceiptFlags.FAILED}.get(
        result, model.ReceiptFlags.ACCEPTED
    )
    number = e164(word(row.get("Phone")))
    return Receipt(None, word(row.get("ReferenceId")), number, state, f"log {result}")


async def by_id(service: str, post: Post, get: Get | None, ids: Sequence[str]) -> list[Receipt]:
    """One question for each id; what is not answered is left out. `get` None: no keys in URLs."""
    found: list[Receipt] = []
    for provider_id in ids[:MOST_BY_ID]:
        if service.startswith("zns"):
            asked = {"SmsId": provider_id, "SmsType": "25"}
            found += _of_zalo(answered(await post("QueryZnsStatus/", asked)), provider_id)
        elif get is not None and service == "ads":
            answer = await get("GetSmsReceiverStatus_get", {"RefId": provider_id})
            found += _of_call(answered(answer), provider_id)
        elif get is not None:
            answer = await get("GetSendStatus", {"RefId": provider_id})
            found += _of_one(answered(answer), provider_id)
    return found


def _of_zalo(answer: Mapping[str, Any] | Refused, provider_id: str) -> list[Receipt]:
    """FinalStatus 1 on the phone, 0 not; ErrorInfo 1001: the phone was offline too long."""
    if isinstance(answer, Refused) or word(answer.get("FinalStatus")) not in ("0", "1"):
        return []
    done, error = word(answer.get("FinalStatus")) == "1", word(answer.get("ErrorInfo"))
    failed = not done and error not in ("", "0")
    state = model.ReceiptFlags.DELIVERED if done else model.ReceiptFlags.ACCEPTED
    return [
        Receipt(
            None, provider_id, None, model.ReceiptFlags.FAILED if failed else state, f"zns {error}"
        )
    ]


def _of_one(answer: Mapping[str, Any] | Refused, provider_id: str) -> list[Receipt]:
    """A care message is one number, so what the call became is what it became. 105: not yet."""
    if isinstance(answer, Refused) or not word(answer.get("SendStatus")):
        return []
    counted = {k: word(answer.get(k)) for k in ("SendStatus", "SendSuccess", "SendFailed")}
    return [Receipt(None, provider_id, None, state(counted), f"status {counted['SendStatus']}")]


def _of_call(answer: Mapping[str, Any] | Refused, provider_id: str) -> list[Receipt]:
    """Number by number; IsSent false says nothing final."""
    rows = [] if isinstance(answer, Refused) else answer.get("ReceiverList")
    return [
        Receipt(
            None,
            provider_id,
            e164(word(row.get("Phone"))),
            model.ReceiptFlags.DELIVERED
            if row.get("SentResult") is True
            else model.ReceiptFlags.FAILED,
            f"sent {row.get('SentResult')}",
        )
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
        and row.get("IsSent") is True
        and isinstance(row.get("SentResult"), bool)
        and e164(word(row.get("Phone")))
    ]


def state(counted: Mapping[str, str]) -> model.ReceiptFlags:
    """What a status and its counters prove. Counters count parts, not people: some may fail."""
    status = counted.get("SendStatus", "")
    good, bad = (whole(counted.get(name)) or 0 for name in ("SendSuccess", "SendFailed"))
    if status == "4" or (status == "5" and bad > 0 and good == 0):
        return model.ReceiptFlags.FAILED
    if status == "5" and good > 0:
        return model.ReceiptFlags.DELIVERED | (
            model.ReceiptFlags.FAILED if bad > 0 else model.ReceiptFlags.NOTHING
        )
    return model.ReceiptFlags.ACCEPTED  # waiting, or finished without saying how: ask again later


def brandnames(answer: Mapping[str, Any] | Refused) -> list[tuple[str, str]] | Refused:
    """(brandname, what it may send), as registered. Type 1 advertising, 2 care, 23 Viber."""
    if isinstance(answer, Refused):
        return answer
    rows = answer.get("ListBrandName")
    if not isinstance(rows, list):
        return _no(answer)
    kinds = {"1": "ads", "2": "care", "23": "viber"}
    return [
        (word(row.get("Brandname")), kinds.get(word(row.get("Type")), word(row.get("Type"))))
        for row in rows
        if isinstance(row, dict)
    ]


def _no(answer: Mapping[str, Any]) -> Refused:
    code = word(answer.get("CodeResult")) or word(answer.get("CodeResponse"))
    return Refused(model.Fault.UNKNOWN, code or "no code")
