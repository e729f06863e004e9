"""What roles are called, and what else every command about people says or reads."""

from __future__ import annotations

import sys

from dispatcher.domain.model import Role

ROLES = {
    Role.OFFICER: "cán bộ",
    Role.LEADER: "lãnh đạo",
    Role.ADMIN: "quản trị",
    Role.AUDITOR: "kiểm tra",
}


def typed_phone(word: str) -> str:
    """A phone as given; - is read from standard input, so that none is in argv."""
    return sys.stdin.readline().strip() if word == "-" else word
