"""One web page about a training: what it learnt, its losses, and its sounds."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import Statistics
from distill_export.reference.log_mel import FLOOR
from distill_export.training.data.dataset import ChunkSet
from distill_export.training.encoding import encode
from distill_export.training.report.directions import (
    Direction,
    control_directions,
    slider_directions,
)
from distill_export.training.report.examples import Example, examples
from distill_export.training.report.picture import curves_svg, spectrogram_svg
from distill_export.training.report.player import player
from distill_export.training.report.preview import render_preview
from distill_runtime.arrays import Float64Array
from distill_runtime.contract import Landmarks
from distill_runtime.files.output_file import replacing

_LOW_DB, _HIGH_DB = 10 * np.log10(FLOOR), 50.0
_BATCH = 32
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 1rem auto; max-width: 60rem; padding: 0 1rem;
  overflow-wrap: anywhere }
.verdict { font-size: 1.15rem } .verdict::first-letter { text-transform: uppercase }
.warning { border-left: .3rem solid #c40; padding-left: .7rem }
dl { display: grid; grid-template-columns: minmax(6rem, auto) 1fr; gap: .2rem 1rem }
.row { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)) }
dd, figure { margin: 0; min-width: 0 } svg { display: block; width: 100%; max-width: 40rem }
audio { width: 100% } .note { color: #777; font-size: .85rem }
"""


@dataclass(frozen=True, eq=False)
class Report:
    """What a page is made of.

    Attributes:
        title: Of the page.
        verdict: What became of the training, in sentences that begin small and have no full stop.
        warnings: What to mind, likewise.
        facts: What else to say of the training, by name.
        history: Metrics of every epoch, under "train" and "val".
        model: In eval mode.
        statistics: What its spectrograms are normalised with.
        training: What it learnt from.
        asked: Where the examples come from.
        analysis: The sliders.
        landmarks: Where the recordings lie.
    """

    title: str
    verdict: Sequence[str]
    warnings: Sequence[str]
    facts: Mapping[str, str]
    history: Mapping[str, Sequence[Mapping[str, float]]]
    model: ConvVAE
    statistics: Statistics
    training: ChunkSet
    asked: ChunkSet
    analysis: LatentAnalysis
    landmarks: Landmarks

    def write(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the page, which needs nothing beside itself.

        Args:
            path: Where it shall be.
            overwrite: Replace a page that is there.

        Raises:
            RecordingError: A recording has changed since it was read.
            OutputError: It could not be written.
        """
        page = "\n".join(self._lines())
        with replacing(path, overwrite=overwrite) as temporary:
            temporary.write_text(page, encoding="utf-8")

    def _lines(self) -> Iterable[str]:
        model, statistics = self.model, self.statistics
        title = html.escape(self.title)
        yield "<!doctype html>"
        yield f'<html lang="en"><meta charset="utf-8"><title>{title}</title>'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield f"<style>{_STYLE}</style><h1>{title}</h1>"
        for sentence in self.verdict:
            yield f'<p class="verdict">{html.escape(sentence)}.</p>'
        for warning in self.warnings:
            yield f'<p class="warning">{html.escape(warning)}</p>'
        yield "<h2>A path through random latents</h2>"
        yield _paths(model, statistics, self.landmarks)
        place = self._place()
        yield "<h2>Sliders</h2>"
        yield (
            "<p>Each is heard at the minimum, in the middle and at the maximum of its safe range, "
            "a second each, from the same place.</p>"
        )
        yield _directions(slider_directions(model, statistics, self.analysis, place))
        controls = list(control_directions(model, statistics, place))
        yield "<h2>Controls</h2>"
        yield (
            "<p>Found as an export finds them, with less effort, and heard in the same way.</p>"
            if controls
            else "<p>None was found: no direction moves a sound reliably in one way.</p>"
        )
        yield _directions(controls)
        yield "<h2>Original and reconstruction</h2>"
        yield (
            f"<p>Levels from {_LOW_DB:.0f} dB (black) to {_HIGH_DB:.0f} dB (brightest) of mel "
            "power.</p>"
        )
        for example in examples(model, statistics, self.asked):
            yield _example(example)
        yield '<h2>Losses</h2><div class="row">'
        yield from _curves(self.history)
        yield "</div><h2>Facts</h2>"
        yield _facts(self.facts)
        yield "</html>"

    def _place(self) -> Float64Array:
        """Return the recorded second nearest to the middle of all, `[latent_dim]`."""
        encoded, _ = encode(self.model, self.statistics, self.training.batches(_BATCH))
        distances = np.linalg.norm(encoded - encoded.mean(axis=0), axis=1)
        place: Float64Array = encoded[distances.argmin()]
        return place


def _paths(model: ConvVAE, statistics: Statistics, landmarks: Landmarks) -> str:
    captions = {
        0.0: "at nearness 0, as Distill plays it",
        landmarks.default: f"at nearness {landmarks.default:g}, as it plays by itself",
    }
    figures = [
        f"<figure><figcaption>{caption}</figcaption>"
        f"{player(render_preview(model, statistics, landmarks, nearness), caption)}</figure>"
        for nearness, caption in captions.items()
    ]
    return f'<div class="row">{"".join(figures)}</div>'


def _directions(directions: Iterable[Direction]) -> str:
    figures = [
        f"<figure><figcaption><b>{html.escape(found.name)}</b></figcaption>"
        f"{player(found.sound, html.escape(found.name))}"
        f'<div class="note">{html.escape(found.note)}</div></figure>'
        for found in directions
    ]
    return f'<div class="row">{"".join(figures)}</div>'


def _example(example: Example) -> str:
    sides = [
        f"<figure><figcaption>{caption}</figcaption>{spectrogram_svg(levels, _LOW_DB, _HIGH_DB)}"
        f"{player(sound, caption)}</figure>"
        for caption, levels, sound in (
            ("original", example.original, example.original_sound),
            ("reconstructed", example.answer, example.answer_sound),
        )
    ]
    title = f"{html.escape(example.title)}: {example.distance_db:.1f} dB"
    return f'<h3>{title}</h3><div class="row">{"".join(sides)}</div>'


def _curves(history: Mapping[str, Sequence[Mapping[str, float]]]) -> Iterable[str]:
    names = {"train": "training", "val": "validation"}
    for metric, heading, unit in (
        ("loss", "Loss, a weighted sum (validation: at the full weight of the KL term)", ""),
        ("log_mel_db", "Log-mel distance on what was held out", "dB"),
        ("kl", "KL divergence", "nats"),
    ):
        curves = {
            names[part]: [(entry["epoch"], entry[metric]) for entry in entries if metric in entry]
            for part, entries in history.items()
        }
        if picture := curves_svg(curves, title=heading, x_unit="epochs", y_unit=unit):
            yield f"<figure><figcaption>{heading}</figcaption>{picture}</figure>"


def _facts(facts: Mapping[str, str]) -> str:
    rows = (
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>"
        for name, value in facts.items()
    )
    return f"<dl>{''.join(rows)}</dl>"
