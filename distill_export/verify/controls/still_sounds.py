"""Sounds of latent vectors that stand still, rendered by the graph and measured as delivered."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx

from distill_export.verify.controls.sound_figures import measure_sounds
from distill_export.verify.graph_session import GraphSession
from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.artifact.session import SessionOptions
from distill_runtime.audio.lowpass import ZeroPhaseLowpass

_ROWS = 8  # in a call: the weights are read once for all of them


class StillSounds:
    """An artifact's graph in onnxruntime, each sound a chunk of it, past the anti-alias filter.

    A core renders and measures a few sounds at a time by itself, so that what comes out does not
    depend on how many cores there are, and the same model gives the same artifact everywhere.
    """

    def __init__(self, graph: onnx.ModelProto, *, latency_samples: int, whole: bool) -> None:
        """Load the graph.

        Args:
            graph: Without metadata.
            latency_samples: Of silence at the start of its streams.
            whole: Whether a sound is a whole chunk, 1 s, or its first half, which takes a third of
                the time where the reconstruction takes most of it.
        """
        self._session = GraphSession(graph, SessionOptions(provider="cpu", threads=1))
        self._latency_samples = latency_samples
        self._whole = whole

    def measure(self, latents: Float32Array) -> Float64Array:
        """Return the figures `[n, columns]` of latent vectors `[n, latent_dim]`, see `Measure`."""
        rows = [latents[start : start + _ROWS] for start in range(0, len(latents), _ROWS)]
        with ThreadPoolExecutor(os.cpu_count() or 1) as cores:
            return np.concatenate(list(cores.map(self._measure, rows)))

    def _measure(self, latents: Float32Array) -> Float64Array:
        audio = self._session.begin(latents[:, None], finish=self._whole)[0]
        return measure_sounds(as_delivered(audio[:, self._latency_samples :]))


def as_delivered(sounds: Float32Array) -> Float32Array:
    """Return whole sounds `[n, samples]` past the filter that every finished sound passes."""
    lowpass = ZeroPhaseLowpass()
    parts = [lowpass.push(sounds), lowpass.finish()]
    return np.concatenate(parts, axis=1).astype(np.float32)
