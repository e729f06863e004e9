"""The rules of a site: hours, undo time, money, law, and the texts it may send.

Comes from: a seed.   Goes to: dispatcher.toml and templates/ of a world, and its facts.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from dispatcher.simulators.worlds.facts import Facts, Setting

WINDOWS = ("07:00-22:00", "09:00-09:05", "08:00-11:30 13:30-17:00", "20:00-06:00", "00:00-24:00")
CONSENT = "Đồng ý"  # the group of those who agreed to advertising
WAY_OUT = "Tu choi: soan TC gui 5656 hoac goi 156"
ZNS = """[zns]
template_id = "100001"
params = { don_vi = "UBND phường {{ ward.name }}", ma = "{{ code }}" }
+++
"""
_TEXTS = {
    "sim": ("warning", "UBND phuong {{ ward.name | khong_dau }}: thu nghiem {{ code }}."),
    "sim-ten": (
        "notice",
        "UBND phuong {{ ward.name | khong_dau }} moi {{ contact.name | khong_dau "
        "}}: thu nghiem {{ code }}.",
    ),
    "qc": ("promotion", "UBND phuong {{ ward.name | khong_dau }}: hoi cho {{ code }}. " + WAY_OUT),
    "khan": ("warning", "KHAN. UBND phuong {{ ward.name | khong_dau }}: bao ve {{ code }}."),
    "het": ("notice", "UBND phuong {{ ward.name | khong_dau }}: bao tan {{ code }}."),
    "dinh-chinh": ("notice", "UBND phuong {{ ward.name | khong_dau }} dinh chinh {{ code }}."),
}


def texts() -> Iterator[tuple[str, str]]:
    """Templates of every world: (name, source). Each text holds the code of its broadcast."""
    for name, (kind, body) in _TEXTS.items():
        head = f'+++\ntitle = "Sim {name}"\nkind = "{kind}"\n[fields.code]\nlabel = "Mã"\n'
        head += ZNS if kind != "promotion" else "+++\n"
        zalo = "{% block zalo %}" + body + "{% endblock %}\n" if kind != "promotion" else ""
        yield name, head + "{% block sms %}" + body + "{% endblock %}\n" + zalo


@dataclass(frozen=True)
class Rules:
    """What a seed says of them. Money in đồng; None: no limit."""

    window: str = WINDOWS[0]
    lunch: str = ""
    undo: str = "0s"
    month: int | None = None  # budget of all wards together
    step: int | None = None  # budget of the first step of a route, for each broadcast
    per_person: int | None = None  # messages within a day
    urgent_despite_refusal: bool = True

    def lines(self) -> list[str]:
        """Sections of dispatcher.toml, all but [site]."""
        found = ["[windows]", f'default = "{self.window}"', "[courtesy]"]
        if self.lunch:
            found.append(f'lunch = "{self.lunch}"')
        found += ["[law]", f"urgent_despite_refusal = {str(self.urgent_despite_refusal).lower()}"]
        found += ["[promotion]", f'consent = "{CONSENT}"']
        found += ["[senders.all]", 'name = "UBND"', 'brandname = "UBND-SIM"', 'wards = ["all"]']
        if self.month is not None:
            found += ["[budgets.all]", 'wards = ["all"]', f"month = {self.month}"]
        if self.per_person is not None:
            found += ["[limits]", f"per_person = {self.per_person}", 'within = "1d"']
        return found

    def remember(self, facts: Facts) -> None:
        """These hold from the beginning."""
        said = {
            "windows.default": self.window,
            "courtesy.lunch": self.lunch,
            "site.undo": self.undo,
            "budgets.all.month": "" if self.month is None else str(self.month),
            "law.urgent_despite_refusal": "yes" if self.urgent_despite_refusal else "no",
            "limits.per_person": "" if self.per_person is None else str(self.per_person),
        }
        facts.settings += [Setting(0.0, name, value) for name, value in said.items()]


def draw_rules(draw: random.Random, people: int) -> Rules:
    """Mostly ordinary ones."""
    cost = people * 500  # about one broadcast
    return Rules(
        window=WINDOWS[0] if draw.random() < 0.7 else draw.choice(WINDOWS),
        lunch=draw.choice(("", "", "", "11:30-13:00", "09:00-09:02")),
        undo=draw.choice(("0s", "0s", "5s", "60s")),
        month=draw.choice((cost // 2, cost * 2, cost * 5)) if draw.random() < 0.2 else None,
        step=max(1, cost // 3) if draw.random() < 0.1 else None,
        per_person=draw.choice((1, 3)) if draw.random() < 0.1 else None,
        urgent_despite_refusal=draw.random() < 0.8,
    )
