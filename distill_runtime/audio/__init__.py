"""What happens to the sound after the graph: filter, stereo, sampling rate, level."""
