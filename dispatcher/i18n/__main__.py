"""Brings the catalogs up to the code: `python -m dispatcher.i18n`.

Sentences that are new stand in the catalogs without a translation, in English with themselves; what
nobody says any more goes. Prints what is left to translate; exit code 1 while there is any.
"""

import sys

from dispatcher.i18n.extracting import bring_up, missing

if __name__ == "__main__":
    bring_up()
    left = missing("vi")
    for id in left:
        sys.stdout.write(f"vi: {id!r}\n")
    sys.exit(1 if left else 0)
