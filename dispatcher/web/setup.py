"""How the site is set up: settings, backups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from dispatcher.config import changing
from dispatcher.domain.model import Mode, Role
from dispatcher.domain.problems import Problem
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say
from dispatcher.usecases import site as site_acts
from dispatcher.web.middleware import PageRoute, button, changes, reads
from dispatcher.web.request import Answer, Page, PageRequest, Redirect

ADMINS = (Role.ADMIN,)


# --- settings -----------------------------------------------------------------------------------


def settings(request: PageRequest) -> Answer:
    """How the site is set up, and what will not work that way."""
    return _settings(request, {})


def _settings(request: PageRequest, typed: Mapping[changing.Where, str], **more: Any) -> Page:
    """The page; what was `typed` stands in the place of what the file says."""
    site, now = request.app.site, site_acts.settings_now(request.context)
    given = {**now.given, **typed}
    host = site.listen.rpartition(":")[0]
    names = {
        part.section: sorted({p[1] for p in given if p[0] == part.section and len(p) > 2} - {"*"})
        for part in changing.parts()
    }
    return Page(
        "settings.html",
        {
            "here": host in ("127.0.0.1", "localhost", "::1"),
            "live": site.mode is Mode.LIVE,
            "whole": request.person.wards is None,
            "parts": changing.parts(),
            "names": names,
            "given": {"/".join(path): text for path, text in given.items()},
            "digest": now.digest,
            "newer": now.newer,
            "backups": now.backups,
            "key_file": site.key_file,
            **more,
        },
    )


class SettingsForm(Struct, frozen=True, kw_only=True):
    """`given`: settings by path, as limits/per_person, or senders/*/name for a new one; `new`: what
    a new one is to be called, by section; `drop`: tables that go; `digest`: of the file that was
    looked at; `sure`: what would change was shown."""

    given: Mapping[str, str] = field(name="set/", default_factory=dict)
    new: Mapping[str, str] = field(name="new/", default_factory=dict)
    drop: tuple[str, ...] = ()
    digest: str = ""
    sure: bool = False

    def asked(self) -> dict[str, str]:
        """All that was typed, by the names of the form's fields."""
        given = {f"set/{name}": text for name, text in self.given.items()}
        return given | {f"new/{name}": text for name, text in self.new.items()}


def change_settings(request: PageRequest, form: SettingsForm) -> Answer:
    """First what would change, then, asked again, the change."""
    site_acts.need_settings(request.context)
    given, dropped = _given(form)
    change = site_acts.foresee(request.context, given, dropped)
    if not form.sure:
        return _settings(request, given, change=change, asked=form.asked(), dropped=form.drop)
    if change.lines:
        site_acts.change_settings(request.context, change, form.digest)
    return Redirect("/settings")


def _given(form: SettingsForm) -> tuple[dict[changing.Where, str], list[changing.Where]]:
    """Settings of the form by path, and the tables that go."""
    given: dict[changing.Where, str] = {}
    for part in changing.parts():
        for name, typed in form.given.items():
            path = tuple(name.split("/"))
            known = path[-1] in {f.key for f in part.fields}
            if path[0] == part.section and known and len(path) == 2 + part.many:
                given[path] = typed
        new = {path: text for path, text in given.items() if path[:2] == (part.section, "*")}
        for path in new:
            del given[path]
        if any(new.values()):
            key = "-".join(folded(form.new.get(part.section, "")).split())
            if not key or (part.section, key) in {path[:2] for path in given}:
                raise Problem(
                    "bad-name",
                    Say("{title}: the new one needs a name that is not taken.", title=part.title),
                )
            given |= {(part.section, key, path[2]): text for path, text in new.items()}
    many = {part.section for part in changing.parts() if part.many}
    dropped: list[changing.Where] = [
        tuple(name.split("/")) for name in form.drop if name.split("/")[0] in many
    ]
    return {p: text for p, text in given.items() if p[:2] not in dropped}, dropped


def back_up(request: PageRequest) -> Answer:
    site_acts.back_up(request.context)
    return Redirect("/settings#backups")


PAGES: list[PageRoute] = [
    reads("/settings", settings, ADMINS),
    changes("/settings", change_settings, SettingsForm),
    button("/settings/backup", back_up),
]
