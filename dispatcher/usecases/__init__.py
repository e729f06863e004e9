"""Acts of people, each once: rights, clock, transaction, result."""
