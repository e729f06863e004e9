"""Texts as vendors register them: words with numbered blanks, `{P1,20}` for at most 20 characters.

A frame is a template that is registered once and fits many texts. Facts: eSMS lists templates per
network with `{P1,20}` (number, longest; devesms gitbook, April 2026); free text is let through
nowhere in practice.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from jinja2 import nodes

from dispatcher.domain.problems import Problem
from dispatcher.i18n import Say
from dispatcher.templating import syntax
from dispatcher.templating.files import Block, Template

# The longest values of names that are no blanks of the officer's; characters.
LONGEST = {
    "ward.name": 20,
    "residential_group.name": 40,
    "sender.name": 40,
    "contact.name": 40,
    "contact.title": 10,
    "document.number": 40,
}
KEPT_COLUMN = 40
FRAMES = "khung-"  # templates whose names begin so are frames


@dataclass(frozen=True)
class Blank:
    number: int
    name: str
    longest: int  # characters


@dataclass(frozen=True)
class Frame:
    """`text`: as it is handed in. `digest`: tells whether it changed since."""

    text: str
    blanks: tuple[Blank, ...]
    pattern: re.Pattern[str]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def fits(self, text: str) -> bool:
        """True for a written text that this frame lets through."""
        return self.pattern.fullmatch(text) is not None


def frame(template: Template, block: Block) -> Frame:
    """A block as a vendor registers it; one that decides between wordings is a problem."""
    tree = syntax.tree_of(block.source)
    if any(True for _ in tree.find_all(nodes.If)):
        raise Problem(
            "frame-decides",
            Say(
                "Template “{name}” has an {{% if %}} and cannot be registered.", name=template.name
            ),
        )
    text, pattern, blanks = "", "", list[Blank]()
    for output in tree.find_all(nodes.Output):
        for child in output.nodes:
            if isinstance(child, nodes.TemplateData):
                text += child.data
                pattern += re.escape(child.data)
                continue
            name, _ = syntax.chain(child)
            field = template.fields.get(name)
            longest = field.most if field else LONGEST.get(name, KEPT_COLUMN)
            blanks.append(Blank(len(blanks) + 1, name, longest))
            text += f"{{P{len(blanks)},{longest}}}"
            pattern += f"(?s:.){{1,{longest}}}"
    return Frame(text, tuple(blanks), re.compile(pattern))
