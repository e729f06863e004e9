"""What became of a broadcast, told to people."""
