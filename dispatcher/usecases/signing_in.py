"""Signing in: passwords, one-time codes, sessions and keys for programs.

Comes from: the console, the API and `people password`.   Goes to: an Actor, or a refusal.
Never: keeps a secret that could be used again; the database holds hashes and digests.
argon2id with 19 MiB, two passes, one lane (OWASP's smallest); TOTP as RFC 6238, 30 seconds.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from dispatcher.db.database import Row, Tx
from dispatcher.db.staff import api_keys, credentials, people, sessions
from dispatcher.domain.model import SYSTEM, Actor, Role
from dispatcher.domain.problems import Problem, refused
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say
from dispatcher.usecases.context import App

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
SHORTEST, LONGEST = 12, 200
PROOF_LASTS = timedelta(minutes=10)  # a one-time code is good for an approval that long
KEY_PREFIX = "dsp_"
_WEAK = (
    "matkhau",
    "password",
    "passw0rd",
    "qwerty",
    "asdfgh",
    "zxcvbn",
    "iloveyou",
    "anhyeuem",
    "emyeuanh",
    "vietnam",
    "haiphong",
    "hanoi",
    "saigon",
    "admin",
    "quantri",
    "phuong",
    "ubnd",
    "welcome",
    "letmein",
    "dispatcher",
    "canhbao",
    "congan",
    "zalo",
    "123456",
    "654321",
    "111111",
    "000000",
    "888888",
    "666666",
    "abc123",
    "abcdef",
    "khongco",
    "motcuocsong",
    "thayboi",
)


def check_strength(password: str, *names: str) -> None:
    """Refuse what is guessed first: short, few different letters, known words, one's own name."""
    plain = re.sub(r"\W", "", folded(password))
    rest = plain
    own = [re.sub(r"\W", "", folded(name)) for name in names if len(name) > 2]
    for word in sorted([*_WEAK, *own], key=len, reverse=True):
        rest = rest.replace(word, "")
    weak = len(set(plain)) < 6 or len(re.sub(r"\d", "", rest)) < 6
    if not SHORTEST <= len(password) <= LONGEST or weak:
        raise refused(
            "weak-password",
            Say(
                "A password needs {shortest} characters or more, and not an easy word, "
                "digits alone or the name. Four unrelated words will do.",
                shortest=SHORTEST,
            ),
        )


def set_password(tx: Tx, person: Actor, password: str) -> None:
    """A new password; every session of the person ends."""
    assert person.person_id is not None
    row = people.by_id(tx, person.person_id)
    check_strength(password, person.name, row["full_name"])
    credentials.set_password(tx, person.person_id, HASHER.hash(password))
    sessions.end_all(tx, person.person_id)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """A hash to check against where nobody has that name: it takes as long."""
    return HASHER.hash(secrets.token_hex(16))


def check_password(
    begin: Callable[[], AbstractContextManager[Tx]], name: str, password: str
) -> Actor:
    """The person whose name and password these are; one sentence for every way it can be wrong.

    Five wrong ones in a row lock the account for a quarter of an hour.
    """
    wrong = refused(
        "sign-in",
        Say("Wrong name or password, or the account is locked for a quarter of an hour."),
    )
    with begin() as tx:
        row = next((p for p in people.list_people(tx) if folded(p["name"]) == folded(name)), None)
        open_now = (
            row is not None and row["disabled_at"] is None and not credentials.locked(row, tx.now)
        )
    known = row["password_hash"] if row is not None and open_now else None
    try:  # outside the transaction: it takes a while on purpose
        HASHER.verify(known or _nobodys(), password[:LONGEST])
        right = known is not None
    except VerifyMismatchError:
        right = False
    if row is None or not open_now:
        raise wrong
    with begin() as tx:
        if right:
            credentials.right(tx, row["id"])
            return people.as_actor(tx, row)
        credentials.wrong(tx, row["id"])
    raise wrong


# --- one-time codes ---------------------------------------------------------------------------


def needs_code(actor: Actor) -> bool:
    """Admins change who may do what, leaders approve: both prove themselves twice."""
    return actor.role in (Role.ADMIN, Role.LEADER)


def new_totp(tx: Tx, person: Actor, issuer: str) -> str:
    """A fresh secret for a person's app, as the address its QR code holds. Shown once."""
    assert person.person_id is not None
    secret = pyotp.random_base32()
    credentials.set_totp(tx, person.person_id, secret)
    sessions.end_all(tx, person.person_id)
    return str(pyotp.TOTP(secret, name=person.name, issuer=issuer).provisioning_uri())


def has_totp(tx: Tx, person: Actor) -> bool:
    assert person.person_id is not None
    return people.by_id(tx, person.person_id)["totp_sealed"] is not None


def check_totp(tx: Tx, person: Actor, code: str) -> bool:
    """True for a code of this half minute or its neighbours that was not used before."""
    assert person.person_id is not None
    row = people.by_id(tx, person.person_id)
    if row["totp_sealed"] is None or credentials.locked(row, tx.now):
        return False
    totp = pyotp.TOTP(tx.sealer.open(row["totp_sealed"]))
    given = re.sub(r"\s", "", code)
    step = int(tx.now.timestamp()) // totp.interval
    for candidate in (step - 1, step, step + 1):
        same = secrets.compare_digest(totp.generate_otp(candidate).encode(), given.encode())
        if same and candidate > (row["totp_step"] or 0):
            return credentials.use_step(tx, person.person_id, candidate)
    credentials.wrong(tx, person.person_id)
    return False


# --- sessions and keys ------------------------------------------------------------------------


def secret_digest(token: str) -> bytes:
    """What the database keeps of a random word: enough to know it again."""
    return hashlib.sha256(token.encode()).digest()


def start_session(tx: Tx, person: Actor, label: str, *, proved: bool = False) -> str:
    """Sign a person in; the word for the cookie."""
    assert person.person_id is not None
    token = secrets.token_urlsafe(32)
    sessions.start(
        tx, secret_digest(token), person.person_id, label, proved=tx.now if proved else None
    )
    return token


def who(tx: Tx, token: str, now: datetime) -> tuple[Actor, Row] | None:
    """Whose session this is, with the session's own facts; None where it is over."""
    row = sessions.person_of(tx, secret_digest(token), now)
    return None if row is None else (people.as_actor(tx, row), row)


def new_key(tx: Tx, person: Actor, name: str, may: str, life: timedelta) -> str:
    """A key for a program that acts for this person. Shown once."""
    assert person.person_id is not None
    if not name.strip() or life <= timedelta():
        raise Problem(
            "bad-key",
            Say("A key needs a name and a time limit."),
        )
    token = KEY_PREFIX + secrets.token_urlsafe(32)
    api_keys.add(tx, name.strip(), secret_digest(token), person.person_id, may, life)
    return token


def by_key(tx: Tx, token: str, now: datetime) -> tuple[Actor, int] | None:
    """Whom a key acts for, and its number; a key that only reads makes an actor that only reads."""
    row = api_keys.find(tx, secret_digest(token), now)
    if row is None:
        return None
    return replace(people.as_actor(tx, row), only_reads=row["may"] != "write"), row["key_id"]


def with_key(app: App, token: str) -> Actor | None:
    """Whom a living key acts for; that it was used is written down. None where there is none."""
    with app.store.read(SYSTEM) as tx:
        found = by_key(tx, token, app.clock())
    if found is None:
        return None
    with app.begin(SYSTEM)() as tx:
        api_keys.used(tx, found[1])
    return found[0]
