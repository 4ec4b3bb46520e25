"""How many passes `refined` makes: each brings the sound nearer to the mel frames, and takes time.

Sixteen are the fewest that come within 0.8 dB of recordings (docs/reconstruction.md).
"""

DEFAULT_QUALITY = 16
MAX_QUALITY = 64
