"""demo --open: the console of the demo's site, with a sign-in per role, until Ctrl-C."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import webbrowser
from pathlib import Path

from dispatcher.cli.terminal_context import TerminalContext
from dispatcher.config import parse
from dispatcher.db.staff import people
from dispatcher.domain.model import SYSTEM, Role
from dispatcher.i18n import Say
from dispatcher.usecases import signing_in
from dispatcher.usecases.context import open_app

NAMES = {
    "lan": (Role.OFFICER, "Nguyễn Thị Lan"),
    "minh": (Role.LEADER, "Trần Văn Minh"),
    "quan-tri": (Role.ADMIN, "Lê Văn Quản"),
    "kiem-tra": (Role.AUDITOR, "Võ Thị Kiểm"),
}


def sign_ins(root: Path) -> tuple[str, dict[str, str]]:
    """(address, name → password) of a throw-away site; every role gets a fresh password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    with (root / "dispatcher.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[web]\nlisten = "{place}"\n')
    app = open_app(parse(root))
    found = {}
    with app.store.read(SYSTEM) as tx:
        known = {p["name"] for p in people.list_people(tx)}
    for name, (role, full_name) in NAMES.items():
        if name not in known:
            with app.begin(SYSTEM)() as tx:
                people.add(tx, name, full_name, role, [])
        found[name] = secrets.token_urlsafe(12)
        with app.begin(SYSTEM)() as tx:
            signing_in.set_password(tx, app.actor(name), found[name])
    app.store.close()
    return place, found


def stay(terminal: TerminalContext, root: Path) -> None:
    """Serve the site with its worker and twins; where nobody sits at a terminal, only say how."""
    place, passwords = sign_ins(root)
    for name, password in passwords.items():
        role, full_name = NAMES[name]
        terminal.say(f"   {name}  {password}  ({full_name}, {role.value})")
    words = [sys.executable, "-m", "dispatcher", "--site", str(root), "run", "--web"]
    environ = {k: v for k, v in os.environ.items() if k != "DISPATCHER_TWINS"}
    if not sys.stdin.isatty():
        terminal.say(
            Say(
                "The console of this site: ./run --site {root} run --web, then open http://{place}",
                root=root,
                place=place,
            ),
        )
        return
    terminal.say(
        Say("The console: http://{place} · Ctrl-C ends it.", place=place),
    )
    child = subprocess.Popen(words, env=environ)
    try:
        webbrowser.open(f"http://{place}")
        child.wait()
    except KeyboardInterrupt:
        pass
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
