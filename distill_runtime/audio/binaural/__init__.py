"""A sound at a place around the head, for headphones: a filter for each ear."""
