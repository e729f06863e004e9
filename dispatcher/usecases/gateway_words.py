"""What answers, callbacks and signed events of vendors mean.

Comes from: strings as they were received.   Goes to: `gateways explain`, `gateways verify-webhook`.
Never: asks a vendor anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from dispatcher.broadcasts.application import App
from dispatcher.config import Secret, Site
from dispatcher.domain.model import ReceiptFlags
from dispatcher.domain.problems import Problem
from dispatcher.gateways import adapter_module, cleaned, options_of
from dispatcher.gateways.contract import Accepted, Answer, Call
from dispatcher.gateways.fields import Options, swapped
from dispatcher.i18n import Say
from dispatcher.usecases.gateways import named
from dispatcher.worker import adapters

Explained = Callable[[Mapping[str, Any]], dict[str, Any]]


def explained(site: Site | None, adapter: str, what: str) -> Explained:
    """Reads one "answer" or "receipt" of a vendor after the other.

    `site`: whose secrets verify receipts, where there is one.
    """
    module = adapter_module(adapter)
    if not hasattr(module, "read_answer"):
        raise Problem(
            "nothing-to-explain",
            Say("“{adapter}” has nothing to explain.", adapter=adapter),
        )
    options = _options(site, adapter)
    read = _answer if what == "answer" else _receipt
    return lambda value: read(module, value, options)


def _options(site: Site | None, adapter: str) -> Options:
    """The secrets receipts are verified with, where this site has them."""
    for chosen in site.gateways.values() if site is not None else ():
        if chosen.adapter == adapter:
            options: Options = chosen.options
            return swapped(options, lambda _key, secret: _known(secret))
    return options_of(adapter)()


def _known(secret: Secret) -> str:
    try:
        return secret.fetch()
    except Problem:
        return ""


def _answer(module: Any, value: Mapping[str, Any], options: Options) -> dict[str, Any]:
    headers = {str(k).lower(): str(v) for k, v in (value.get("headers") or {}).items()}
    answer = Answer(
        int(value.get("status", 200)),
        headers,
        str(value.get("body", "")).encode("utf-8", "surrogatepass"),
    )
    results = []
    described = {"options": options} if module.__name__.endswith(".http") else {}
    for send_result in map(cleaned.send_result, module.read_answer(answer, **described)):
        if isinstance(send_result, Accepted):
            results.append(
                {
                    "result": "accepted",
                    "fault": None,
                    "code": None,
                    "provider_id": send_result.provider_id,
                }
            )
        else:
            results.append(
                {
                    "result": "refused",
                    "fault": send_result.fault.value,
                    "code": send_result.code,
                    "provider_id": None,
                }
            )
    return {"results": results}


def _receipt(module: Any, value: Mapping[str, Any], options: Options) -> dict[str, Any]:
    headers = {str(k).lower(): str(v) for k, v in (value.get("headers") or {}).items()}
    call = Call(
        str(value.get("method", "GET")),
        str(value.get("query") or ""),
        headers,
        str(value.get("body") or "").encode("utf-8", "surrogatepass"),
    )
    heard = cleaned.heard(module.read_receipt(call, options))
    return {
        "receipts": [
            {
                "reference": r.reference,
                "provider_id": r.provider_id,
                "to": r.to,
                "state": (ReceiptFlags(r.state).name or "accepted").lower(),
                "code": r.code,
            }
            for r in heard.receipts
        ],
        "verified": heard.verified,
    }


def verified(app: App, name: str, text: str) -> tuple[bool | None, int]:
    """Whether a pasted event (JSON: headers, body) is signed as this gateway signs, and how many
    receipts are in it; None where the vendor does not sign."""
    chosen = named(app.site, name)
    try:
        given = json.loads(text)
        headers = {str(k).lower(): str(v) for k, v in (given.get("headers") or {}).items()}
        body = str(given["body"]).encode("utf-8", "surrogatepass")
        call = Call("POST", str(given.get("query") or ""), headers, body)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Problem(
            "not-an-event",
            Say('JSON is needed: {"headers": {…}, "body": "as it came"}.'),
        ) from None
    options = adapters.adapter_options(app.site, chosen, None)
    heard = adapter_module(chosen.adapter).read_receipt(call, options)
    return heard.verified, len(heard.receipts)
