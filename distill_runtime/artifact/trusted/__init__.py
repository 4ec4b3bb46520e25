"""A graph of unknown structure that a user trusts: what it may hold and how much it may take."""
