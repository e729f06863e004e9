"""Simulated worlds: the real program on a simulated clock, network and vendors."""
