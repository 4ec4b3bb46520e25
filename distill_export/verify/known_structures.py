"""Writing down what this exporter's graphs look like, for the runtime to know them again.

    python -m distill_export.verify.known_structures

traces models of made-up sizes and adds what is new to known_structures.json in distill_runtime
(known_graph.py there). What earlier exporters wrote stays in it: their files are in users' hands.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from distill_export.formats.onnx_graph import trace
from distill_export.graph.build import build_synthesizer
from distill_export.graph.refined.expander import Expansion
from distill_export.model.file import FORMAT, VERSION, LoadedModel, parse_model
from distill_export.model.vae import ConvVAE, VAEShape
from distill_export.verify.structures import (
    Form,
    Sample,
    decoder_entry,
    find_loop,
    fingerprint,
    road_entries,
)
from distill_runtime.artifact.known.known_graph import (
    BASE_WIDTH,
    CHANNELS,
    FREE,
    LATENT_DIM,
    STRUCTURES,
)
from distill_runtime.artifact.scan.constants import values_of

# Prime, and no two alike: every number of a graph tells what it is made of. The second kind's
# linear layer is composed with the first doubling (folded.py).
_SHAPES = {
    "plain": (
        VAEShape(67, (23, 19, 17, 13, 11), None, base_width=3),
        VAEShape(71, (37, 31, 29, 43, 41), None, base_width=5),
    ),
    "composed": (
        VAEShape(67, (211, 19, 17, 13, 11), None, base_width=3),
        VAEShape(71, (223, 31, 29, 43, 41), None, base_width=5),
    ),
}
_SPECTROGRAM = {
    "sample_rate": 48_000,
    "n_fft": 2048,
    "hop_length": 512,
    "n_mels": 128,
    "f_min": 0.0,
    "f_max": None,
    "power": 2.0,
}
_STATISTICS = ("mag_mean", "mag_std", "if_mean", "if_std")
_STATS = (1.3, 2.7, 0.11, 0.37)
LATENCY_SAMPLES = {"learned": 1024, "refined": 2048}
# What an expander does is a model's.
EXPANSION = Expansion(
    torch.linspace(1.1, 2.9, 128, dtype=torch.float64),
    torch.linspace(1e-7, 1e-5, 128, dtype=torch.float64),
)
_PASSES = 5  # 0 to 4: the first three are not alike


def make_samples(folder: Path) -> dict[str, Sample]:
    """Trace what it takes to know every graph of this exporter, or read what is there of it."""
    wanted: dict[str, dict[str, Any]] = {
        f"{kind}-{precision}-{number}": {"shape": shape, "precision": precision}
        for kind, shapes in _SHAPES.items()
        for precision in ("float32", "int8")
        for number, shape in enumerate(shapes)
    }
    for passes in range(_PASSES):
        wanted[f"refined-{passes}"] = {"shape": _SHAPES["plain"][0], "passes": passes}
        wanted[f"expanded-{passes}"] = wanted[f"refined-{passes}"] | {"expansion": EXPANSION}
    samples = {}
    for name, settings in wanted.items():
        path = folder / f"{name}.onnx"
        if not path.exists():
            print(name, file=sys.stderr)
            path.write_bytes(make_graph(**settings))
        samples[name] = sample_of(path.read_bytes(), **settings)
    return samples


def make_graph(
    shape: VAEShape,
    *,
    precision: str = "float32",
    passes: int | None = None,
    stats: tuple[float, ...] | None = _STATS,
    expansion: Expansion | None = None,
    seed: int = 1,
) -> bytes:
    """Trace a model of random weights; with "refined" if passes are given."""
    synthesizer = build_synthesizer(
        random_model(shape, stats, seed),
        reconstruction="learned" if passes is None else "refined",
        precision=precision,
        quality=passes or 0,
        expansion=expansion,
    )
    model = trace(synthesizer)
    return model.SerializeToString(deterministic=True)


def sample_of(
    model: bytes,
    shape: VAEShape,
    *,
    precision: str = "float32",
    passes: int | None = None,
    expansion: Expansion | None = None,
) -> Sample:
    """Return a graph that `make_graph` made, with what it was made of."""
    reconstruction = "learned" if passes is None else "refined"
    return Sample(
        model=model,
        sizes=dict(zip(CHANNELS, shape.decoder_channels, strict=True))
        | {LATENT_DIM: shape.latent_dim, BASE_WIDTH: shape.base_width},
        stats=_STATS,
        reconstruction=reconstruction,
        latency_samples=LATENCY_SAMPLES[reconstruction],
        passes=passes or 0,
        integers=precision == "int8",
        free=() if expansion is None else tuple(array.numpy() for array in expansion),
    )


def random_model(shape: VAEShape, stats: tuple[float, ...] | None, seed: int) -> LoadedModel:
    """Return a model of random weights, no two of which are alike."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = ConvVAE(**vars(shape))
        for name, values in model.named_buffers():
            if name.endswith("running_mean"):
                values.normal_()
            elif name.endswith("running_var"):
                values.uniform_(0.5, 2)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "model_state_dict": model.state_dict(),
        "latent_dim": shape.latent_dim,
        "spectrogram_config": _SPECTROGRAM,
        "normalization_stats": stats and dict(zip(_STATISTICS, stats, strict=True)),
    }
    return parse_model(content, document="a made-up model")


