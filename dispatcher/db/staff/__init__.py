"""Who may act: people, how they sign in, what they are told."""
