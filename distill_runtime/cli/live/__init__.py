"""Playing live: the sound card, a page of sliders, MIDI and OSC."""
