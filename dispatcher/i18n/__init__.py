"""What is said to people: an English sentence in the code, its translations in catalogs.

Comes from: every room that has something to say.   Goes to: doors, which know who reads it.
Never: decides anything.
"""

from dispatcher.i18n.sentences import (
    NOTHING,
    Both,
    Joined,
    Money,
    Say,
    SpelledNumber,
    Spoken,
    pgettext,
)

__all__ = ["NOTHING", "Both", "Joined", "Money", "Say", "SpelledNumber", "Spoken", "pgettext"]
