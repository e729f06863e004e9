"""What people write and approve, who it goes to, what it costs and what became of it."""
