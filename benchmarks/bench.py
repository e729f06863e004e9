"""./run bench [NAME…] [--json] [--quick]: every goal with what was measured, medians of three.

Ratios have both sides in one run, on one machine, one after the other. Exit 1 when a goal is
missed. --quick runs each once at a tenth of the size: a smoke test, not a figure.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import (
    console,
    deciding,
    gateways,
    lists,
    log,
    pace,
    planning,
    queue,
    sending,
    sites,
    texts,
    worlds,
)


@dataclass(frozen=True)
class Figure:
    """One line of the table. `goal`: at least or at most this much."""

    name: str
    value: float
    unit: str
    goal: float
    at_least: bool
    detail: str = ""

    @property
    def met(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal


@dataclass(frozen=True)
class Size:
    rounds: int
    scale: int  # everything is divided by this

    def of(self, count: int) -> int:
        return max(1_000, count // self.scale)


def bench_sending(size: Size) -> Iterator[Figure]:
    for latency, count, goal in (("0", 12_000, 0.75), ("0.1", 4_000, 0.9)):
        runs = [sending.once(size.of(count), 64, latency) for _ in range(size.rounds)]
        ours, bare = (statistics.median(side) for side in zip(*runs, strict=True))
        ratio = statistics.median(o / b for o, b in runs)
        name = f"sending, 64 in flight, {float(latency) * 1000:.0f} ms"
        yield Figure(name, ratio, "× bare", goal, True, f"{ours:.0f} of {bare:.0f} messages/s")


def bench_planning(size: Size) -> Iterator[Figure]:
    runs = [planning.once(size.of(1_000_000)) for _ in range(size.rounds)]
    ours, bare = (statistics.median(side) for side in zip(*runs, strict=True))
    ratio = statistics.median(o / b for o, b in runs)
    yield Figure(
        f"planning {size.of(1_000_000):,} people", ratio, "× executemany", 0.6, False,
        f"{ours:.1f} s of {bare:.1f} s",
    )  # fmt: skip
    with sites.postgresql() as new:
        ours, bare = planning.once_on_server(size.of(1_000_000), new("planning"))
    yield Figure(f"the same on PostgreSQL, {size.of(1_000_000):,}", ours / bare, "× executemany",
                 0.6, False, f"{ours:.1f} s of {bare:.1f} s")  # fmt: skip


def bench_memory(size: Size) -> Iterator[Figure]:
    small, large = planning.memory(10_000), planning.memory(size.of(1_000_000))
    yield Figure("peak memory of a large release", large, "MB", 200, False,
                 f"{small:.0f} MB at 10,000 people")  # fmt: skip
    yield Figure("peak memory, large over small", large / small, "×", 1.25, False)


def bench_queue(size: Size) -> Iterator[Figure]:
    count = size.of(60_000)
    with sites.folder() as root, sites.postgresql() as new:
        new("rows")
        for name, database in (("SQLite", "data/site.db"), ("PostgreSQL", new("queue"))):
            app = sites.site(root / name, count, database=database)
            made = sites.released(app)
            found = queue.claim_and_settle(app, made, count)
            sizes = {} if app.store.is_sqlite else queue.bytes_a_message(app, count)
            app.store.close()
            yield Figure(f"claim, intend and settle, {name}", found, "messages/s", 20_000, True)
            rows = _bare_rows(root / f"{name} bare", database.replace("queue", "rows"), count)
            yield Figure("the same beside the bare changes of rows", found / rows, "× bare", 0.5,
                         True, f"bare: {rows:,.0f} messages/s")  # fmt: skip
            if sizes:
                told = ", ".join(f"{t} {r:.0f}+{i:.0f}" for t, (r, i) in sorted(sizes.items()))
                total = sum(map(sum, sizes.values()))
                yield Figure("a settled message, PostgreSQL", total, "bytes", 3_000, False,
                             f"rows+indexes: {told}")  # fmt: skip
    seconds = [queue.recovery(size.of(100_000)) for _ in range(size.rounds)]
    yield Figure(
        f"recovery of {size.of(100_000):,} open rows", statistics.median(seconds), "s", 5, False
    )


def _bare_rows(root: Path, database: str, count: int) -> float:
    app = sites.site(root, count, database=database)
    sites.released(app)
    found = queue.bare(app, count)
    app.store.close()
    return found


def bench_workers(size: Size) -> Iterator[Figure]:
    for database in ("sqlite", "postgresql"):
        runs = [queue.two_workers(database, size.of(6_000), 32, "0.05") for _ in range(size.rounds)]
        two, one = (statistics.median(side) for side in zip(*runs, strict=True))
        yield Figure(f"two workers, {database}, 32 in flight each, 50 ms", two / one, "× one",
                     1.6, True, f"{two:.0f} of {one:.0f} messages/s")  # fmt: skip


def bench_log(size: Size) -> Iterator[Figure]:
    people, broadcasts = size.of(100_000), log.BROADCASTS
    with sites.folder() as root:
        app = sites.site(root / "site", people)
        made = log.build(app, people, broadcasts)
        pages = log.pages(app, made[len(made) // 2])
        slowest = max(pages, key=lambda name: pages[name])
        total = f"{people * broadcasts:,} messages"
        yield Figure("first page of any filter", pages[slowest], "ms", 150, False,
                     f"slowest of {len(pages)}: {slowest}; {total}")  # fmt: skip
        yield Figure("why, by phone number", log.why(app), "ms", 100, False, total)
        rows, grew = log.export(app)
        yield Figure("CSV export", rows, "rows/s", 50_000, True, f"memory grew {grew:.0f} MB")
        app.store.close()


def bench_gateways(size: Size) -> Iterator[Figure]:
    runs = [gateways.bulk(size.of(60_000)) for _ in range(size.rounds)]
    rate, share = (statistics.median(side) for side in zip(*runs, strict=True))
    yield Figure("a gateway with 1,000 numbers a call", rate, "messages/s", 50_000, True,
                 f"{share:.0f} messages a call, twelve wards with a text each")  # fmt: skip
    with sites.folder() as root:
        rows = _bare_rows(root / "site", "data/site.db", size.of(60_000))
    yield Figure("the same beside the bare changes of rows", rate / rows, "× bare", 0.5, True,
                 f"bare: {rows:,.0f} messages/s")  # fmt: skip
    seconds = max(2, 10 // size.scale)
    told = [gateways.receipts(size.of(40_000), 1_000, seconds) for _ in range(size.rounds)]
    stored, slowest = (statistics.median(side) for side in zip(*told, strict=True))
    yield Figure("receipts stored beside sending", stored, "a second", 980, True,
                 "asked for 1,000 a second")  # fmt: skip
    yield Figure("the same, 99th percentile", slowest, "ms", 50, False)


def bench_pace(size: Size) -> Iterator[Figure]:
    with sites.postgresql() as new:
        for name, url in (("SQLite", "data/site.db"), ("PostgreSQL", new("pace"))):
            most, average = pace.limit(url, 200, max(3, 15 // size.scale), 3)
            yield Figure(f"200/s asked of 3 processes, {name}", most, "in any second", 201, False,
                         f"{average:.0f} messages/s on average")  # fmt: skip
            yield Figure("the same, what is used of it", average / 200, "of the limit", 0.8, True)
        for name, url in (("SQLite", "data/site.db"), ("PostgreSQL", new("urgent"))):
            took = pace.overtaking(url, size.of(1_000_000))
            yield Figure(f"an urgent one overtakes {size.of(1_000_000):,}, {name}", took,
                         "s from release to its first answer", 1.0, False)  # fmt: skip
        for name, url in (("SQLite", "data/site.db"), ("PostgreSQL", new("fair"))):
            share = pace.fairness(url, size.of(10_000))
            yield Figure(f"two equal broadcasts share, {name}", share, "behind : ahead", 0.8, True)


def bench_lists(size: Size) -> Iterator[Figure]:
    count = size.of(100_000)
    with sites.folder() as root:
        book = root / "danh-sach.xlsx"
        lists.workbook(book, count)
        runs = [(lists.by_us(book, count), lists.by_openpyxl(book)) for _ in range(size.rounds)]
        ours, other = (statistics.median(side) for side in zip(*runs, strict=True))
        ratio = statistics.median(o / b for o, b in runs)
        yield Figure(f"a workbook of {count:,} rows read and judged", ratio, "× openpyxl", 0.25,
                     False, f"{ours:.1f} s; openpyxl only reads, {other:.1f} s")  # fmt: skip
        sites.site(root / "dry", 0).store.close()
        yield Figure("its dry run, all processes", lists.peak(book, root / "dry"), "MB", 250, False)
    count = size.of(1_000_000)
    with sites.folder() as root:
        text = root / "danh-sach.csv"
        lists.text(text, count)
        runs = [
            (lists.imported(text, root / f"a{i}"), lists.bare(text, root / f"b{i}"))
            for i in range(size.rounds)
        ]
        ours, other = (statistics.median(side) for side in zip(*runs, strict=True))
        ratio = statistics.median(b / o for o, b in runs)
        yield Figure(f"a list of {count:,} rows imported", ratio, "× bare loop", 0.5, True,
                     f"{ours:.1f} s beside {other:.1f} s")  # fmt: skip
    rate = statistics.median(lists.phones(size.of(600_000)) for _ in range(size.rounds))
    yield Figure("phone cells read", rate, "a second", 300_000, True)


def bench_startup(size: Size) -> Iterator[Figure]:
    helped, bare = log.startup()
    yield Figure("dispatcher --help", helped, "ms", 4 * bare + 120, False,
                 f"bare python {bare:.0f} ms")  # fmt: skip


def bench_texts(size: Size) -> Iterator[Figure]:
    rate = statistics.median(texts.counted(size.of(600_000)) for _ in range(size.rounds))
    yield Figure("parts of mixed texts counted", rate, "a second", 500_000, True)
    took = statistics.median(texts.by_ward(size.of(1_000_000)) for _ in range(size.rounds))
    yield Figure(f"{size.of(1_000_000):,} texts that name only the ward", took, "s", 1.0, False)
    for block in ("sms", "zalo"):
        rate = statistics.median(
            texts.by_person(size.of(400_000), block) for _ in range(size.rounds)
        )
        yield Figure(f"texts that name the person, {block}", rate, "a second", 150_000, True)
    verdicts = [texts.slowest_verdict() for _ in range(size.rounds)]
    worst, files, accepted = min(verdicts)
    yield Figure("slowest verdict on a hostile template", worst, "ms", 5, False,
                 f"{files} files, {accepted} accepted")  # fmt: skip


def bench_deciding(size: Size) -> Iterator[Figure]:
    count = size.of(1_000_000)
    runs = [deciding.previewed(count) for _ in range(size.rounds)]
    whole, some = (statistics.median(side) for side in zip(*runs, strict=True))
    yield Figure(f"preview of {count:,} people", whole, "s", 3.0, False)
    ratio = statistics.median(s / w for w, s in runs)
    yield Figure("the same by somebody of some wards", ratio, "×", 1.05, False, f"{some:.1f} s")
    sides = [
        (deciding.planned(count, scoped=True), deciding.planned(count, scoped=False))
        for _ in range(size.rounds)
    ]
    ratio = statistics.median(a / b for a, b in sides)
    yield Figure("planning kept to the wards of a broadcast", ratio, "× not kept", 1.05, False)


def bench_console(size: Size) -> Iterator[Figure]:
    count, many = size.of(1_000_000), 5
    took, each = console.pages(count, many)
    order = sorted(took, key=lambda path: -took[path])
    worst = ", ".join(f"{path} {took[path]:.0f}" for path in order[:4])
    yield Figure(f"slowest page, {count:,} people, {count * many:,} messages", took[order[0]], "ms",
                 150, False, f"{worst}; added up in {each:.1f} s a broadcast")  # fmt: skip
    people = size.of(12_000)
    runs = [
        (console.beside(people, officers=0)[0], *console.beside(people, officers=console.OFFICERS))
        for _ in range(size.rounds)
    ]
    ratio = statistics.median(crowded / alone for alone, crowded, _ in runs)
    yield Figure("sending beside 50 officers at the console", ratio, "× alone", 0.9, True,
                 f"{runs[0][1]:.0f} of {runs[0][0]:.0f} a second, {runs[0][2]} pages")  # fmt: skip


def bench_worlds(size: Size) -> Iterator[Figure]:
    runs = [worlds.lived(max(5, 50 // size.scale)) for _ in range(size.rounds)]
    speed, steps = (statistics.median(side) for side in zip(*runs, strict=True))
    yield Figure("simulated worlds, one core", speed, "worlds/s", 20, True,
                 f"{steps:.0f} steps each")  # fmt: skip


BENCHES: dict[str, Callable[[Size], Iterator[Figure]]] = {
    "startup": bench_startup,
    "sending": bench_sending,
    "queue": bench_queue,
    "worlds": bench_worlds,
    "workers": bench_workers,
    "pace": bench_pace,
    "planning": bench_planning,
    "deciding": bench_deciding,
    "memory": bench_memory,
    "log": bench_log,
    "gateways": bench_gateways,
    "lists": bench_lists,
    "texts": bench_texts,
    "console": bench_console,
}


def main(words: list[str]) -> int:
    names = [w for w in words if not w.startswith("-")] or list(BENCHES)
    unknown = [n for n in names if n not in BENCHES] + [
        w for w in words if w.startswith("-") and w not in ("--json", "--quick")
    ]
    if unknown:
        sys.stderr.write(
            f"Không có «{unknown[0]}». Có: {', '.join(BENCHES)} [--json] [--quick]\n"
            f"There is no “{unknown[0]}”. There are: {', '.join(BENCHES)} [--json] [--quick]\n"
        )
        return 2
    size = Size(1, 10) if "--quick" in words else Size(3, 1)
    figures = []
    for name in names:
        for figure in BENCHES[name](size):
            figures.append(figure)
            if "--json" not in words:
                sys.stdout.write(_line(figure) + "\n")
                sys.stdout.flush()
    if "--json" in words:
        told = [{**f.__dict__, "met": f.met} for f in figures]
        machine = f"{platform.platform()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}"
        sys.stdout.write(json.dumps({"machine": machine, "figures": told}, indent=1) + "\n")
    return 0 if all(f.met for f in figures) else 1


def _line(f: Figure) -> str:
    sign = "≥" if f.at_least else "≤"
    shown = f"{f.value:,.2f}" if f.value < 100 else f"{f.value:,.0f}"
    goal = f"{f.goal:,.2f}" if f.goal < 100 else f"{f.goal:,.0f}"
    mark = "✓" if f.met else "✗"
    return f"{mark} {f.name:44} {shown:>10} {f.unit:13} (goal {sign} {goal})  {f.detail}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
