"""How fast the project is, how much memory it takes, and how far that is from the limits."""
