"""What artifacts sound like in Python, for the JavaScript library to be held against."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from distill_runtime import (
    Artifact,
    Blend,
    GenerationConfig,
    GenerationPipeline,
    Preset,
    StereoSettings,
    contract,
)
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.contract import METADATA_KEY, ArtifactMetadata, Landmarks
from tests.distill_runtime.made_controls import make_control
from tests.distill_runtime.made_landmarks import make_landmarks
from tests.hosts.answers import Answers, stereo_in_javascript

STEPS = 5
DEMO = {
    "mono": {"duration_s": 4.0, "seed": 7},
    "mid-side": {"duration_s": 1.25, "seed": 2**32 - 1, "stereo": StereoSettings("mid-side")},
    "dual-seed": {
        "duration_s": 2.0,
        "seed": 11,
        "stereo": StereoSettings("dual-seed", depth=0.5),
    },
    "binaural": {
        "duration_s": 1.0,
        "seed": 12,
        "stereo": StereoSettings("binaural-dual-seed", azimuth_deg=60.0, distance_m=0.5),
    },
    "sliders": {"duration_s": 2.0, "seed": 5, "sliders": {0: 3, "1": -2.5}, "evolution": 0.25},
    "vector": {"duration_s": 0.3, "seed": 6, "latent_vector": (0.125, -0.3) * 64, "evolution": 0.0},
}
ENDS = {
    "fades": {"duration_s": 1.0, "seed": 2, "fade_in_s": 0.4, "fade_out_s": 0.25},
    "loop": {"duration_s": 1.75, "seed": 2, "loop": True},
    "loop-long": {
        "duration_s": 2.9,
        "seed": 11,
        "sliders": {0: 2},
        "loop": True,
        "stereo": StereoSettings("dual-seed"),
    },
    "loop-short": {"duration_s": 0.3, "seed": 8, "loop": True},
}
NEAR = {
    "near-loop": {"duration_s": 1.2, "seed": 9, "nearness": 0.9, "loop": True},
    "near": {"duration_s": 1.5, "seed": 9, "controls": {"Bass": 2}},
    "near-0": {"duration_s": 1.0, "seed": 9, "nearness": 0.0},
    "near-0.5": {"duration_s": 1.0, "seed": 9, "nearness": 0.5, "sliders": {0: 3}},
    "near-1": {
        "duration_s": 1.0,
        "seed": 9,
        "nearness": 1.0,
        "stereo": StereoSettings("dual-seed"),
    },
}
BLENDED = {"duration_s": 1.5, "seed": 4, "sliders": {0: 4}, "controls": {"Bass": -1, "Loudness": 2}}
MOVED = {
    "control": {"duration_s": 1.0, "seed": 3, "controls": {"bass": 2.5}},
    "level": {"duration_s": 1.2, "seed": 3, "controls": {"Bass": 1, "Loudness": 6}},
    "limited": {"duration_s": 1.2, "seed": 3, "sliders": {1: 2}, "controls": {"Loudness": -8}},
}


def write_sounds(folder: Path, artifacts: Mapping[str, Path]) -> None:
    """Write what each artifact plays, and finished sounds of "demo", "int8" and their blends."""
    answers = Answers(folder)
    loaded = {name: Artifact.load(path) for name, path in artifacts.items()}
    answers.document["artifacts"] = {name: str(path) for name, path in artifacts.items()}
    for name, artifact in loaded.items():
        latents = standard_normal_latents(5, STEPS, artifact.latent_dim)
        answers.save("latents", latents)
        audio, _ = artifact.step(latents[None], artifact.initial_state(), finish=True)
        answers.save(f"raw-{name}", audio[0])
    demo, other = loaded["demo"], with_controls(folder / "controls.onnx", artifacts["int8"])
    answers.document["artifacts"]["controls"] = str(other.path)
    sounds = {name: (demo, settings) for name, settings in DEMO.items()}
    sounds |= {name: (other, settings) for name, settings in (MOVED | ENDS).items()}
    near = with_controls(folder / "near.onnx", artifacts["int8"], _landmarks(other))
    answers.document["artifacts"]["near"] = str(near.path)
    sounds |= {name: (near, settings) for name, settings in NEAR.items()}
    for mode in ("latent", "audio"):
        sounds[f"{mode}-blend"] = (Blend([demo, other], [0.6, 0.3], mode), BLENDED)
        sounds[f"{mode}-near-blend"] = (Blend([near, demo], [0.6, 0.3], mode), BLENDED)
    answers.document["sounds"] = {
        name: _sound(answers, name, source, settings) for name, (source, settings) in sounds.items()
    }
    _decoder(answers, artifacts["int8"], other.metadata.state_size)
    answers.close()


def _landmarks(artifact: Artifact) -> Landmarks:
    return make_landmarks(40, latent_dim=artifact.latent_dim, width=5.0, default=0.4)


def with_controls(path: Path, artifact: Path, landmarks: Landmarks | None = None) -> Artifact:
    """Write an artifact again, with controls that nobody measured: their directions are drawn.

    And with landmarks that nobody sought, if there are some.
    """
    import onnx

    model = onnx.load(artifact)
    (entry,) = (entry for entry in model.metadata_props if entry.key == METADATA_KEY)
    metadata = ArtifactMetadata.from_json(entry.value)
    size = metadata.latent_dim
    controls = (
        make_control("Bass", seed=1, latent_dim=size, step_size=0.5),
        make_control("Loudness", seed=2, latent_dim=size, step_size=1.0),
    )
    changed = dataclasses.replace(metadata, controls=controls, landmarks=landmarks)
    entry.value = changed.to_json()
    onnx.save(model, path)
    return Artifact.load(path)


def _sound(
    answers: Answers, name: str, source: Artifact | Blend, settings: dict[str, Any]
) -> dict[str, Any]:
    """Write a finished sound and return the request in JavaScript's words, recipe and preset."""
    config = GenerationConfig(**settings)
    result = GenerationPipeline(source).generate(config)
    answers.save(f"sound-{name}", result.audio)
    preset = None
    if isinstance(source, Artifact) and config.latent_vector is None:
        path = answers.folder / f"{name}.json"
        Preset.of(source, config).save(path)
        preset = path.read_text("utf-8")
    return {
        "request": {
            "durationS": config.duration_s,
            "seed": config.seed,
            "sliders": config.sliders,
            "latentVector": config.latent_vector,
            "evolution": config.evolution,
            "controls": config.controls,
            "nearness": config.nearness,
            "stereo": stereo_in_javascript(config.stereo),
            "fadeInS": config.fade_in_s,
            "fadeOutS": config.fade_out_s,
            "loop": config.loop,
        },
        "gain": result.gain,
        "limited_db": result.limited_db,
        "recipe": result.recipe.to_json(),
        "preset": preset,
    }


def _decoder(answers: Answers, path: Path, state_size: int) -> None:
    """Write the graph of integers as far as the mel frames, and these."""
    import onnx

    from distill_export.formats.onnx_graph import only_mel

    decoder = answers.folder / "decoder.onnx"
    onnx.save(only_mel(onnx.load(path)), decoder)
    latents = np.fromfile(answers.folder / "latents.f32", np.float32).reshape(1, STEPS, -1)
    feeds = {
        contract.LATENTS: latents,
        contract.STATE: np.zeros((1, state_size), np.float32),
        contract.FINISH: np.array(True),
    }
    session = onnxruntime.InferenceSession(decoder, providers=["CPUExecutionProvider"])
    (mel,) = session.run([contract.MEL], feeds)
    answers.save("mel", mel)


def write_recording(folder: Path, artifact: Path, recording: Path) -> None:
    """Write a trajectory and what the original program played of it."""
    answers = Answers(folder)
    with np.load(recording) as arrays:
        answers.save("latents", arrays["latents_0"])
        answers.save("original", arrays["raw_0"])
    answers.document["artifact"] = str(artifact)
    answers.close()
