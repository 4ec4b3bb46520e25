"""From a request to a finished sound, and everything that makes it again."""
