"""CUDA: how onnxruntime is to use it.

As onnxruntime uses a GPU by itself, the sound is not the model's: products in TF32, which keeps ten
bits of a mantissa, are 28 dB from the CPU's, and a trajectory cut in two differs by 17 dB from one
that is not (docs/performance.md, "CUDA").
"""

from __future__ import annotations

import contextlib
import math
import os
from typing import Any

import numpy as np

from distill_runtime.arrays import Float32Array

PROVIDER = "CUDAExecutionProvider"

# Not the search, which times each convolution's algorithms for each new size of a call, and may so
# choose others the next time.
PROVIDER_OPTIONS = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}

# cuBLAS takes other kernels for products of few rows, which round differently: a stream of single
# steps is then 85 dB from one call. Calls of fewer rows and steps are filled up.
_LEAST_ROWS = 16


def load_libraries(ort: Any) -> None:
    """Load what pip installed of CUDA's libraries (onnxruntime-gpu[cuda,cudnn]), if it did.

    onnxruntime from 1.21 on can; the system's own libraries need nothing. Where it fails it says so
    on stdout, which may carry samples: whether CUDA starts is seen soon enough.
    """
    if hasattr(ort, "preload_dlls"):
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
            ort.preload_dlls()


def repeats(latents: Float32Array) -> int:
    """Return how often a call's rows `[batch, steps, latent_dim]` are to be there."""
    batch, steps, _ = latents.shape
    return math.ceil(_LEAST_ROWS / int(batch * steps))


def filled(rows: Float32Array, times: int) -> Float32Array:
    """Return rows `[batch, ...]`, and after them copies of all of them."""
    return np.tile(rows, (times, *[1] * (rows.ndim - 1)))
