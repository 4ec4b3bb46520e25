"""A sound in a web page: a player with the sound in it, compressed."""

from __future__ import annotations

import base64
import io

import numpy as np
import soundfile

from distill_runtime.arrays import Float32Array
from distill_runtime.contract import SAMPLE_RATE_HZ

# Of what every browser plays the smallest: 20 to 25 kB a second at LAME's V2.
_ENCODER = {
    "format": "MP3",
    "subtype": "MPEG_LAYER_III",
    "compression_level": 0.2,
    "bitrate_mode": "VARIABLE",
}
_HEADROOM = np.float32(0.7)  # what is decoded overshoots what was encoded, noise by 2 dB


def player(sound: Float32Array, name: str) -> str:
    """Return a player of a sound.

    Args:
        sound: float32 `[samples]` at 48 kHz.
        name: What a screen reader says of it; HTML.
    """
    buffer = io.BytesIO()
    soundfile.write(buffer, sound * _HEADROOM, SAMPLE_RATE_HZ, **_ENCODER)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<audio controls preload="metadata" aria-label="{name}" '
        f'src="data:audio/mpeg;base64,{encoded}"></audio>'
    )
