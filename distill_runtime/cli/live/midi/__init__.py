"""MIDI: controllers move faders, keys start seeds."""
