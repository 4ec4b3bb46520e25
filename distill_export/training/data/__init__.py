"""Recordings, and what a training takes from them."""
