"""The limits: a matrix product of the decoder's arithmetic, and an FFT library."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import onnxruntime
import scipy.fft
import torch
from onnx import TensorProto, helper, numpy_helper

from distill_export.model.vae import VAEShape
from distill_runtime.artifact.session import SessionOptions, open_session_from_bytes

_TAPS = 9  # of a 3 x 3 convolution
_SIDE = 1024  # of the plain product's square matrix


def layer_sizes(shape: VAEShape) -> list[tuple[int, int, int]]:
    """Return the products that the decoder's layers come to, for one step: rows, inner, columns.

    A transposed convolution multiplies each of its input's pixels by nine taps. The first is one
    matrix with the linear layer before it, where that takes no more weights (decoder/folded.py).
    """
    channels = (*shape.decoder_channels, 2)
    sizes = [(1, shape.latent_dim, channels[0] * shape.base_area)]
    for layer, before in enumerate(shape.decoder_channels):
        pixels = shape.base_area * 4**layer
        sizes.append((pixels, before, _TAPS * channels[layer + 1]))
    composed = 1, shape.latent_dim, channels[1] * shape.base_area * 4
    if composed[1] * composed[2] <= sum(inner * columns for _, inner, columns in sizes[:2]):
        sizes[:2] = [composed]
    return sizes


def decoder_flops(shape: VAEShape) -> int:
    """Return the floating-point operations of one step, an addition and a product each one."""
    return sum(2 * rows * inner * columns for rows, inner, columns in layer_sizes(shape))


def plain_products(
    shape: VAEShape, steps: int, options: SessionOptions
) -> dict[str, Callable[[], object]]:
    """Return one product of exactly as many operations as the decoder has, by two libraries."""
    rows = max(1, round(decoder_flops(shape) * steps / (2 * _SIDE * _SIDE)))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, _SIDE), np.float32)
    weights = rng.standard_normal((_SIDE, _SIDE), np.float32)
    session = _product(weights, options)
    out = np.empty((rows, _SIDE), np.float32)
    return {
        "onnxruntime": lambda: session.run(None, {"x": x}),
        "numpy": lambda: np.matmul(x, weights, out=out),
    }


def layer_products(
    shape: VAEShape, steps: int, options: SessionOptions
) -> dict[str, Callable[[], object]]:
    """Return the layers' own products, one after the other, by three libraries.

    All weights, small and large rows. PyTorch's threads are as many as it has been given.
    """
    rng = np.random.default_rng(0)
    calls, pairs = [], []
    for rows, inner, columns in layer_sizes(shape):
        x = rng.standard_normal((rows * steps, inner), np.float32)
        weights = rng.standard_normal((inner, columns), np.float32)
        calls.append((_product(weights, options), x))
        pairs.append((x, weights, np.empty((rows * steps, columns), np.float32)))
    tensors = [tuple(map(torch.from_numpy, arrays)) for arrays in pairs]
    return {
        "onnxruntime": lambda: [session.run(None, {"x": x}) for session, x in calls],
        "numpy": lambda: [np.matmul(x, weights, out=out) for x, weights, out in pairs],
        "torch": lambda: [torch.mm(x, weights, out=out) for x, weights, out in tensors],
    }


def copying(size_bytes: int) -> Callable[[], object]:
    """Return a copy of so many bytes from one place in memory to another."""
    source = np.ones(size_bytes // 4, np.float32)
    target = np.empty_like(source)
    return lambda: np.copyto(target, source)


def transforms(spectrum: npt.NDArray[np.complex64]) -> dict[str, Callable[[], object]]:
    """Return the inverse real FFT of frames `[frames, bins]` by two libraries."""
    return {
        "scipy.fft": lambda: scipy.fft.irfft(spectrum, axis=-1),
        "scipy.fft, 2 workers": lambda: scipy.fft.irfft(spectrum, axis=-1, workers=2),
        "numpy.fft": lambda: np.fft.irfft(spectrum, axis=-1),
    }


def _product(
    weights: npt.NDArray[np.float32], options: SessionOptions
) -> onnxruntime.InferenceSession:
    """Return `x @ weights` in onnxruntime, which packs constant weights beforehand."""
    inner, columns = weights.shape
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], ["y"])],
        "product",
        [value("x", TensorProto.FLOAT, ["rows", inner])],
        [value("y", TensorProto.FLOAT, ["rows", columns])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return open_session_from_bytes(model.SerializeToString(), options)
