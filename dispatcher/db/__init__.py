"""Every line of SQL and nothing else. `database` holds the only two ways in."""
