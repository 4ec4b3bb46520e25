"""Moves a slider up and down while the sound plays.

python hosts/python/live_slider.py artifacts/ambience.onnx                  # aloud (sounddevice)
python hosts/python/live_slider.py artifacts/ambience.onnx --output up.wav  # to a file
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from distill_runtime import Artifact, LiveStream

BLOCK_SAMPLES = 2048


def sweep(live: LiveStream, slider: int, seconds: float) -> Iterator[np.ndarray]:
    """Yield blocks of sound while the slider swings between its safe ends, once in ten seconds."""
    ends = live.artifact.sliders[slider]
    for block in range(int(seconds * live.artifact.sample_rate_hz / BLOCK_SAMPLES)):
        phase = 2 * math.pi * block * BLOCK_SAMPLES / live.artifact.sample_rate_hz / 10
        reach = ends.safe_max_step if math.sin(phase) > 0 else -ends.safe_min_step
        live.move_slider(slider, round(reach * math.sin(phase), 2))
        yield live.read(BLOCK_SAMPLES)


def main() -> None:
    """Play, or write a file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--slider", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--output", type=Path, help="a WAV file, instead of the loudspeakers")
    arguments = parser.parse_args()

    aloud = arguments.output is None
    live = LiveStream(Artifact.load(arguments.artifact), drift=0.2, realtime=aloud)
    rate = live.sample_rate_hz
    blocks = sweep(live, arguments.slider, arguments.seconds)
    if not aloud:
        import soundfile

        with soundfile.SoundFile(arguments.output, "w", rate, channels=1) as file:
            for block in blocks:
                file.write(block)
        return
    import sounddevice

    with live, sounddevice.OutputStream(samplerate=rate, channels=1, dtype="float32") as stream:
        for block in blocks:
            stream.write(block[:, None])


if __name__ == "__main__":
    main()
