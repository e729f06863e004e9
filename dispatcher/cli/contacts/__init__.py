"""contacts: the verbs of the list of people."""
