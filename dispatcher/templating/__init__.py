"""Texts with blanks: a closed list of syntax, frozen versions, one rendering per distinct meaning.

Comes from: templates/*.j2.   Goes to: preview and planning.
Never: runs anything a template's author could turn against us, renders a value a second time.
"""

from dispatcher.templating.checking import Remark, check, example
from dispatcher.templating.files import (
    BLOCKS,
    LOUDSPEAKER,
    Block,
    Field,
    Template,
    load,
    parse,
    template_files,
)
from dispatcher.templating.frames import FRAMES, Frame, frame
from dispatcher.templating.reading_back import read_back
from dispatcher.templating.rendering import (
    Sample,
    Writer,
    fill,
    gaps,
    render,
    unaccented_source,
)
from dispatcher.templating.syntax import NAMES
from dispatcher.templating.trust import House, check_trust, imitates

__all__ = [
    "BLOCKS",
    "FRAMES",
    "LOUDSPEAKER",
    "NAMES",
    "Block",
    "Field",
    "Frame",
    "House",
    "Remark",
    "Sample",
    "Template",
    "Writer",
    "check",
    "check_trust",
    "example",
    "fill",
    "frame",
    "gaps",
    "imitates",
    "load",
    "parse",
    "read_back",
    "render",
    "template_files",
    "unaccented_source",
]
