"""From an audio file's bytes to its samples, whatever its header says."""
