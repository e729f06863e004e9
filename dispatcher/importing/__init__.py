"""A file becomes people, with a report and nothing stored before consent.

Comes from: a spreadsheet of a ward.   Goes to: contacts.
Never: guesses a number, loses a row without saying so, stores a column nobody needs.

Read in this order: `sheets` (a file becomes rows, in a process that can do no harm: `child`,
`formats`, `letters`, `cleaning`), `columns` (which column is what), `listing` and `entries` (a row
becomes a person or a finding), `merge` (who is new, changed or known), `report`. It imports
nothing by itself: the reading process starts with what it needs.
"""
