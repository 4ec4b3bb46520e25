"""How much of a disk a sound takes at least, known before there is a sample of it.

A WAV's size is known. What FLAC, OGG and MP3 make of a sound is not: the least is what silence
takes, measured for each, and most sounds take 20 to 500 times as much of FLAC and OGG and 5 times
of MP3. So what is refused by these figures certainly does not fit, and what is not may still not.
"""

from __future__ import annotations

from distill_runtime.audio_file.container import AudioFormat

_SILENCE_BYTES_PER_FRAME = {"flac": 0.0027, "ogg": 0.0020, "mp3": 0.083}


def least_bytes(audio_format: AudioFormat, *, frames: int, channels: int) -> int:
    """Return how many bytes a file of a sound has at the least.

    Args:
        audio_format: Container and bit depth.
        frames: Length of the sound.
        channels: Samples in a frame.
    """
    if audio_format.container == "wav":
        assert audio_format.bit_depth is not None, "every WAV has a bit depth"
        return frames * channels * audio_format.bit_depth // 8
    return int(frames * _SILENCE_BYTES_PER_FRAME[audio_format.container])
