"""dispatcher: warnings from a Vietnamese ward to its residents, by Zalo and SMS."""

__version__ = "0.18.0"
