"""SpeedSMS and Kannel as a site would describe them for the `http` adapter (docs/gateways.md)."""

import re
import tomllib
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "gateways.md"


def described(name: str) -> dict:
    """The options of one gateway described in the document, secrets replaced by invented ones."""
    for block in re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL):
        found = tomllib.loads(block).get("gateways", {}).get(name)
        if found:
            return _plain({k: v for k, v in found.items() if k not in ("adapter", "per_second")})
    raise LookupError(name)


def _plain(value):
    if isinstance(value, dict):
        if set(value) in ({"env"}, {"file"}):
            return "drill-" + next(iter(value.values())).lower()
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value
