"""The site's key: addresses under deterministic AES-SIV, all else that names a person sealed.

The key lives outside the database. A lost key is a lost list.
"""

from __future__ import annotations

import hmac
import os
from hashlib import blake2b
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from dispatcher.domain.failpoints import failpoint
from dispatcher.domain.machine import random_bytes
from dispatcher.domain.problems import settings
from dispatcher.domain.sms import folded
from dispatcher.i18n import Say

KEY_BYTES = 32
MOST_WORDS = 50_000  # of names whose bit is remembered


class Sealer:
    """Seals and opens with keys derived from the site's one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("the site key has 32 bytes")
        self._addresses = AESSIV(_derive(key, b"addresses", 64))
        self._seals = AESSIV(_derive(key, b"seals", 64))
        self._digest_key = _derive(key, b"digests", 32)
        self._mark_key = _derive(key, b"marks", 32)
        self._bits: dict[str, int] = {}  # of words as they were written so far

    def address(self, kind: str, value: str) -> bytes:
        """The one ciphertext of an address: equal addresses are equal rows."""
        return self._addresses.encrypt(value.encode(), [kind.encode()])

    def open_address(self, kind: str, cipher: bytes) -> str:
        """The address behind a ciphertext. A wrong key is a problem, not a crash."""
        return _opened(self._addresses, cipher, [kind.encode()])

    def seal(self, text: str) -> bytes:
        """Ciphertext of `text`; sealing twice gives two different ones."""
        nonce = random_bytes(12)
        return nonce + self._seals.encrypt(text.encode(), [nonce])

    def open(self, sealed: bytes) -> str:
        """The text behind `seal`."""
        return _opened(self._seals, sealed[12:], [sealed[:12]])

    def name_bits(self, name: str) -> int:
        """A bit (of 63) for each word of a folded name: what is searched for has them all.

        Which word a bit stands for takes the key; many words share one, so it names nobody.
        """
        found, known = 0, self._bits
        for word in name.split():
            try:
                found |= known[word]
            except KeyError:
                found |= self._word_bits(word)
        return found

    def _word_bits(self, word: str) -> int:
        bits = 0
        for plain in folded(word).split():
            bits |= 1 << self.digest("name word", plain)[0] % 63
        if len(self._bits) < MOST_WORDS:
            self._bits[word] = bits
        return bits

    def digest(self, purpose: str, *parts: str) -> bytes:
        """A keyed hash of `parts`, 16 bytes: for identities that must not tell a name."""
        message = "\x1f".join((purpose, *parts)).encode()
        return hmac.digest(self._digest_key, message, "sha256")[:16]

    def mark(self, text: str) -> str:
        """A keyed hash of `text`, 24 hexadecimal digits: for references made by the thousand."""
        return blake2b(text.encode(), key=self._mark_key, digest_size=12).hexdigest()


def _opened(cipher: AESSIV, data: bytes, associated: list[bytes]) -> str:
    try:
        return cipher.decrypt(data, associated).decode()
    except InvalidTag:
        raise settings(
            "wrong-key",
            Say("The data key does not belong to this database. Put the right key file back."),
        ) from None


def _derive(key: bytes, purpose: bytes, length: int) -> bytes:
    return HKDFExpand(hashes.SHA256(), length, b"dispatcher " + purpose).derive(key)


def load_key(path: Path, *, create: bool) -> bytes:
    """The key in `path` (hex), made at first use with mode 0600."""
    try:
        return bytes.fromhex(path.read_text("ascii").strip())
    except FileNotFoundError:
        if not create:
            raise settings(
                "no-key",
                Say(
                    "The key file {path} is missing. Without it the list cannot be read; "
                    "restore it from the backup.",
                    path=path,
                ),
            ) from None
    except (OSError, ValueError):
        raise settings("bad-key", Say("The key file {path} cannot be read.", path=path)) from None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = random_bytes(KEY_BYTES)
        draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        failpoint("before file key")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        failpoint("before rename key")
        _put_in_place(draft, path)
        failpoint("after file key")
    except FileExistsError:  # two processes at first use: the other one won
        return load_key(path, create=False)
    except OSError as error:
        raise settings(
            "bad-key",
            Say(
                "The key file {path} cannot be made: {strerror}.",
                path=path,
                strerror=error.strerror,
            ),
        ) from None
    return key


def _put_in_place(draft: Path, path: Path) -> None:
    """The whole file or none, and never over a key that is there (FileExistsError)."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without links, as a USB stick
        if path.exists():
            raise FileExistsError(path) from None
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
