"""How near the sounds of seeds are to the recordings that a model learnt from, in figures."""
