"""What controls and slider labels are worth: measured anew, over latent vectors of other seeds.

    python -m benchmarks.controls ambience.onnx [other.onnx ...]

Every control and every slider is moved from 50 random latent vectors through its safe range; of
each position the sound is rendered and measured, 1 s, past the anti-alias filter, before its level
is set. Tables in Markdown, for docs/controls.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from distill_export.verify.controls.sound_figures import COLUMNS, FIGURES, measure_sounds
from distill_export.verify.controls.still_sounds import as_delivered
from distill_export.verify.controls.sweep import Sweep, sweep
from distill_runtime import Artifact, Slider
from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.contract import Control
from distill_runtime.latents.seeds import TorchGenerator

FIRST_SEED = 9_000_000
PLACES = 50
POSITIONS = 7
_ROWS = 8


def fresh_latents(count: int, latent_dim: int) -> Float64Array:
    """Return the first latent vector of successive seeds, as a generation draws it."""
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    rows = [TorchGenerator(seed).randn_rows(1, latent_dim)[0] for seed in seeds]
    return np.stack(rows).astype(np.float64)


def measured(artifact: Artifact, latents: Float32Array) -> Float64Array:
    """Return the figures `[n, columns]` of latent vectors `[n, latent_dim]`."""
    parts = []
    for start in range(0, len(latents), _ROWS):
        audio = artifact.render(latents[start : start + _ROWS, None])
        parts.append(measure_sounds(as_delivered(audio)))
    return np.concatenate(parts)


def _swept(
    artifact: Artifact,
    places: Float64Array,
    moved: Sequence[Control | Slider],
    directions: Sequence[tuple[float, ...]],
) -> list[Sweep]:
    """Move each through its safe range, from all places."""
    positions = [
        np.linspace(one.safe_min_step, one.safe_max_step, POSITIONS) * one.step_size
        for one in moved
    ]
    along = [np.array(direction) for direction in directions]
    return sweep(lambda z: measured(artifact, z), places, along, positions)


def control_rows(artifact: Artifact) -> list[tuple[str, ...]]:
    """Return a row for each control: what it does, and what else it does."""
    places = fresh_latents(PLACES, artifact.latent_dim)
    controls = artifact.controls
    swept = _swept(artifact, places, controls, [control.direction for control in controls])
    deviations = measured(artifact, places.astype(np.float32)).std(axis=0)
    named = [COLUMNS.index(control.name) for control in controls]
    return [
        _control_row(control.name, found, named, deviations)
        for control, found in zip(controls, swept, strict=True)
    ]


def _control_row(
    name: str, found: Sweep, named: Sequence[int], deviations: Float64Array
) -> tuple[str, ...]:
    own = COLUMNS.index(name)
    others = [column for column in named if column != own]
    relative = np.abs(found.changes) / deviations
    most = max(others, key=lambda column: relative[column])
    follows = max(others, key=lambda column: abs(found.correlations[column]))
    return (
        name,
        f"{found.correlations[own]:.2f}",
        _change(own, found),
        f"{relative[most] / relative[own]:.2f} {COLUMNS[most]}",
        f"{found.correlations[follows]:+.2f} {COLUMNS[follows]}",
    )


def _change(column: int, found: Sweep) -> str:
    first, last = found.course[[0, -1], column]
    figure = FIGURES[column]
    if figure.unit == "octaves":
        return f"{2**first:.0f} to {2**last:.0f} Hz"
    if figure.unit == "dB":
        return f"{last - first:+.1f} dB"
    return f"{first:.2f} to {last:.2f}"


def slider_rows(artifact: Artifact) -> list[tuple[str, ...]]:
    """Return a row for each slider: its labels, and how what is named follows it."""
    places = fresh_latents(PLACES, artifact.latent_dim)
    sliders = artifact.sliders
    swept = _swept(artifact, places, sliders, [slider.component for slider in sliders])
    rows = []
    for slider, found in zip(sliders, swept, strict=True):
        word, sign = slider.label[:-2], slider.label[-1]
        if word not in COLUMNS:
            rows.append((slider.label, slider.first_label, "", "", ""))
            continue
        column = COLUMNS.index(word)
        correlation = found.correlations[column]
        is_right = "yes" if (correlation > 0) == (sign == "+") else "NO"
        change = _change(column, found)
        rows.append((slider.label, slider.first_label, f"{correlation:+.2f}", change, is_right))
    return rows


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Measure artifacts and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("artifacts", type=Path, nargs="+")
    for path in parser.parse_args().artifacts:
        artifact = Artifact.load(path)
        print(f"## {path.name}, {artifact.metadata.reconstruction}\n")
        heading = ("control", "correlation", "end to end", "leak", "what else follows")
        print(table(heading, control_rows(artifact)), end="\n\n")
        heading = ("label", "was", "correlation", "end to end", "right")
        print(table(heading, slider_rows(artifact)), end="\n\n")


if __name__ == "__main__":
    main()
