"""What the vendors of a live broadcast say of it before anything is paid.

Comes from: a preview, and the vendors' own templates and quotas.   Goes to: the preview, submit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from dispatcher.broadcasts import Preview
from dispatcher.broadcasts.app import App
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.domain.model import Mode
from dispatcher.domain.problems import Problem, refused
from dispatcher.gateways.contract import KnowsStanding, KnowsTemplate, VendorTemplate
from dispatcher.usecases.gateways import named
from dispatcher.worker import questions


def findings(
    app: App, broadcast: Broadcast, found: Preview, language: str = "vi"
) -> list[dict[str, Any]]:
    """Quota left, quality, price, and values longer than their template allows, per gateway and
    template; {"gateway", "problem"} where a vendor cannot be asked. Nothing in a drill."""
    if app.site.mode is not Mode.LIVE:
        return []
    told: list[dict[str, Any]] = []
    for step in broadcast.route:
        if named(app.site, step.gateway).adapter != "zalo" or not found.longest:
            continue
        try:
            standing = questions.ask(app, step.gateway, KnowsStanding, lambda g: g.standing())
            for template_id, lengths in found.longest.items():
                one = partial(_template_of, template_id=template_id)
                template = questions.ask(app, step.gateway, KnowsTemplate, one)
                told.append(_finding(step.gateway, standing, template, lengths, found.queued))
        except Problem as problem:
            told.append({"gateway": step.gateway, "problem": problem.to(language)})
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
            named_ = ", ".join(wrong) or told["template"]
            raise refused(
                "vendor-template",
                f"«{told['gateway']}» sẽ từ chối: {named_} không khớp mẫu đã đăng ký. Sửa mẫu, "
                "hoặc vẫn trình: --leave-out.",
                f"“{told['gateway']}” would refuse: {named_} does not fit the registered template. "
                "Mend it, or submit all the same: --leave-out.",
            )
