"""What the vendors of a live broadcast say of its text before anything is paid.

Comes from: a preview.   Goes to: its pages and commands, and submitting, which refuses what a
vendor would refuse.   Never: asks anybody in a drill.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from dispatcher.broadcasts import Preview
from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Problem, refused
from dispatcher.gateways.contract import KnowsStanding, KnowsTemplate, VendorTemplate
from dispatcher.i18n import Say
from dispatcher.worker import questions


def findings(
    app: App, broadcast: Broadcast, found: Preview, patience: float | None = None
) -> list[dict[str, Any]]:
    """Per template of a vendor: quota left, quality, price, and values that it does not take.

    `problem` (a Problem) stands in place of them where the vendor did not answer. `patience`: as
    for `questions.ask`.
    """
    if app.site.mode is not Mode.LIVE:
        return []
    told: list[dict[str, Any]] = []
    for step in broadcast.route:
        chosen = app.site.gateways.get(step.gateway)
        if chosen is None or chosen.adapter != "zalo" or not found.longest:
            continue
        try:
            standing = questions.ask(
                app, step.gateway, KnowsStanding, lambda g: g.standing(), patience
            )
            for template_id, lengths in found.longest.items():
                question = partial(_template_of, template_id=template_id)
                template = questions.ask(app, step.gateway, KnowsTemplate, question, patience)
                told.append(_finding(step.gateway, standing, template, lengths, found.queued))
        except Problem as problem:
            told.append({"gateway": step.gateway, "problem": problem})
    return told


def _template_of(gateway: KnowsTemplate, template_id: str) -> Any:
    return gateway.template(template_id)


def _finding(
    name: str,
    standing: Mapping[str, str],
    template: VendorTemplate,
    lengths: Mapping[str, int],
    people: int,
) -> dict[str, Any]:
    left = standing.get("remainingQuota", "")
    allowed = {key: most for key, most, _ in template.params}
    return {
        "gateway": name,
        "template": template.template_id,
        "enabled": template.state in ("enable", "enabled"),
        "quota_left": int(left) if left.isdigit() else None,
        "enough_quota": int(left) >= people if left.isdigit() else None,
        "quality": standing.get("oaCurrentQuality"),
        "price": template.price,
        "price_by_id": template.price_by_id,
        "too_long": [
            {"value": key, "longest": n, "allowed": allowed[key]}
            for key, n in lengths.items()
            if (allowed.get(key) or n) < n
        ],
        "missing": [k for k, _, need in template.params if need and k not in lengths],
        "unknown": [k for k in lengths if k not in allowed],
    }


def refuse_what_vendors_refuse(app: App, broadcast: Broadcast, found: Preview) -> None:
    """Before anybody approves: values a vendor's own template does not take, in a live site."""
    for told in findings(app, broadcast, found):
        wrong = [long["value"] for long in told.get("too_long", ())]
        wrong += [*told.get("missing", ()), *told.get("unknown", ())]
        if wrong or told.get("enabled") is False:
            named = ", ".join(wrong) or told["template"]
            raise refused(
                "vendor-template",
                Say(
                    "“{gateway}” would refuse: {named} does not fit the registered template.",
                    gateway=told["gateway"],
                    named=named,
                ),
            )
