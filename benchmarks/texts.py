"""Texts: parts counted, recipients written to, hostile templates judged."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from dispatcher import templating
from dispatcher.domain.problems import Problem
from dispatcher.domain.sms import Profile
from dispatcher.simulators.vendors.residents import WARDS, invent

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "templates"
PERSONAL = '+++\ntitle = "x"\n+++\n{% block sms %}UBND phuong {{ ward.name | khong_dau }}: Kinh moi {{ contact.title | khong_dau }} {{ contact.name | khong_dau }} du hop {{ residential_group.name | khong_dau }} luc 19h30 ngay 08/12/2026 tai nha van hoa.{% endblock %}{% block zalo %}UBND phường {{ ward.name }} kính mời {{ contact.title }} {{ contact.name }} dự họp {{ residential_group.name }} lúc 19h30 ngày 08/12/2026 tại nhà văn hóa.{% endblock %}'  # noqa: E501


def mixed() -> list[str]:
    """The library in all its forms, scams and notices of the corpus, edges and emoji."""
    found = []
    for name in templating.template_files(FOLDER):
        template = templating.load(FOLDER, name)
        values = templating.Sample().values(template, dict.fromkeys(template.fields, "8"))
        found += [templating.render(template, b, values).body for b in template.blocks.values()]
    for file in (ROOT / "tests" / "corpus").glob("*.txt"):
        found += file.read_text("utf-8").splitlines()
    return [*found, *("a" * n for n in (160, 161, 306, 459)), *("đ" * n for n in (70, 71, 201)),
            "Chúc bà con bình an 🌊" * 8, "[QC] {a} €" * 20]  # fmt: skip


def counted(count: int) -> float:
    """Texts measured a second, by a reseller's tables."""
    texts, measure = mixed(), Profile().measure
    rounds = max(1, count // len(texts))
    started = time.perf_counter()
    for _ in range(rounds):
        for text in texts:
            measure(text)
    return rounds * len(texts) / (time.perf_counter() - started)


def by_ward(count: int) -> float:
    """Seconds to have the text of `count` people that names only their ward: a rendering a ward."""
    template = templating.load(FOLDER, "gia-danh-cong-an")
    people = [WARDS[i % len(WARDS)] for i in range(count)]
    started = time.perf_counter()
    writer = templating.Writer(template, template.blocks["sms"])
    sample = templating.Sample
    texts = {w: writer.text(sample(w).values(template, {})) for w in dict.fromkeys(people)}
    found = [texts[ward] for ward in people]
    took = time.perf_counter() - started
    assert len(found) == count
    return took


def by_person(count: int, block: str) -> float:
    """People a second whose text names them, their group and ward."""
    template = templating.parse("x", PERSONAL, FOLDER)
    names = [p.name for p in invent(min(count, 20_000))]
    writer = templating.Writer(template, template.blocks[block])
    everybody = [
        templating.Sample(WARDS[i % 12], name, f"Tổ dân phố số {i % 40}").values(template, {})
        for i, name in enumerate(names)
    ]
    rounds = max(1, count // len(everybody))
    started = time.perf_counter()
    for _ in range(rounds):
        for values in everybody:
            writer.text(values)
    return rounds * len(everybody) / (time.perf_counter() - started)


def slowest_verdict() -> tuple[float, int, int]:
    """(milliseconds of the slowest verdict, hostile files, accepted ones)."""
    sys.path.insert(0, str(ROOT / "tests"))
    from hostile_templates import every

    worst = accepted = 0.0
    files = every()
    for name, text in files:
        started = time.perf_counter()
        try:
            templating.parse(name.replace(" ", "-"), text, FOLDER)
            accepted += 1
        except Problem:
            pass
        worst = max(worst, time.perf_counter() - started)
    return worst * 1000, len(files), int(accepted)
