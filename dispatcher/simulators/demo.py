"""demo: the whole main job on invented people, with a worker that is killed halfway."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dispatcher import templating
from dispatcher.broadcasts.application import App
from dispatcher.cli.click_i18n import command, option
from dispatcher.cli.log import tell_story
from dispatcher.cli.tables import write_text
from dispatcher.cli.templates import beside, bubble
from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.config import parse
from dispatcher.db.broadcasts import broadcasts as broadcast_rows
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.db.staff import people
from dispatcher.db.words import DELIVERED, RECIPIENT, SKIPPED
from dispatcher.domain.clock import start_site_clock
from dispatcher.domain.model import HANOI, SYSTEM, Audience, BroadcastState, Role
from dispatcher.domain.problems import PARTLY, Problem
from dispatcher.i18n import Say, SpelledNumber
from dispatcher.importing.entries import read_listing
from dispatcher.importing.merge import merge, store
from dispatcher.importing.report import ReportFacts, write_report
from dispatcher.importing.sheets import Sheet, files_in, read_sheets
from dispatcher.reports import reporting
from dispatcher.reports.reporting import COLUMNS, number
from dispatcher.simulators.chaos_site import CLOCK
from dispatcher.simulators.ledgers import verdict
from dispatcher.simulators.vendors.residents import invent, write
from dispatcher.simulators.vendors.server import Child, start
from dispatcher.usecases import (
    broadcasts,
    broadcasts_approval,
    broadcasts_sending,
    broadcasts_views,
    why,
)
from dispatcher.usecases.broadcasts import NewBroadcast, Preview
from dispatcher.usecases.broadcasts_views import OVER
from dispatcher.usecases.context import Context, open_app
from dispatcher.usecases.imports import known_before
from dispatcher.usecases.new_site import SAMPLE
from dispatcher.worker.adapters import callback_path

TEMPLATE = "gia-danh-cong-an"
SHOWN_WARD = "Máy Tơ"
WAIT_FOR_ZALO = "5s"


class Demo:
    """One run: a copied site, twins, a receipt door and workers, all children of this process."""

    def __init__(self, terminal: TerminalContext, count: int | None) -> None:
        self.terminal, self.count = terminal, count
        self.root = Path(tempfile.mkdtemp(prefix="dispatcher-demo-"))
        self.children: list[subprocess.Popen[Any]] = []
        self.twin: Child | None = None
        self.seconds = 0.0

    def run(self) -> dict[str, Any]:
        say = self.terminal.say
        say(
            Say("A drill: nothing leaves this machine, the people are invented."),
        )
        say(
            Say(
                "1. The letter: Ngô Quyền district asks its 12 wards to warn every "
                "resident about online fraud (after letter 492/STTTT-TTBCXB)."
            ),
        )
        app = self._site()
        self._import(app)
        broadcast = self._write_and_approve(app)
        self._send(app, broadcast)
        return self._results(app, broadcast.id)

    # --- before ---------------------------------------------------------------------------

    def _site(self) -> App:
        """A copy of the sample site, with the undo window and the wait for Zalo cut short."""
        if not (SAMPLE / "dispatcher.toml").is_file():
            raise Problem(
                "no-sample",
                Say("The sample site is missing; use ./run demo in the project folder."),
            )
        for part in ("templates", "schedules"):
            shutil.copytree(SAMPLE / part, self.root / part)
        text = (SAMPLE / "dispatcher.toml").read_text("utf-8")
        text = text.replace('deadline = "30m"', f'deadline = "{WAIT_FOR_ZALO}"')
        text = text.replace('undo = "10s"', 'undo = "0s"')
        (self.root / "dispatcher.toml").write_text(text, encoding="utf-8")
        if self.count is None:
            shutil.copytree(SAMPLE / "contacts", self.root / "contacts")
        else:
            write(self.root / "contacts", invent(self.count), all_csv=self.count > 20_000)
        start_site_clock(CLOCK)
        return open_app(parse(self.root))

    def _import(self, app: App) -> None:
        paths = files_in([self.root / "contacts"])

        def sheets() -> Iterator[Sheet]:
            return (s for path in paths for s in read_sheets(path))

        with app.store.read(SYSTEM) as tx:
            known = known_before(tx, app, None, None, {})
        listing = read_listing(sheets(), known)
        with app.begin(SYSTEM)() as tx:
            plan = merge(tx, listing.entries)
            store(tx, plan, [{"name": p.name} for p in paths], app.site.sample_heads)
        report = self.root / "nhap-danh-ba.xlsx"
        at = f"{app.clock().astimezone(HANOI):%H:%M %d/%m/%Y}"
        facts = ReportFacts(app.site.name, "demo", at, stored=True)
        write_report(report, sheets(), listing, plan, facts, self.terminal.language)
        zeros = sum(f.code == "leading_zero" for f in listing.repaired)
        rows, look = number(listing.rows), len(listing.needs_review)
        self.terminal.say(
            Say(
                "2. Lists imported from {count} files of 12 wards: {rows} rows, "
                "{zeros} lost zeros put back, {look} to look at, {count2} bad. "
                "Details: {report}",
                count=len(paths),
                rows=rows,
                zeros=zeros,
                look=look,
                count2=len(listing.rejected),
                report=report,
            ),
        )

    def _write_and_approve(self, app: App) -> Broadcast:
        with app.begin(SYSTEM)() as tx:
            people.add(tx, "lan", "Nguyễn Thị Lan", Role.OFFICER, [], "công chức văn hóa")
            people.add(tx, "minh", "Trần Văn Minh", Role.LEADER, [], "phó chủ tịch")
        lan, minh = Context(app, app.actor("lan")), Context(app, app.actor("minh"))
        template = templating.load(app.templates, TEMPLATE)
        made, found = 0, None
        seen: list[tuple[Preview, str]] = []
        for accented in (True, False):  # the accented one is only looked at
            new = NewBroadcast(
                TEMPLATE,
                Audience(wards=("all",)),
                "sms" if accented else "zalo-then-sms",
                accented=accented,
            )
            made = broadcasts.create(lan, new).id
            found = broadcasts_views.preview(lan, made).found
            block = template.blocks["sms_accented" if accented else "sms"]
            text = templating.render(template, block, {"ward": {"name": SHOWN_WARD}})
            seen.append((found, text.body))
        assert found is not None
        self._show_texts(seen)
        broadcasts.submit(lan, made)
        broadcasts_approval.approve(minh, made)
        broadcasts_sending.schedule(lan, made)
        costs = found.as_json()["cost"]
        self.terminal.say(
            Say(
                "4. Written and submitted by Nguyễn Thị Lan, approved by Trần Văn "
                "Minh: {queued} people, Zalo first, then SMS, at most {total} đồng "
                "({per_phone} a phone, {per_household} a household), at 09:00.",
                queued=SpelledNumber(found.queued),
                total=SpelledNumber(found.total),
                per_phone=costs["per_phone"],
                per_household=costs["per_household"],
            ),
        )
        return broadcasts.get_broadcast(lan, made)

    def _show_texts(self, seen: list[tuple[Preview, str]]) -> None:
        say = self.terminal.say
        say(
            Say("3. The SMS as a phone shows it, with and without diacritics:"),
        )
        say(beside(*(bubble(body) for _, body in seen)))
        labels = (Say("accented"), Say("unaccented"))
        for label, (found, body) in zip(labels, seen, strict=True):
            parts, cost = found.most_parts["sms"], found.cost["sms"]
            person = round(cost / max(found.queued, 1))
            household = round(cost / max(found.households, 1))
            say(
                Say(
                    "   {label}: {count} characters = {parts} parts each, {person} đồng a "
                    "person, {household} a household, {cost} in all",
                    label=label,
                    count=len(body),
                    parts=parts,
                    person=person,
                    household=household,
                    cost=SpelledNumber(cost),
                ),
            )

    # --- sending ----------------------------------------------------------------------------

    def _send(self, app: App, broadcast: Broadcast) -> None:
        slow = "0.03" if (self.count or 2400) <= 5000 else "0"
        self.twin = start(["esms", "zalo"], "--latency", slow)
        twins = {"esms": self.twin.base("esms"), "zalo": self.twin.base("zalo")}
        os.environ["DISPATCHER_TWINS"] = json.dumps(twins)
        door = subprocess.Popen(
            self._command("web", "--listen", "127.0.0.1:0", "--json"),
            stdout=subprocess.PIPE,
            text=True,
        )
        self.children.append(door)
        assert door.stdout is not None
        port = _read_port(door.stdout)
        public = f"http://127.0.0.1:{port}"
        os.environ["DISPATCHER_CALLBACKS"] = public
        self.twin.ask("/zalo/_twin/webhook", {"url": public + callback_path(app, "zalo")})
        from dispatcher.simulators.drill import sign_in_to_twins

        sign_in_to_twins(app, twins)
        started = time.monotonic()
        worker = self._worker()
        with self.terminal.progress(Say("5. Sending"), 1) as update:
            total, killed = 0, False
            while True:
                now, left, state = self._progress(app, broadcast.id)
                if state is not BroadcastState.SCHEDULED:
                    total = now + left
                update(now, total or None)
                if not killed and total and now * 2 >= total and left:
                    worker.kill()  # SIGKILL: no goodbye, calls open
                    worker.wait()
                    killed = True
                    self.terminal.say(
                        Say(
                            "5. Halfway ({now} of {total}) the worker is killed (SIGKILL); a new "
                            "one goes on…",
                            now=SpelledNumber(now),
                            total=SpelledNumber(total),
                        ),
                    )
                    worker = self._worker()
                elif worker.poll() is not None:
                    worker = self._worker()
                if state in OVER or state is BroadcastState.HELD:
                    break
                if total and left == 0 and not self.seconds:
                    self.seconds = time.monotonic() - started
                time.sleep(0.1)
        self.seconds = self.seconds or time.monotonic() - started
        self._wait_for_receipts(app, broadcast.id)

    def _progress(self, app: App, broadcast_id: int) -> tuple[int, int, BroadcastState]:
        with app.store.read(SYSTEM) as tx:
            state = broadcast_rows.get(tx, broadcast_id).state
            counts = broadcast_rows.counts(tx, broadcast_id)
        left = counts.get("queued", 0) + counts.get("sending", 0)
        return sum(counts.values()) - counts.get("skipped", 0) - left, left, state

    def _wait_for_receipts(self, app: App, broadcast_id: int) -> None:
        """Until the twin has told us everything it has to tell, and the worker has read it."""
        assert self.twin is not None
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with app.store.read(SYSTEM) as tx:
                waiting = tx.value("SELECT count(*) FROM receipts WHERE state = 'new'")
            over = self._progress(app, broadcast_id)[2] in OVER
            if self.twin.ask("/ledger")["receipts_due"] == 0 and waiting == 0 and over:
                break
            time.sleep(0.1)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "dispatcher", "--site", str(self.root), "-q", *words]

    def _worker(self) -> subprocess.Popen[Any]:
        log = (self.root / "bo-gui-tin.log").open("ab")
        worker = subprocess.Popen(self._command("run"), stdout=log, stderr=log)
        self.children.append(worker)
        return worker

    # --- after --------------------------------------------------------------------------------

    def _results(self, app: App, broadcast_id: int) -> dict[str, Any]:
        terminal = self.terminal
        assert self.twin is not None
        found = verdict(app, broadcast_id, self.twin, 1)
        ledger = self.twin.ask("/ledger")
        with app.store.read(SYSTEM) as tx:
            summed = reporting.report(tx, broadcast_id)
            states = broadcast_rows.counts(tx, broadcast_id)
            story = why.story(tx, self._somebody(tx, broadcast_id), terminal.language)
            count = tx.value("SELECT count(*) FROM contacts WHERE removed_at IS NULL")
        rate = ledger["accepted"] / self.seconds if self.seconds else 0.0
        terminal.say(
            Say(
                "6. By the twin's own ledger: {lost} lost, {twice} twice; "
                "{unconfirmed} in doubt, named in the log ({accepted} messages, "
                "{rate:.0f}/s).",
                lost=found.lost,
                twice=found.twice,
                unconfirmed=found.unconfirmed,
                accepted=SpelledNumber(ledger["accepted"]),
                rate=rate,
            ),
        )
        terminal.say(
            Say(
                "7. By residential group (ward {shown_ward}; all 12 wards are in the report):",
                shown_ward=SHOWN_WARD,
            ),
        )
        self._table(summed)
        terminal.say(
            Say("8. Why one person received it (dispatcher why):"),
        )
        if not terminal.quiet:
            tell_story(terminal, story)
        self._files(app, broadcast_id, summed)
        return {
            "people": count,
            "audience": sum(states.values()),
            "states": states,
            "messages_per_s": round(rate, 1),
            "twin": {"accepted": ledger["accepted"], "twice": found.twice, "lost": found.lost},
        }

    def _somebody(self, tx: Tx, broadcast_id: int) -> int:
        """Somebody whom Zalo did not reach and SMS did: the longest story."""
        return int(
            tx.value(
                "SELECT m.contact_id FROM messages m WHERE m.broadcast_id = :b AND m.state "
                f"<> {SKIPPED} "
                f"ORDER BY CASE WHEN m.state = {DELIVERED} AND EXISTS (SELECT 1 FROM attempts "
                "a WHERE "
                f"a.message_id = m.id AND a.fault = {RECIPIENT}) AND (SELECT count(*) FROM "
                "attempts a "
                "WHERE a.message_id = m.id) = 2 THEN 0 ELSE 1 END, m.id LIMIT 1",
                b=broadcast_id,
            )
        )

    def _table(self, found: reporting.Report) -> None:
        used = [c for c in COLUMNS if found.total.counts[c]]
        mine = [line for line in found.lines if line.ward == SHOWN_WARD]
        others = [line for line in found.lines if line.ward != SHOWN_WARD]
        rows = [
            [
                line.residential_group or self.terminal.text(Say("offices")),
                line.people,
                *(line.counts[c] for c in used),
            ]
            for line in mine
        ]
        rows.append(
            [
                self.terminal.text(Say("11 other wards")),
                sum(line.people for line in others),
                *(sum(line.counts[c] for line in others) for c in used),
            ]
        )
        total = found.total
        rows.append(
            [self.terminal.text(Say("Total")), total.people, *(total.counts[c] for c in used)]
        )
        heads = [
            Say("residential group"),
            Say("people"),
            *(COLUMNS[c] for c in used),
        ]
        self.terminal.table(heads, rows, numbers=range(1, len(heads)))

    def _files(self, app: App, broadcast_id: int, summed: reporting.Report) -> None:
        from dispatcher.usecases import log
        from dispatcher.usecases.context import Context

        page, sheet = self.root / "bao-cao.html", self.root / "nhat-ky.csv"
        broadcast = _get(app, broadcast_id)
        write_text(
            page,
            reporting.as_html(
                summed,
                title=broadcast.title,
                site=app.site.name,
                when=app.clock(),
                drill=True,
                language=self.terminal.language,
            ),
        )
        everybody = log.LogFilters(broadcast=broadcast_id)
        with log.rows(Context(app, SYSTEM), "messages", everybody, is_export=True) as rows:
            write_text(sheet, "".join(log.as_csv(rows, "messages")))
        self.terminal.say(Say("9. The report: {page}", page=page))
        self.terminal.say(Say("   The log, person by person: {sheet}", sheet=sheet))
        self.terminal.hint(
            Say(
                "Look around: ./run --site {root} broadcasts list (a throw-away site)",
                root=self.root,
            ),
        )

    def close(self) -> None:
        for child in self.children:
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(10)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
            if child.stdout is not None:
                child.stdout.close()
        if self.twin is not None:
            self.twin.stop()


def _get(app: App, broadcast_id: int) -> Broadcast:
    with app.store.read(SYSTEM) as tx:
        return broadcast_rows.get(tx, broadcast_id)


def _read_port(stream: Any) -> int:
    text = ""
    for line in stream:
        text += line
        if line.rstrip() == "}":
            return int(json.loads(text)["port"])
    raise RuntimeError("the receipt door did not open")


@command(
    Say(
        "The whole main job on invented people: lists, writing, approval, "
        "sending, receipts, report."
    ),
    "dispatcher demo --people 5000",
)
@option(
    "--people",
    "count",
    type=int,
    say=Say("how many invented people (default: the sample lists)"),
)
@option(
    "--open",
    "show",
    is_flag=True,
    say=Say("open the report and the console"),
)
def demo(terminal: TerminalContext, count: int | None, show: bool) -> int:
    if count is not None and count < 12:
        raise Problem("usage", Say("--people from 12 up."))
    running = Demo(terminal, count)
    try:
        found = running.run()
    finally:
        running.close()
    if terminal.json:
        terminal.emit(found)
    if show:
        import webbrowser

        from dispatcher.simulators.open_browser import stay

        webbrowser.open((running.root / "bao-cao.html").as_uri())
        stay(terminal, running.root)
    return 0 if found["twin"]["twice"] == found["twin"]["lost"] == 0 else PARTLY
