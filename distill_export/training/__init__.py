"""From a folder of recordings to a model file (needs torch, soundfile and soxr)."""
