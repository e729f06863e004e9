"""Scans and attachments, sealed, equal ones once."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from dispatcher.db.database import Tx
from dispatcher.db.schema import attachments as attachments_table
from dispatcher.db.schema_people import files as files_table
from dispatcher.domain.problems import refused
from dispatcher.i18n import Say

MOST = 10 * 1024 * 1024  # bytes
MAGIC = {  # the first bytes say what a file is, whatever its name
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"PK\x03\x04": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True)
class Attachment:
    file_id: int
    name: str
    content_type: str
    size: int
    digest: str

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")


def put(tx: Tx, content: bytes) -> int:
    """Keep a file; its id. Refused when too large, or none of PDF, PNG, JPEG, GIF, DOCX."""
    kind = next((k for head, k in MAGIC.items() if content.startswith(head)), None)
    if kind is None:
        raise refused(
            "file-kind",
            Say("Only PDF, PNG, JPEG, GIF and DOCX files are taken."),
        )
    if len(content) > MOST:
        raise refused(
            "file-size",
            Say("The file is larger than 10 MB. Make it smaller and try again."),
        )
    digest = hashlib.sha256(content).digest()
    known = tx.value("SELECT id FROM files WHERE digest = :d", d=digest)
    if known is not None:
        return int(known)
    sealed = tx.sealer.seal(base64.b64encode(content).decode())
    made = tx.insert(
        files_table, digest=digest, content_type=kind, size=len(content), sealed=sealed
    )
    tx.note("kept", "file", made, size=len(content), digest=digest.hex())
    return made


def content(tx: Tx, file_id: int) -> tuple[str, bytes]:
    """(content type, bytes) of a file."""
    row = tx.one("SELECT content_type, sealed FROM files WHERE id = :id", id=file_id)
    assert row is not None
    return row["content_type"], base64.b64decode(tx.sealer.open(row["sealed"]))


def attach(tx: Tx, broadcast_id: int, file_id: int, name: str) -> None:
    """Let a file go with a broadcast under a name."""
    if tx.one(
        "SELECT 1 FROM attachments WHERE broadcast_id = :b AND file_id = :f",
        b=broadcast_id,
        f=file_id,
    ):
        return
    tx.insert(attachments_table, broadcast_id=broadcast_id, file_id=file_id, name=name[:200])
    tx.note("attached", "broadcast", broadcast_id, file=file_id)


def detach(tx: Tx, broadcast_id: int, file_id: int) -> None:
    tx.run(
        "DELETE FROM attachments WHERE broadcast_id = :b AND file_id = :f",
        {"b": broadcast_id, "f": file_id},
    )
    tx.note("detached", "broadcast", broadcast_id, file=file_id)


def attached(tx: Tx, broadcast_id: int) -> list[Attachment]:
    """What goes with a broadcast, in the order it was attached."""
    return [
        Attachment(r["id"], r["name"], r["content_type"], r["size"], bytes(r["digest"]).hex())
        for r in tx.rows(
            "SELECT f.id, a.name, f.content_type, f.size, f.digest FROM attachments a "
            "JOIN files f ON f.id = a.file_id WHERE a.broadcast_id = :b ORDER BY f.id",
            b=broadcast_id,
        )
    ]
