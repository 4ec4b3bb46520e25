"""What Python answers, for the JavaScript library to be held against: arrays and a document."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from distill_runtime.audio.fades import Fader
from distill_runtime.audio.loop import crossfaded
from distill_runtime.audio.lowpass import lowpass
from distill_runtime.audio.soft_limit import limited_by_db, soft_limit
from distill_runtime.audio.spatial import SpatialProcessor, StereoSettings
from distill_runtime.audio_file import wav
from distill_runtime.audio_file.quantize import Quantizer, to_bytes
from distill_runtime.audio_file.tags import Tags
from distill_runtime.contract import ArtifactMetadata
from distill_runtime.errors import ArtifactError, RequestError
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.loop_plan import LoopPlan
from distill_runtime.generation.slider_fit import slider_fingerprint
from distill_runtime.generation.stereo_document import stereo_document
from distill_runtime.latents.blend import average, normalized_weights, union_sliders
from distill_runtime.latents.closed_walk import closed_walk
from distill_runtime.latents.controls import control_shift, resolve_controls, union_controls
from distill_runtime.latents.nearness import Pull
from distill_runtime.latents.seeds import TorchGenerator
from distill_runtime.latents.sliders import (
    latent_vector,
    random_positions,
    resolve_positions,
)
from distill_runtime.latents.trajectory import crossfade, evolve
from tests.distill_runtime.made_controls import make_control
from tests.distill_runtime.made_landmarks import make_landmarks
from tests.distill_runtime.slider_banks import make_bank
from tests.distill_runtime.small_artifacts import METADATA

SEEDS = (0, 1, 7, 12345, 2**31, 2**32 - 1)
NEARNESSES = (0.0, 0.3, 0.5, 1.0)
NEAR_ROWS = 200
DURATIONS_S = (0.25, 1.0, 2.0, 3.5, 40.0)
TAGS = Tags(title="Tide", artist="Ré 雨", comment='{"format":"x"}')
WRONG = (None, True, "", "text", -1, 0.5, 1e300, 2**40, [], [1], ["text"], {}, {"a": 1})


class Answers:
    """A folder that arrays and a JSON document are put into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.document: dict[str, Any] = {}

    def save(self, name: str, array: Any) -> None:
        """Write an array, bare and little-endian, under a name that has its type."""
        array = np.ascontiguousarray(array)
        ending = {"f": "f32", "d": "f64", "B": "bin"}[array.dtype.char]
        array.tofile(self.folder / f"{name}.{ending}")

    def close(self) -> None:
        (self.folder / "answers.json").write_text(json.dumps(self.document), "utf-8")


def write_answers(folder: Path) -> None:
    """Write all that needs no artifact."""
    answers = Answers(folder)
    _seeds(answers)
    _trajectories(answers)
    _sliders(answers)
    _blends(answers)
    _controls(answers)
    _landmarks(answers)
    _filter_and_stereo(answers)
    _ends(answers)
    _wavs(answers)
    answers.document["metadata"] = document()
    answers.document["verdicts"] = list(_verdicts())
    answers.document["floats"] = [[repr(value), value] for value in _floats()]
    answers.close()


def _seeds(answers: Answers) -> None:
    answers.save("randn-200000", TorchGenerator(7).randn(200_000))
    sizes = (16, 17, 31, 100, 128)
    answers.document["randn"] = [[seed, n] for seed in SEEDS for n in sizes]
    for seed, n in itertools.product(SEEDS, sizes):
        answers.save(f"randn-{seed}-{n}", TorchGenerator(seed).randn_rows(3, n))
    for seed in SEEDS:
        answers.save(f"uniform-{seed}", np.random.default_rng(seed).random(10_000))


def _trajectories(answers: Answers) -> None:
    vector = np.linspace(-1, 1, 128, dtype=np.float32)
    answers.save("vector", vector)
    answers.document["durations"] = DURATIONS_S
    for duration in DURATIONS_S:
        path = crossfade(seed=5, duration_s=duration, latent_dim=128)
        answers.save(f"crossfade-{duration:g}", path)
        for evolution in (0.0, 0.3, 1.0):
            path = evolve(vector, seed=6, duration_s=duration, evolution=evolution)
            answers.save(f"evolve-{duration:g}-{evolution:g}", path)


