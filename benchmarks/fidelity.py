"""How near a sound is to Distill's, by length, and how much of the distance is Distill's float32.

    python -m benchmarks.fidelity [MODEL ...]

Each model's seeds are played by Distill's own arithmetic, which is float32 throughout, by the same
with its phase in float64 (distill_export.reference), and by the artifact. The three differ only in
how they round.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmarks.subject import Subject
from distill_export.model.file import LoadedModel
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.reference.generation import GenerationPipeline
from distill_export.reference.generation_config import GenerationConfig
from distill_runtime.audio.snr import snr_db
from distill_runtime.generation import config as runtime_config
from distill_runtime.generation import pipeline as runtime_pipeline

_DEMO = Path(__file__).parents[1] / "artifacts" / "ambience.distill"
_DURATIONS_S = (1.0, 4.0, 10.0, 30.0)
_SEEDS = range(1, 9)
_FILTER_EDGE = 2048  # samples in which the shorter of two sounds ends in its filter


class Float32Spectrogram(ComplexSpectrogram):
    """Distill's own arithmetic: the phase in float32, a least-squares solve in each call."""

    def complex_mel_to_waveform(
        self,
        spectrogram: torch.Tensor,
        stats: Statistics | None = None,
        sample_rate: int = 48_000,
        *,
        samples: int | None = None,
    ) -> torch.Tensor:
        """Resynthesise as `ComplexSpectrogram` does, in float32."""
        if stats is not None:
            spectrogram = self.denormalize(spectrogram, stats)
        log_power, frequency = spectrogram.unbind(dim=1)
        magnitude = self._to_linear(torch.expm1(log_power).clamp(min=0.0).sqrt())
        phase = self._to_linear(torch.cumsum(torch.pi * frequency, dim=-1))
        waveform = torch.istft(
            torch.polar(magnitude, phase),
            self.config.n_fft,
            self.config.hop_length,
            window=self.window,
            center=True,
            length=samples,
        )
        return waveform.unsqueeze(1)

    def _to_linear(self, mel: torch.Tensor) -> torch.Tensor:
        filters = self.filterbank.T[None].expand(len(mel), -1, -1)
        return torch.relu(torch.linalg.lstsq(filters, mel, driver="gels").solution)


def measure_fidelity(
    subject: Subject, *, durations_s: tuple[float, ...], seeds: range
) -> dict[float, dict[str, list[float]]]:
    """Return the distances by length, in dB, one for each seed.

    Finished sounds are compared, up to a gain, over the shorter one's length less 2048 samples.
    """
    exact = _pipeline(subject.loaded, ComplexSpectrogram())
    float32 = _pipeline(subject.loaded, Float32Spectrogram())
    artifact = runtime_pipeline.GenerationPipeline(subject.artifact)
    found: dict[float, dict[str, list[float]]] = {}
    for duration_s in durations_s:
        distances = found.setdefault(duration_s, {})
        for seed in seeds:
            config = GenerationConfig(duration_s=duration_s, seed=seed)
            theirs, formula = (pipeline.generate(config).audio for pipeline in (float32, exact))
            request = runtime_config.GenerationConfig(duration_s=duration_s, seed=seed)
            ours = artifact.generate(request).audio[0]
            for name, pair in {
                "artifact to Distill": (theirs, ours),
                "Distill's float32 to its float64": (formula, theirs),
                "artifact to Distill's float64": (formula, ours),
            }.items():
                distances.setdefault(name, []).append(_snr_db(*pair))
    return found


def _pipeline(loaded: LoadedModel, transform: ComplexSpectrogram) -> GenerationPipeline:
    return GenerationPipeline(
        loaded.model, loaded.spectrogram, loaded.device, transform, loaded.normalization_stats
    )


def _snr_db(expected: np.ndarray, found: np.ndarray) -> float:
    kept = min(len(expected), len(found)) - _FILTER_EDGE
    expected, found = expected[:kept].astype(np.float64), found[:kept].astype(np.float64)
    return snr_db(expected, found * ((expected @ found) / (found @ found)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity", description=__doc__)
    parser.add_argument("models", metavar="MODEL", type=Path, nargs="*", default=[_DEMO])
    parser.add_argument("--seeds", type=int, default=len(_SEEDS))
    options = parser.parse_args()
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            subject = Subject.from_model(model, Path(folder), threads=2)
            found = measure_fidelity(
                subject, durations_s=_DURATIONS_S, seeds=_SEEDS[: options.seeds]
            )
        print(f"{model}, dB, least to most of {options.seeds} seeds")
        for duration_s, distances in found.items():
            for name, values in distances.items():
                spread = f"{min(values):.0f} to {max(values):.0f}"
                print(f"  {duration_s:>4g} s  {name:<34}{spread}")


if __name__ == "__main__":
    main()
