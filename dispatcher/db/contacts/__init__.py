"""People on lists, where they live, how they are reached, and who must not be written to."""
