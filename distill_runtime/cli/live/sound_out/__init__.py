"""Where the sound goes: a sound card, or nowhere in real time."""