def _sliders(answers: Answers) -> None:
    banks = [
        make_bank(1, 3, 16),
        make_bank(2, 6, 16, safe_min_step=-10, safe_max_step=-3),
        make_bank(3, 40, 16, min_step=-1000, max_step=1000, safe_min_step=-999, safe_max_step=998),
        make_bank(4, 2, 16, safe_min_step=3, safe_max_step=2),
        make_bank(5, 5, 16, safe_min_step=4, safe_max_step=4),
    ]
    cases = []
    for index, bank in enumerate(banks):
        draws = {seed: random_positions(bank.sliders, seed) for seed in (*SEEDS, *range(100, 150))}
        positions = [p / 2 for p in draws[7]]
        answers.save(f"slider-vector-{index}", latent_vector(bank, positions))
        cases.append(
            {
                "bank": bank.document(),
                "draws": list(draws.items()),
                "positions": positions,
                "fingerprint": slider_fingerprint(bank),
            }
        )
    answers.document["sliders"] = cases
    settings: list[Any] = [[1, -2.5, 0], {"model 1": 1}, {"PC2": 3}, {"1": 2, "pc3 (MODEL 1)": -9}]
    settings += [{"PC1": -10}, {"PC1": 11}, {"PC9": 1}, {"7": 1}, {"PC1": 1, "0": 2}, [1], [1, 2]]
    bank = make_bank(1, 3, 16)
    answers.document["settings"] = [[setting, *_resolved(bank, setting)] for setting in settings]


def _resolved(bank: Any, setting: Any) -> tuple[Any, Any]:
    """Return the positions and warnings of a setting; None for what is refused."""
    try:
        found = resolve_positions(bank.sliders, setting)
    except RequestError:
        return None, None
    return found.positions, found.warnings


def _blends(answers: Answers) -> None:
    weights = [[1], [1, 1], [0, 0, 0], [0.6, 0.4], [1e300, 1e300, 1e299], [1, 2, 3, 0.1]]
    answers.document["weights"] = [[w, normalized_weights(w)] for w in weights]
    banks = make_bank(1, 3, 16), make_bank(2, 5, 16, min_step=-4, safe_max_step=2)
    models = [bank.sliders for bank in banks]
    union = union_sliders(models)
    answers.document["union"] = {
        "models": [[slider.document() for slider in sliders] for sliders in models],
        "union": [slider.document() for slider in union],
    }
    vectors = np.random.default_rng(4).standard_normal((3, 64)).astype(np.float32)
    answers.save("average-of", vectors)
    answers.save("average", average(list(vectors), normalized_weights([1, 2, 3])))


def _controls(answers: Answers) -> None:
    controls = [make_control("Brightness", seed=1, safe_max_step=4), make_control("Noise", seed=2)]
    others = [make_control("noise", seed=3, safe_min_step=-2), make_control("Loudness", seed=4)]
    settings: list[Any] = [{"Brightness": 3}, {"noise": -2.5, " BRIGHTNESS ": 5}, {"Noise": 0}, {}]
    settings += [{"Warmth": 1}, {"Noise": 1, "noise": 2}, {"Noise": "1"}, {"Noise": 1001}, {"": 1}]
    cases = []
    for index, setting in enumerate(settings):
        try:
            found = resolve_controls(controls, setting)
        except RequestError:
            cases.append([setting, None, None])
        else:
            cases.append([setting, found.steps, found.warnings])
            answers.save(f"control-shift-{index}", control_shift(controls, setting))
    answers.document["controls"] = {
        "controls": [control.document() for control in controls],
        "settings": cases,
        "others": [control.document() for control in others],
        "union": [control.document() for control in union_controls([controls, others])],
    }


def _landmarks(answers: Answers) -> None:
    cases = []
    for index, (count, size, width) in enumerate(
        [(1, 16, 1.0), (5, 16, 0.5), (33, 24, 3.0), (200, 128, 5.0), (1024, 32, 0.01)]
    ):
        known = make_landmarks(count, latent_dim=size, width=width, seed=index)
        latents = TorchGenerator(index).randn_rows(NEAR_ROWS, size)
        answers.save(f"near-of-{index}", latents)
        for nearness in NEARNESSES:
            answers.save(f"near-{index}-{nearness:g}", Pull(known)(latents, nearness))
        cases.append(known.document())
    answers.document["landmarks"] = {"cases": cases, "nearnesses": NEARNESSES}


def stereo_in_javascript(stereo: StereoSettings) -> dict[str, Any]:
    """Return stereo settings in JavaScript's words."""
    words = {
        "azimuth_deg": "azimuthDeg",
        "elevation_deg": "elevationDeg",
        "distance_m": "distanceM",
    }
    return {words.get(name, name): value for name, value in stereo_document(stereo).items()}


def _filter_and_stereo(answers: Answers) -> None:
    noise = np.random.default_rng(1).standard_normal(60_000)
    answers.save("noise", noise)
    loud = noise[:1000].astype(np.float32)
    answers.save("loud", loud)
    answers.save("limited", soft_limit(loud))
    answers.document["limited_by_db"] = [[x, limited_by_db(x)] for x in (0.1, 0.891, 1.0, 3.0)]
    lengths = [1, 2, 5, 27, 28, 29, 384, 385, 15_615, 16_000, 60_000]
    answers.document["lowpass"] = lengths
    for length in lengths:
        answers.save(f"lowpass-{length}", lowpass(noise[:length]))
    settings = [
        StereoSettings("mono"),
        StereoSettings("mid-side"),
        StereoSettings("mid-side", width=1.5, depth=0.35),
        StereoSettings("dual-seed", depth=1.0),
        StereoSettings("dual-seed", depth=0.009),
        StereoSettings("binaural", azimuth_deg=-75.0, elevation_deg=20.0, distance_m=0.3),
        StereoSettings("binaural", azimuth_deg=180.0, distance_m=100.0),
        StereoSettings("binaural-dual-seed", azimuth_deg=90.0),
    ]
    answers.document["stereo"] = [stereo_in_javascript(s) for s in settings]
    for index, setting in enumerate(settings):
        rows = noise[: 30_000 * setting.input_channels].reshape(setting.input_channels, -1)
        answers.save(f"stereo-{index}", SpatialProcessor(setting).push(rows))


