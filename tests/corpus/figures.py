"""./run check prints this: how the trust lint judges the frozen corpus. Exit 1 below the goal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from dispatcher.domain.model import Kind
from dispatcher.templating.trust import House, check_trust

HERE = Path(__file__).parent
RECALL, FALSE_BLOCKS = 0.98, 0.01
HOUSE = House((("UBND phường Mẫu", ""),))


def blocked(text: str, kind: Kind, *aside: str) -> bool:
    """True when the lint refuses a text, some rules put aside."""
    return any(
        f.severity == "block" and f.rule not in aside
        for f in check_trust(text, kind, HOUSE, channel="sms")
    )


def scams(half: str) -> list[str]:
    return (HERE / f"scam-{half}.txt").read_text("utf-8").splitlines()


def official(half: str) -> list[tuple[Kind, str]]:
    lines = (HERE / f"official-{half}.txt").read_text("utf-8").splitlines()
    return [(Kind(kind), text) for kind, _, text in (line.partition("|") for line in lines)]


def share(texts: list[str], found: Callable[[str], bool]) -> float:
    return sum(found(t) for t in texts) / len(texts)


def caught(text: str) -> bool:
    return all(blocked(text, kind) for kind in (Kind.NOTICE, Kind.WARNING))


def by_wording(text: str) -> bool:
    return blocked(text, Kind.NOTICE, "sender_first")


def figures(*halves: str) -> tuple[float, float, float]:
    """(recall, recall by wording alone, false blocks)."""
    texts = [t for half in halves for t in scams(half)]
    good = [pair for half in halves for pair in official(half)]
    wrong = sum(blocked(text, kind) for kind, text in good) / len(good)
    return share(texts, caught), share(texts, by_wording), wrong


def main() -> int:
    for name, halves in (("known", ["known"]), ("held out", ["held"]), ("both", ["known", "held"])):
        recall, wording, wrong = figures(*halves)
        sys.stdout.write(
            f"trust lint, {name}: recall {recall:.3f} (by wording alone {wording:.3f}), "
            f"false blocks {wrong:.3f}\n"
        )
    recall, _, wrong = figures("known", "held")
    return 0 if recall >= RECALL and wrong <= FALSE_BLOCKS else 1


if __name__ == "__main__":
    sys.exit(main())
