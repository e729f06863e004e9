"""Words and rules: pure, standard library only."""
