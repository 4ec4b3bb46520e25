"""Renders docs/sounds/*.ogg and draws docs/sounds.png: what the README lets hear.

    python docs/generate_sounds.py RECORDING BEFORE.onnx REFINED.onnx

BEFORE is a `refined` artifact of tests/reference/demo/ambience.distill, REFINED that of
artifacts/ambience.distill.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.listening.spectra import FRAME_RATE_HZ
from distill_export.reference.log_mel import level_db
from distill_runtime import Artifact, GenerationConfig, GenerationPipeline
from distill_runtime.arrays import Float32Array
from distill_runtime.audio_file.tags import Tags

DOCS = Path(__file__).parent
SECONDS, SEED = 5.0, 7
RATE_HZ = 48_000


def main(recording: Path, before: Path, refined: Path) -> None:
    """Write the sounds and their picture."""
    folder = DOCS / "sounds"
    folder.mkdir(exist_ok=True)
    sounds = {"a recording": _recording(recording, folder / "recording.ogg")}
    for name, artifact, nearness in (
        ("before", before, None),
        ("nearness 0", refined, 0.0),
        ("nearness 0.5", refined, 0.5),
        ("nearness 1", refined, 1.0),
    ):
        config = GenerationConfig(duration_s=SECONDS, seed=SEED, nearness=nearness)
        result = GenerationPipeline(Artifact.load(artifact)).generate(config)
        path = folder / f"{name.replace(' ', '_').replace('.', '')}.ogg"
        result.save(path, overwrite=True, tags=Tags(title=f"Seed {SEED}, {name}"))
        sounds[name] = result.audio[0]
    _draw(sounds, DOCS / "sounds.png")


def _recording(path: Path, out: Path) -> Float32Array:
    """Write the beginning of a recording, mono, at its own rate; return it at 48 kHz."""
    import soxr  # noqa: PLC0415

    audio, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    sound = audio.mean(axis=1)[: round(SECONDS * rate_hz)]
    soundfile.write(out, sound, rate_hz)
    at_48_khz: Float32Array = soxr.resample(sound, rate_hz, RATE_HZ)
    return at_48_khz


def _draw(sounds: dict[str, Float32Array], path: Path) -> None:
    import torch  # noqa: PLC0415
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415  (matplotlib brings it)

    from distill_export.reference.complex_spectrogram import ComplexSpectrogram  # noqa: PLC0415

    figure = Figure(figsize=(10, 2.4), dpi=80, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    rows = figure.subplots(1, len(sounds), sharey=True)
    for axes, (name, sound) in zip(rows, sounds.items(), strict=True):
        wave = torch.from_numpy(np.ascontiguousarray(sound / np.abs(sound).max()))[None, None]
        level = level_db(ComplexSpectrogram().waveform_to_complex_mel(wave)[0, 0]).numpy()
        extent = (0, level.shape[1] / FRAME_RATE_HZ, 0, len(level))
        axes.imshow(level, origin="lower", aspect="auto", extent=extent, vmin=-20, vmax=45)
        axes.set_title(name)
        axes.set_xlabel("seconds")
    rows[0].set_ylabel("mel band")
    canvas.draw()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(64).save(
        path, optimize=True
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
