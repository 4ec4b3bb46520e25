"""Renders docs/sounds/*.ogg and draws docs/sounds.png: what the README lets hear.

    python docs/generate_sounds.py RECORDING BEFORE.onnx REFINED.onnx

BEFORE is a `refined` artifact of tests/reference/demo/ambience.distill, REFINED that of
artifacts/ambience.distill.
"""

from __future__ import annotations

import sys
from pathlib import Path

import soundfile

from benchmarks.reconstruction import draw, load
from distill_runtime import Artifact, GenerationConfig, GenerationPipeline
from distill_runtime.audio.level import normalization_gain, peak
from distill_runtime.audio_file.tags import Tags
from distill_runtime.contract import SAMPLE_RATE_HZ

DOCS = Path(__file__).parent
SECONDS, SEED = 5.0, 7


def main(recording: Path, before: Path, refined: Path) -> None:
    """Write the sounds and their picture."""
    folder = DOCS / "sounds"
    folder.mkdir(exist_ok=True)
    recorded = load(recording, SECONDS)
    recorded *= normalization_gain(peak(recorded))
    soundfile.write(folder / "recording.ogg", recorded, SAMPLE_RATE_HZ)
    sounds = {"recording": recorded}
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
    draw(DOCS / "sounds.png", sounds)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
