"""Pages from templates: autoescaped, in two languages, with Vietnamese times and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from dispatcher.domain.clock import moment
from dispatcher.domain.model import HANOI, Mode, Role
from dispatcher.domain.problems import with_step
from dispatcher.domain.words import ROLES
from dispatcher.web.request import PageRequest
from dispatcher.web.steps import STEPS, line

FOLDER = Path(__file__).resolve().parent / "pages"


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """The one environment: everything is escaped, nothing undefined is printed."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(number=number, when=when, day=day, dong=dong)
    return made


def number(value: Any) -> str:
    """1234567 → 1.234.567"""
    return f"{int(value or 0):,}".replace(",", ".")


def dong(value: Any) -> str:
    """Whole đồng, in millions where there are any."""
    amount = int(value or 0)
    if amount >= 1_000_000:
        return f"{amount / 1_000_000:.1f} triệu đồng".replace(".", ",")
    return f"{number(amount)} đồng"


def when(value: Any) -> str:
    """A moment as officials write it."""
    if value is None:
        return ""
    if isinstance(value, int):
        value = moment(value)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return f"{value.astimezone(HANOI):%H:%M %d/%m/%Y}"


def day(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)


def render(request: PageRequest, page: str, values: Mapping[str, Any]) -> str:
    """A page for whoever asks."""
    role = request.actor.role if request.actor else None
    return (
        environment()
        .get_template(page)
        .render(
            request=request,
            t=request.t,
            pt=request.pt,
            say=lambda s: s.to(request.language),
            with_step=lambda problem: with_step(problem, STEPS),
            line_told=line,
            csrf=request.csrf,
            site=request.app.site,
            drill=request.app.site.mode is Mode.DRILL,
            actor=request.actor,
            role=role.value if role else "",
            role_name=ROLES[role].to(request.language) if role else "",
            writes=role in (Role.OFFICER, Role.LEADER, Role.ADMIN),
            **values,
        )
    )
