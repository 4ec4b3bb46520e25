"""Playing live: a sound that answers moves while it plays, and that can be played again."""
