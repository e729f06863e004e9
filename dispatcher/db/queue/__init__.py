"""Messages on their way: claimed, asked, answered, reported."""
