"""A file becomes people, with a report and nothing stored before consent.

Comes from: a spreadsheet of a ward.   Goes to: contacts.
Never: guesses a number, loses a row without saying so, stores a column nobody needs.

Read in this order: `sheets` (a file becomes rows), `columns` (which column is what),
`entries` (a row becomes a person or a finding), `merge` (who is new, changed or known).
"""

from dispatcher.importing.entries import Entry, Finding, Listing, read_listing
from dispatcher.importing.merge import Merge, merge, store
from dispatcher.importing.report import write_report
from dispatcher.importing.sheets import Sheet, read_sheets

__all__ = [
    "Entry",
    "Finding",
    "Listing",
    "Merge",
    "Sheet",
    "merge",
    "read_listing",
    "read_sheets",
    "store",
    "write_report",
]
