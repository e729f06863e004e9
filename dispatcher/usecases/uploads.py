"""Lists a browser sent, kept until they are stored: in a folder of the site, for nobody else.

Comes from: an upload, or text pasted into a page.   Goes to: data/uploads, then imports.
Never: keeps a file under the name it came with.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say
from dispatcher.usecases.context import Context
from dispatcher.usecases.imports import check_kind, may_import


def shown_name(name: str) -> str:
    """A file's name as people will read it again: no folders, nothing that cannot be seen."""
    return "".join(c for c in Path(name.replace("\\", "/")).name if c.isprintable())[-100:]


def keep(context: Context, name: str, content: bytes) -> str:
    """Keep a list that came in; the key it is found by again. Raises `file-kind`."""
    with context.remembering("import", "contacts"):
        may_import(context)
    check_kind(Path(name))
    key = f"{hashlib.sha256(content).hexdigest()[:32]}{Path(name).suffix.lower()}"
    path = _folder(context) / key
    path.write_bytes(content)
    path.chmod(0o600)
    return key


def kept(context: Context, key: str) -> Path:
    """The file of a key. Raises `unknown-upload` when it is stored already, or none of ours."""
    path = _folder(context) / Path(key).name
    if not path.is_file() or path.name != key:
        raise Problem("unknown-upload", Say("Upload the file again."))
    return path


def drop(context: Context, key: str) -> None:
    """A file that was stored is kept no longer."""
    kept(context, key).unlink(missing_ok=True)


def _folder(context: Context) -> Path:
    folder = context.app.site.data / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
