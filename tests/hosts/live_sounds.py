"""What hands play in Python, for the JavaScript library to be held against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from distill_runtime import Artifact, LiveStream, StereoSettings
from tests.hosts.answers import Answers, stereo_in_javascript

MOVES = 11
STYLES: dict[str, dict[str, Any]] = {
    "walk": {"seed": 7, "gain": 30.0},  # more than full scale
    "drift": {
        "seed": 2**32 - 1,
        "sliders": {0: 3, "1": -2.5},
        "drift": 0.4,
        "nearness": 0.8,
        "controls": {"Brightness": -2.5},
        "stereo": StereoSettings("mid-side"),
    },
    "binaural": {"seed": 5, "drift": 0.4, "stereo": StereoSettings("binaural", azimuth_deg=-60.0)},
    "dual-seed": {
        "seed": 11,
        "drift": 0.5,
        "nearness": 0.0,
        "stereo": StereoSettings("dual-seed", depth=0.5),
    },
}


def write_live_sounds(folder: Path, artifact_path: Path) -> None:
    """Write what an artifact plays under hands in each style, with the hands' moves."""
    answers = Answers(folder)
    artifact = Artifact.load(artifact_path)
    answers.document["artifact"] = str(artifact_path)
    answers.document["styles"] = {
        style: _played(answers, artifact, style, settings) for style, settings in STYLES.items()
    }
    answers.close()


def _played(
    answers: Answers, artifact: Artifact, style: str, settings: dict[str, Any]
) -> dict[str, Any]:
    live = LiveStream(artifact, realtime=False, keep_s=3.0, **settings)
    generator = np.random.default_rng(len(style))
    moves, blocks = [], []
    for number in range(MOVES):
        move = _move(generator, number, artifact.latent_dim)
        _make(live, *move)
        samples = int(generator.integers(1, 25_000))
        moves.append([*move, samples])
        blocks.append(live.read(samples).reshape(live.channels, -1))
    answers.save(f"heard-{style}", np.concatenate(blocks, axis=1))
    kept = live.record(1.5)
    answers.save(f"kept-{style}", kept.audio)
    stereo = settings.get("stereo", StereoSettings())
    return {
        "options": {
            **{key: value for key, value in settings.items() if key != "stereo"},
            "stereo": stereo_in_javascript(stereo),
            "keepS": 3.0,
        },
        "gain": live.gain,
        "moves": moves,
        "recipe": kept.recipe.to_json(),
    }


def _move(generator: np.random.Generator, number: int, latent_dim: int) -> tuple[str, Any]:
    moves: dict[str, Callable[[], Any]] = {
        "setSliders": lambda: generator.integers(-5, 6, 8).tolist(),
        "moveSlider": lambda: [number % 8, round(float(generator.uniform(-5, 5)), 2)],
        "drift": lambda: float(generator.random()),
        "hold": lambda: number < 6,
        "moveTo": lambda: generator.normal(size=latent_dim).tolist(),
        "moveControl": lambda: ["Loudness", round(float(generator.uniform(-3, 3)), 2)],
        "walk": lambda: int(generator.integers(0, 2**32 - 1)),
        "nearness": lambda: round(float(generator.random()), 2),
    }
    kind = list(moves)[number % len(moves)]
    return kind, moves[kind]()


def _make(live: LiveStream, kind: str, value: Any) -> None:
    match kind:
        case "setSliders":
            live.set_sliders(value)
        case "moveSlider":
            live.move_slider(*value)
        case "drift":
            live.drift = value
        case "hold":
            live.hold = value
        case "moveTo":
            live.move_to(value)
        case "moveControl":
            live.move_control(*value)
        case "walk":
            live.walk(value)
        case "nearness":
            live.nearness = value


def performed_again(recipe: str, artifact: Path) -> np.ndarray:
    """Return what Python makes of the recipe of a performance, `[channels, samples]`."""
    from distill_runtime import Recipe, Reproduction

    read = Recipe.from_json(recipe, document="it")
    audio: np.ndarray = Reproduction.of(read, [artifact]).generate().audio
    return audio
