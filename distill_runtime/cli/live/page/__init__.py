"""The page in the terminal."""
