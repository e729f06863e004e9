"""Staff are told what waits for them: detected, then delivered."""
