"""Twins of vendors: their endpoints, codes, quotas, bad habits and receipts, and an honest ledger.

Always run as a child process (`dispatcher twin`), never imported by the product. They speak HTTP
through aiohttp's server, not through our own wire, so that one cannot hide a mistake of the other.
"""
