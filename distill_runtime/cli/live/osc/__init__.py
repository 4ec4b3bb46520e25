"""OSC: faders moved from elsewhere, and told elsewhere."""
