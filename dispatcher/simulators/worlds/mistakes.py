"""Mistakes to plant in the program, by name: each must break a promise within a few seeds.

Comes from: what could be written wrongly, and what was (`fault`: the letters under which reviews
have named it).   Goes to: `simulate --mutant`.
"""

from __future__ import annotations

from dispatcher.simulators.worlds import mistakes_later, mistakes_sending  # noqa: F401  (they register)
from dispatcher.simulators.worlds.mutants import MUTANTS

__all__ = ["MUTANTS"]
