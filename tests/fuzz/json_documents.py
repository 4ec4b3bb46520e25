"""JSON documents that are changed where their structure is.

They are those that the runtime reads: a recipe, a preset, Distill's index of presets and its
sidecar, and what an artifact says of itself. One to three changes are made to a good one, so that
most of it is still right and what is wrong is reached.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from distill_runtime.generation.slider_fit import slider_fingerprint
from tests.distill_runtime.small_artifacts import METADATA
from tests.fuzz.case import Case, draws
from tests.fuzz.json_changes import CHANGES, DAMAGES
from tests.fuzz.json_writer import Raw, text_of

MODEL = {"id": "rain-1", "name": "Rain"}
RECIPE = {
    "format": "distill.recipe",
    "version": 1,
    "runtime": "0.1.0",
    "onnxruntime": "1.30.0",
    "provider": "cpu",
    "threads": 2,
    "artifacts": [
        {
            "name": f"{name}.onnx",
            "sha256": "0" * 64,
            "model_id": "rain-1",
            "precision": "float32",
            "weight": weight,
        }
        for name, weight in (("rain", 60.0), ("sea", 40.0))
    ],
    "blend_mode": "latent",
    "seed": 7,
    "duration_s": 2.5,
    "fade_in_s": 0.005,
    "fade_out_s": 0.01,
    "mode": "crossfade",
    "sliders": [3],
    "latent_vector": None,
    "evolution": 0.5,
    "stereo": {"mode": "mid-side", "width": 0.7, "depth": 0.3},
    "sample_rate_hz": 44_100,
    "audio_format": {"container": "flac", "bit_depth": 24},
}
PERFORMANCE = {
    **RECIPE,
    "artifacts": RECIPE["artifacts"][:1],
    "blend_mode": None,
    "sliders": None,
    "sample_rate_hz": 48_000,
    "performance": {
        "step": 9,
        "phase": 4,
        "states": ["AACAPwAAAD8AAIA+AAAAPg=="],
        "place": {
            "seed": 7,
            "sliders": [1],
            "vector": None,
            "controls": {"Brightness": 2},
            "drift": 0.25,
            "hold": False,
        },
        "moves": [
            {"at": 280_000, "first": 10, "sliders": [2.5]},
            {"at": 300_000, "first": 11, "fade": 12, "restart": True, "sliders": None},
            {"at": 310_000, "first": 12, "hold": True, "controls": {}},
        ],
        "begin": 264_704,
        "gain": 4.5,
    },
}
PRESET = {
    "format": "distill.preset",
    "version": 1,
    "model": {**MODEL, "slider_fingerprint": slider_fingerprint(METADATA.sliders)},
    "sliders": {"PC1 (Loudness)": 5},
    "seed": 42,
    "settings": {
        "duration_s": 10.0,
        "mode": "crossfade",
        "evolution": 0.5,
        "stereo": "mono",
        "width": 0.7,
        "depth": 0.3,
        "loop": True,
    },
}
INDEX = {
    "version": 1,
    "model_id": "rain-1",
    "folders": [{"name": "Night", "created": "2026-11-25T23:03:22.511659+00:00"}],
    "presets": {
        key: {
            "preset_id": key,
            "name": name,
            "folder": folder,
            "slider_positions": [3],
            "n_components": 1,
            "seed": seed,
            "description": "",
        }
        for key, name, folder, seed in (("a", "Dawn", "", 5), ("b", "Deep", "Night", None))
    },
}
SIDECAR = {
    "version": 1,
    "timestamp": "2026-11-25T23:03:22.666255+00:00",
    "model_name": "ambience",
    "seed": 5,
    "generation": {
        "duration_s": 2.0,
        "max_duration_s": 60.0,
        "seed": 5,
        "concat_mode": "crossfade",
        "stereo_mode": "mono",
        "stereo_width": 0.7,
        "spatial": {"mode": "stereo", "width": 1.0, "depth": 0.5},
        "export_format": "wav",
        "sample_rate": 48_000,
        "bit_depth": "24-bit",
        "evolution_amount": 0.5,
        "latent_vector": [0.25, -0.5, 0.125],
    },
    "quality": {"snr_db": Raw("Infinity"), "peak": 0.891},
}


def case(seed: int, index: int) -> Case:
    """Return one document with something wrong in it, or with nothing that is noticed."""
    random = draws(seed, index)
    kind = random.choice(list(documents()))
    document = copy.deepcopy(documents()[kind])
    labels = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        change = random.choice(CHANGES)
        document = change(document, random, documents())
        labels.append(change.__name__)
    content = text_of(document).encode("utf-8", "surrogatepass")
    if random.random() < 0.15:
        damage = random.choice(DAMAGES)
        content = damage(content, random)
        labels.append(damage.__name__)
    return Case(f"{kind}: {labels[-1]}", ".json", content)


def cases(seed: int) -> Iterator[Case]:
    """Yield documents without end."""
    return (case(seed, index) for index in itertools.count())


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Return the good documents by what they are."""
    return {
        "recipe": RECIPE,
        "performance": PERFORMANCE,
        "preset": PRESET,
        "index": INDEX,
        "sidecar": SIDECAR,
        "metadata": json.loads(METADATA.to_json()),
    }
