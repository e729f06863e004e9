"""Every statement of the code, read from the code: for tests that prove something of all of them,
and for people. `python -m dispatcher.db.statements` prints them.
"""
