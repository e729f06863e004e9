"""Worlds to try the program in: the same code as in production, on machines that are not there."""
