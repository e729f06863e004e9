"""Figures we stand behind: each goal is a ratio or a bound, both sides measured in one run."""
