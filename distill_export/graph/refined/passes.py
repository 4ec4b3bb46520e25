"""How many passes `refined` makes: each brings the sound nearer to the mel frames, and takes time.

Sixteen come within a quarter of a dB of recordings, eight do not (docs/reconstruction.md).
"""

DEFAULT_QUALITY = 16
MAX_QUALITY = 64
