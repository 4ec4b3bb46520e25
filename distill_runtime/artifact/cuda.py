"""CUDA: how onnxruntime is to use it, and a stream whose state stays on the device.

As onnxruntime uses a GPU by itself, the sound is not the model's: products in TF32, which keeps ten
bits of a mantissa, are 28 dB from the CPU's, and a trajectory cut in two differs by 17 dB from one
that is not (docs/performance.md, "CUDA").
"""

from __future__ import annotations

import contextlib
import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from distill_runtime import contract
from distill_runtime.arrays import Float32Array

if TYPE_CHECKING:
    import onnxruntime

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


class BoundStream:
    """A stream whose state stays on the device that runs the graph, from call to call.

    Without it every call would copy the state from the device and back, and wait for it. Only the
    latent vectors and the audio cross over.
    """

    def __init__(
        self, ort: Any, session: onnxruntime.InferenceSession, state: Float32Array, device: str
    ) -> None:
        """Start from a state `[batch, state_size]` on a device, "cuda" or "cpu"."""
        self._value = ort.OrtValue.ortvalue_from_numpy
        self._session = session
        self._device = device
        self._state = self._value(state, device, 0)

    def step(self, latents: Float32Array, *, finish: bool) -> Float32Array:
        """Run the graph once on `[batch, steps, latent_dim]` and return its audio.

        Raises:
            Exception: onnxruntime failed; its exceptions share no other base.
        """
        batch = len(latents)
        times = repeats(latents) if self._device == "cuda" else 1
        state = self._state
        if times > 1:
            latents = np.tile(latents, (times, 1, 1))
            state = self._value(np.tile(state.numpy(), (times, 1)), self._device, 0)
        binding = self._session.io_binding()
        binding.bind_cpu_input(contract.LATENTS, latents)
        binding.bind_cpu_input(contract.FINISH, np.array(finish, bool))
        binding.bind_ortvalue_input(contract.STATE, state)
        binding.bind_output(contract.AUDIO, "cpu")
        binding.bind_output(contract.NEXT_STATE, self._device)
        self._session.run_with_iobinding(binding)
        audio, self._state = binding.get_outputs()
        if times > 1:
            self._state = self._value(self._state.numpy()[:batch], self._device, 0)
        samples: Float32Array = audio.numpy()
        return samples[:batch]
