"""Round trips: recordings to mel frames, and back to sound through an artifact's own graph.

    python -m benchmarks.reconstruction [RECORDING ...] [--picture FILE]

needs artifacts/ambience.onnx and artifacts/ambience_refined.onnx, which `make demo` makes.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import onnx
import soundfile
import soxr
import torch

from benchmarks.measures import Measures, log_mel_power
from benchmarks.signals import synthesised
from distill_export.formats.onnx_graph import with_mel_input
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.reference.log_mel import level_db
from distill_export.verify.graph_session import GraphSession
from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.session import SessionOptions
from distill_runtime.contract import SAMPLE_RATE_HZ

ARTIFACTS = Path(__file__).parents[1] / "artifacts"


class RoundTrip:
    """An artifact that renders mel frames of ours instead of its decoder's."""

    def __init__(self, path: Path, options: SessionOptions | None = None) -> None:
        self.metadata = ArtifactFile.inspect(path).metadata
        model = with_mel_input(onnx.load(path), n_mels=self.metadata.audio.n_mels)
        self._session = GraphSession(model, options or SessionOptions(provider="cpu"))

    def render(self, frames: torch.Tensor) -> Float32Array:
        """Render `[2, n_mels, frames]`, not normalised; `[samples]`, whole steps, no latency."""
        stats = self.metadata.normalization
        if stats is not None:
            frames = ComplexSpectrogram().normalize(frames[None], Statistics(**vars(stats)))[0]
        hop_frames = self.metadata.audio.hop_frames
        blocks = max(2, -(-frames.shape[2] // hop_frames))
        missing = blocks * hop_frames - frames.shape[2]
        mel = torch.cat([frames, frames[..., -1:].expand(-1, -1, missing)], dim=2)
        steps = np.zeros((1, blocks - 1, self.metadata.latent_dim), np.float32)
        audio, _ = self._session.begin(steps, finish=True, mel=mel[None].float().numpy())
        return audio[0, self.metadata.latency_samples :]


def analyse(sound: Float32Array) -> torch.Tensor:
    """Return a sound's two-channel mel frames `[2, n_mels, frames]`."""
    return ComplexSpectrogram().waveform_to_complex_mel(torch.from_numpy(sound)[None, None])[0]


def load(path: Path, seconds: float) -> Float32Array:
    """Read the beginning of a recording, mono, at 48 kHz."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = (
        soxr.resample(audio.mean(axis=1), rate, SAMPLE_RATE_HZ)
        if rate != SAMPLE_RATE_HZ
        else audio.mean(1)
    )
    return np.ascontiguousarray(mono[: round(seconds * SAMPLE_RATE_HZ)], np.float32)


def draw(path: Path, rows: dict[str, Float32Array]) -> None:
    """Draw mel spectrograms one above the other."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415  (matplotlib brings it)

    figure = Figure(figsize=(7, 5.4), dpi=80, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    for axes, (name, sound) in zip(
        figure.subplots(len(rows), sharex=True), rows.items(), strict=True
    ):
        level = level_db(log_mel_power(sound)).numpy()
        extent = (0, len(sound) / SAMPLE_RATE_HZ, 0, len(level))
        axes.imshow(level, origin="lower", aspect="auto", extent=extent, vmin=-20, vmax=45)
        axes.set_ylabel(f"{name}\nmel band")
    axes.set_xlabel("seconds")
    canvas.draw()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(48).save(
        path, optimize=True
    )


def main() -> None:
    """Print a table, and draw the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("recordings", nargs="*", type=Path, help="default: synthesised signals")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each recording")
    parser.add_argument("--learned", type=Path, default=ARTIFACTS / "ambience.onnx")
    parser.add_argument("--refined", type=Path, default=ARTIFACTS / "ambience_refined.onnx")
    parser.add_argument("--picture", type=Path, help="a PNG of the first signal")
    arguments = parser.parse_args()

    paths: list[Path] = arguments.recordings
    signals = {path.stem: load(path, arguments.seconds) for path in paths} or synthesised(
        arguments.seconds
    )
    columns = [field.name for field in fields(Measures)]
    print(f"{'':28}" + "".join(f"{name:>13}" for name in columns) + f"{'x real time':>13}")
    pictures: list[dict[str, Float32Array]] = [{"target": sound} for sound in signals.values()]
    for path in (arguments.learned, arguments.refined):
        trip = RoundTrip(path)
        kind = trip.metadata.reconstruction
        results, speeds = [], []
        for (name, sound), picture in zip(signals.items(), pictures, strict=True):
            frames = analyse(sound)
            started = time.perf_counter()
            found = trip.render(frames)[: len(sound)]
            speeds.append(len(sound) / SAMPLE_RATE_HZ / (time.perf_counter() - started))
            picture[kind] = found
            results.append(vars(Measures.of(sound, found)))
            row = "".join(f"{results[-1][column]:13.4f}" for column in columns)
            print(f"{kind:8} {name:19.19}{row}{speeds[-1]:13.1f}")
        means = "".join(f"{np.nanmean([r[column] for r in results]):13.4f}" for column in columns)
        print(f"{kind:8} {'mean':19}{means}{np.median(speeds):13.1f}\n")
    if arguments.picture:
        draw(arguments.picture, pictures[0])


if __name__ == "__main__":
    main()