def _ends(answers: Answers) -> None:
    generator = np.random.default_rng(9)
    sound = generator.standard_normal((2, 5000)).astype(np.float32)
    answers.save("ends-of", sound)
    answers.save("faded", Fader(5000, fade_in=960, fade_out=1200).push(sound))
    mixed = (0.6 * sound + 0.4 * sound[::-1]).astype(np.float32)
    for name, lead in (("alike", mixed), ("opposite", -sound), ("silent", 0 * sound)):
        answers.save(f"joined-{name}-lead", lead)
        answers.save(f"joined-{name}", crossfaded(sound, lead))
    cases = []
    for index, duration_s in enumerate((0.25, 0.5, 0.75, 1.0, 2.2, 3.3, 10.0)):
        plan = LoopPlan.of(GenerationConfig(duration_s=duration_s, loop=True))
        walk = crossfade(seed=index, duration_s=duration_s, latent_dim=16)
        lengths = {"period": plan.period_steps, "lead": plan.lead_steps}
        closed = closed_walk([walk], [walk], **lengths)
        answers.save(f"closed-{index}", np.concatenate(list(closed)))
        cases.append([duration_s, index, plan.period_steps, plan.lead_steps, plan.overlap])
    answers.document["loops"] = cases


def _wavs(answers: Answers) -> None:
    noise = np.random.default_rng(2).standard_normal((2, 4001)) * 0.4
    # Full scale and beyond, and values in the middle between two steps.
    noise[:, :8] = np.array([1.0, -1.0, 1.5, -1.5, 0.5 / 32768, 1.5 / 32768, -0.5 / 32768, 0.0])
    sound = noise.astype(np.float32)
    answers.save("wav-sound", sound)
    for channels, bits, seed, loop in itertools.product(
        (1, 2), (16, 24, 32), (None, 7), (False, True)
    ):
        header = wav.header(
            frames=4001,
            sample_rate_hz=48_000,
            channels=channels,
            bit_depth=bits,
            tags=TAGS,
            loop=loop,
        )
        quantizer = Quantizer(bits, seed)
        samples = to_bytes(quantizer.push(sound[:channels]), bits)
        whole = header + samples + wav.trailer(frames=4001, channels=channels, bit_depth=bits)
        name = f"wav-{channels}-{bits}-{seed}" + ("-loop" if loop else "")
        answers.save(name, np.frombuffer(whole, np.uint8))
    answers.document["tags"] = {name: text for name, text in TAGS.items() if text}


def _verdicts() -> Iterator[list[Any]]:
    """Yield each field's place, what is put there, and whether Python then takes the document."""
    for path in _paths(document()):
        for value in WRONG:
            changed = copy.deepcopy(document())
            _holder(changed, path)[path[-1]] = value
            yield [path, {"value": value}, _is_taken(changed)]
        changed = copy.deepcopy(document())
        del _holder(changed, path)[path[-1]]
        yield [path, {}, _is_taken(changed)]


def _is_taken(values: Any) -> bool:
    try:
        ArtifactMetadata.from_json(json.dumps(values))
    except ArtifactError:
        return False
    return True


def document() -> dict[str, Any]:
    """Return the metadata of a small artifact with landmarks, as a JSON object to be changed."""
    metadata = dataclasses.replace(METADATA, landmarks=make_landmarks(2))
    values: dict[str, Any] = json.loads(metadata.to_json())
    return values


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from _paths(value[0], (*path, 0))


def _holder(values: Any, path: tuple[Any, ...]) -> Any:
    for part in path[:-1]:
        values = values[part]
    return values


def _floats() -> list[float]:
    values = [0.0, -0.0, 1.0, -5.0, 0.1, 1e15, 1e16, 123456789012345680.0, 1e21, 1e22, 1e100]
    values += [1e-4, 1e-5, 1.5e-5, 1e-6, 1e-7, 5e-324, 1.7976931348623157e308, 1 / 3, 9999.5]
    bits = np.random.default_rng(3).integers(0, 2**64, 2000, dtype=np.uint64)
    drawn = bits.view(np.float64)
    return [*values, *drawn[np.isfinite(drawn)].tolist()]