def derive(samples: dict[str, Sample], known: dict[str, Any], elsewhere: Path | None) -> None:
    """Add what the samples show to what is known.

    Args:
        samples: As `make_samples` names them.
        known: The content of known_structures.json.
        elsewhere: A folder with the same arrays from another processor, or None.
    """
    forms = {name: Form(sample) for name, sample in samples.items()}
    for name, form in forms.items():
        if name.endswith("-0") and form.sample.reconstruction == "learned":
            _add(known["decoders"], *decoder_entry(form, forms[name.removesuffix("0") + "1"]))
    first = next(form for form in forms.values() if form.sample.reconstruction == "learned")
    _add_roads(known, first, None, elsewhere)
    for kind in ("refined", "expanded"):
        passes = [forms[name] for name in sorted(forms) if name.startswith(kind)]
        if passes:
            loop, repeated_from = find_loop(passes)
            for form in passes[:repeated_from]:
                _add_roads(known, form, None, elsewhere)
            _add_roads(known, passes[repeated_from], loop, elsewhere)


def _add_roads(known: dict[str, Any], form: Form, loop: Any, elsewhere: Path | None) -> None:
    _, tensors = form.road(loop)
    there = _arrays(elsewhere, form.sample.reconstruction)
    prints = [fingerprint(t, form.sample, there.get(t.name)) for t in tensors]
    free = [found for found in prints if FREE in found]
    assert len(free) == len(form.sample.free), "an array that a model chooses is not in the graph"
    family = {
        "reconstruction": form.sample.reconstruction,
        "latency_samples": form.sample.latency_samples,
        "inner_nodes": form.inner_nodes,
        "loop": None if loop is None else dict(vars(loop)),
        "arrays": [_add_array(known["arrays"], found) for found in prints],
    }
    if family not in known["families"]:
        known["families"].append(family)
    number = known["families"].index(family)
    for key, entry in road_entries(form, loop):
        _add(known["roads"], key, {"family": number, **entry})


def _add(entries: dict[str, list[dict[str, Any]]], key: str, entry: dict[str, Any]) -> None:
    present = entries.setdefault(key, [])
    if all(other["sha256"] != entry["sha256"] for other in present):
        present.append(entry)


def _add_array(arrays: dict[str, Any], found: dict[str, Any]) -> str:
    """Return the name of an array, which may be known already."""
    for name, other in arrays.items():
        if FREE in found or FREE in other:
            if found == other:
                return name
            continue
        near = (
            abs(a - b) <= other["tolerance"]
            for a, b in zip(found["sums"], other["sums"], strict=True)
        )
        if found["dims"] == other["dims"] and all(near):
            other["tolerance"] = max(other["tolerance"], found["tolerance"])
            return name
    name = f"a{len(arrays)}"
    arrays[name] = found
    return name


def _arrays(folder: Path | None, reconstruction: str) -> dict[str, np.ndarray]:
    path = None if folder is None else folder / f"{reconstruction}.npz"
    if path is None or not path.exists():
        return {}
    with np.load(path) as stored:
        return dict(stored)


def _keep_arrays(folder: Path) -> None:
    """Write the arrays of both reconstructions, for a process that computes them otherwise."""
    shape = _SHAPES["plain"][0]
    for passes in (None, 2):
        sample = sample_of(make_graph(shape, passes=passes), shape, passes=passes)
        _, tensors = Form(sample).road(None)
        arrays: dict[str, Any] = {
            t.name: values_of(t, sample.model).astype(np.float64) for t in tensors
        }
        np.savez(folder / f"{sample.reconstruction}.npz", **arrays)


def _compute_elsewhere(folder: Path) -> None:
    """Let another process compute the arrays, without the instructions of newer processors."""
    plain = {"ATEN_CPU_CAPABILITY": "default", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}
    command = [sys.executable, "-m", __spec__.name, "--arrays", str(folder)]
    subprocess.run(command, env=os.environ | plain, check=True)


def write(known: dict[str, Any], path: Path = STRUCTURES) -> None:
    """Write what is known, an entry a line."""
    lines = []
    for section, content in known.items():
        items: Iterable[str]
        if isinstance(content, dict):
            items = (f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in content.items())
            opening, closing = "{", "}"
        else:
            items = (f"  {json.dumps(v)}" for v in content)
            opening, closing = "[", "]"
        lines.append(f" {json.dumps(section)}: {opening}\n" + ",\n".join(items) + f"\n {closing}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def main(arguments: list[str]) -> None:
    """Run the command; a folder that is given keeps the graphs for the next time."""
    if arguments[:1] == ["--arrays"]:
        _keep_arrays(Path(arguments[1]))
        return
    known: dict[str, Any] = {"families": [], "arrays": {}, "decoders": {}, "roads": {}}
    if STRUCTURES.exists():
        known |= json.loads(STRUCTURES.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(arguments[0] if arguments else made)
        if not (folder / "refined.npz").exists():
            _compute_elsewhere(folder)
        derive(make_samples(folder), known, folder)
    write(known)
    entries = sum(len(e) for s in ("decoders", "roads") for e in known[s].values())
    print(f"{STRUCTURES}: {entries} structures, {STRUCTURES.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
