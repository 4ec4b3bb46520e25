"""How much of a disk a sound takes, as far as it is known before there is a sample of it.

A WAV's size is known. What FLAC, OGG and MP3 make of a sound is not: the least is what silence
takes, measured for each, and most sounds take 20 to 500 times as much of FLAC and OGG and 5 times
of MP3. So what is refused by these figures certainly does not fit, and what is not may still not.
"""

from __future__ import annotations

from distill_runtime.audio_file.container import AudioFormat

# What most sounds do not exceed, measured in mono and stereo on two models, one of which sounds
# dense: of FLAC's 16 and 24 bits, and in bytes a frame and channel.
_DENSE_FLAC = {16: 0.45, 24: 0.62}
_DENSE_BYTES_PER_SAMPLE = {"ogg": 0.26, "mp3": 0.30}

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


def likely_bytes(audio_format: AudioFormat, *, frames: int, channels: int) -> int:
    """Return how many bytes a file of a dense sound has, to tell; a WAV's are known.

    Args:
        audio_format: Container and bit depth.
        frames: Length of the sound.
        channels: Samples in a frame.
    """
    container, bit_depth = audio_format.container, audio_format.bit_depth
    samples = frames * channels
    if container == "wav":
        return least_bytes(audio_format, frames=frames, channels=channels)
    if container == "flac":
        assert bit_depth is not None, "every FLAC has a bit depth"
        return int(samples * bit_depth / 8 * _DENSE_FLAC[bit_depth])
    return int(samples * _DENSE_BYTES_PER_SAMPLE[container])
