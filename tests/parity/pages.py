"""What a page of the console sends beside what somebody typed into it."""

from __future__ import annotations

from typing import Any

from parity.forms import form_of
from parity.prepared import Prepared

from dispatcher import broadcasts as planning
from dispatcher.broadcasts.application import App
from dispatcher.db.broadcasts import broadcasts
from dispatcher.domain.model import SYSTEM


class Answered(Exception):
    """An earlier page said no already."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


def digest_shown(app: App, site: Prepared, case: Any, *_: Any) -> dict[str, str]:
    """What a page of a broadcast knew of it: the approval covers just that."""
    with app.store.read(SYSTEM) as tx:
        if case.given["number"] not in site.ids:
            return {}
        found = broadcasts.get(tx, site.ids[case.given["number"]])
        return {"seen": planning.digest(tx, found)}


def code_typed(_app: App, site: Prepared, case: Any, *_: Any) -> dict[str, str]:
    """Before somebody is erased their code is typed."""
    return {"sure": f"c{site.id_of(case.given['number'])}" if case.given.get("sure") else ""}


def uploaded(_app: App, _site: Prepared, case: Any, browser: Any, sent: Any) -> dict[str, Any]:
    """A list is looked at before it is stored: the form that the look gives."""
    file = case.given["file"]
    answer = browser.post(
        "/contacts/import", data={"csrf": sent["csrf"]}, files={"file": (file.name, file.content)}
    )
    if answer.status_code != 200:
        raise Answered(answer)
    return {**form_of(answer.text, "/contacts/import/store"), **sent}
