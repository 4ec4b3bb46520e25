"""One web page about a training: its losses, a few chunks as the model hears them, its sliders."""

from __future__ import annotations

import base64
import html
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.reference.log_mel import FLOOR, level_db, log_mel_distance_db
from distill_export.training.data.dataset import ChunkSet, Recording
from distill_export.training.data.recordings import read_chunks
from distill_export.training.report.picture import curves_svg, spectrogram_png
from distill_export.training.report.preview import render_preview, wav_bytes
from distill_runtime.arrays import Float32Array
from distill_runtime.audio.level import normalization_gain, peak
from distill_runtime.errors import RecordingError
from distill_runtime.files.output_file import replacing
from distill_runtime.files.shown import shown

_EXAMPLES = 4
_LOW_DB, _HIGH_DB = 10 * np.log10(FLOOR), 50.0
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem }
table { border-collapse: collapse } td, th { padding: .2rem .7rem; text-align: right }
th:first-child, td:first-child { text-align: left }
.pair { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0 } img { display: block }
audio { width: 100% } .warning { border-left: .3rem solid #c40; padding-left: .7rem }
"""


@dataclass(frozen=True)
class Example:
    """A chunk and what the model makes of it.

    Attributes:
        title: Recording and place.
        original: Level in dB, `[n_mels, frames]`.
        answer: The same of the reconstruction.
        original_sound: float32 `[samples]`.
        answer_sound: float32 `[samples]`.
        distance_db: Log-mel distance between the two.
    """

    title: str
    original: Float32Array
    answer: Float32Array
    original_sound: Float32Array
    answer_sound: Float32Array
    distance_db: float


@torch.inference_mode()
def examples(
    model: ConvVAE, statistics: Statistics, chunks: ChunkSet, count: int = _EXAMPLES
) -> list[Example]:
    """Return chunks spread over a set, and their reconstructions.

    Args:
        model: In eval mode.
        statistics: What its spectrograms are normalised with.
        chunks: The set.
        count: How many there shall be at most.
    """
    transform = ComplexSpectrogram()
    device = next(model.parameters()).device
    made = []
    for index in np.unique(np.linspace(0, len(chunks) - 1, count).round().astype(int)):
        recording, place = chunks.locate(int(index))
        expected = chunks.batch(torch.tensor([int(index)]))
        mu, _ = model.encode(transform.normalize(expected, statistics).to(device))
        found = transform.denormalize(model.decode(mu).cpu(), statistics)
        sound = _original(recording, place)
        made.append(
            Example(
                title=f"{recording.file.name}, chunk {place + 1}",
                original=level_db(expected[0, 0]).numpy(),
                answer=level_db(found[0, 0]).numpy(),
                original_sound=sound,
                answer_sound=_at_one_peak(transform.complex_mel_to_waveform(found)[0, 0].numpy()),
                distance_db=float(log_mel_distance_db(found[:, 0], expected[:, 0])),
            )
        )
    return made


def _original(recording: Recording, place: int) -> Float32Array:
    try:
        return next(itertools.islice(read_chunks(recording.file.path), place, None))
    except (RecordingError, StopIteration):
        raise RecordingError(
            f"{shown(recording.file.path)} has changed since it was read"
        ) from None


def write_report(
    path: Path,
    *,
    title: str,
    facts: Mapping[str, str],
    warnings: Sequence[str] = (),
    history: Mapping[str, Sequence[Mapping[str, float]]],
    model: ConvVAE,
    statistics: Statistics,
    chunks: ChunkSet,
    analysis: LatentAnalysis,
    overwrite: bool = False,
) -> None:
    """Write the page, which needs nothing beside itself.

    Args:
        path: Where it shall be.
        title: Of the page.
        facts: What to say of the training, by name.
        warnings: What to say before all else.
        history: Metrics of every epoch, under "train" and "val".
        model: In eval mode.
        statistics: What its spectrograms are normalised with.
        chunks: Where the examples come from.
        analysis: The sliders.
        overwrite: Replace a page that is there.

    Raises:
        OutputError: It could not be written.
    """
    page = "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>',
            f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>",
            *(f'<p class="warning">{html.escape(warning)}</p>' for warning in warnings),
            _table(facts.items()),
            "<h2>Losses</h2>",
            *_curves(history),
            "<h2>Original and reconstruction</h2>",
            *(_example(example) for example in examples(model, statistics, chunks)),
            "<h2>A path through random latents</h2>",
            _player(render_preview(model, statistics)),
            "<h2>Sliders</h2>",
            _sliders(analysis),
            "</html>",
        ]
    )
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _curves(history: Mapping[str, Sequence[Mapping[str, float]]]) -> Iterable[str]:
    names = {"train": "training", "val": "validation"}
    for metric, heading in (
        ("loss", "Loss (validation: at the full weight of the KL term)"),
        ("log_mel_db", "Log-mel distance, dB"),
        ("kl", "KL divergence, nats"),
    ):
        curves = {
            names[part]: [(entry["epoch"], entry[metric]) for entry in entries if metric in entry]
            for part, entries in history.items()
        }
        if picture := curves_svg(curves):
            yield f"<figure><figcaption>{heading}</figcaption>{picture}</figure>"


def _example(example: Example) -> str:
    sides = [
        f"<figure>{_image(levels)}<figcaption>{caption}</figcaption>{_player(sound)}</figure>"
        for caption, levels, sound in (
            ("original", example.original, example.original_sound),
            ("reconstructed", example.answer, example.answer_sound),
        )
    ]
    title = f"{html.escape(example.title)}: {example.distance_db:.1f} dB"
    return f'<h3>{title}</h3><div class="pair">{"".join(sides)}</div>'


def _sliders(analysis: LatentAnalysis) -> str:
    features = list(analysis.feature_correlations)
    head = ["slider", "variance", *(feature.replace("_", " ") for feature in features)]
    rows = ["<tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>"]
    for i, label in enumerate(analysis.suggested_labels):
        cells = [f"<td>{html.escape(label)}</td>"]
        cells += [f"<td>{100 * float(analysis.explained_variance_ratio[i]):.1f}%</td>"]
        for feature in features:
            value = analysis.feature_correlations[feature][i]
            colour = f"hsl({10 if value < 0 else 210} 80% 50% / {abs(value) * 0.6:.2f})"
            cells.append(f'<td style="background:{colour}">{value:+.2f}</td>')
        rows.append("<tr>" + "".join(cells) + "</tr>")
    return f"<table>{''.join(rows)}</table>"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = (
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>"
        for name, value in rows
    )
    return f"<table>{''.join(cells)}</table>"


def _image(levels: Float32Array) -> str:
    encoded = base64.b64encode(spectrogram_png(levels, _LOW_DB, _HIGH_DB)).decode()
    return f'<img alt="spectrogram" src="data:image/png;base64,{encoded}">'


def _player(sound: Float32Array) -> str:
    encoded = base64.b64encode(wav_bytes(sound)).decode()
    return f'<audio controls src="data:audio/wav;base64,{encoded}"></audio>'


def _at_one_peak(sound: Float32Array) -> Float32Array:
    loudest = peak(sound)
    return sound * np.float32(normalization_gain(loudest)) if np.isfinite(loudest) else sound * 0
