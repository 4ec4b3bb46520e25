"""Integer arithmetic for torch modules, each operation exactly what ONNX's is, and exported as it.

A module that uses them runs in torch, exactly, though slowly: it is the oracle of its own export.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from onnxscript import opset18 as onnx_op
from torch.nn import functional as F

UINT8_MAX = 255


@torch.library.custom_op("distill::to_bytes", mutates_args=())
def to_bytes(x: torch.Tensor, one: torch.Tensor, zero: torch.Tensor) -> torch.Tensor:
    """Return float32 `x` rounded half to even and saturated, uint8.

    Args:
        x: Of any shape.
        one: float32 `[]`, the unit: 1.
        zero: uint8 `[]`, the zero point: 0.
    """
    return x.round().clamp(0, UINT8_MAX).to(torch.uint8)


@torch.library.custom_op("distill::integer_matmul", mutates_args=())
def integer_matmul(a: torch.Tensor, b: torch.Tensor, a_zero_point: torch.Tensor) -> torch.Tensor:
    """Return `(a - a_zero_point) @ b` in int32, for uint8 `[..., n]` and int8 `[n, m]`."""
    # In float64, which holds every sum, since torch has no integer product worth its name.
    return ((a.double() - a_zero_point.double()) @ b.double()).to(torch.int32)


@torch.library.custom_op("distill::byte_conv", mutates_args=())
def byte_conv(
    x: torch.Tensor,
    weight: torch.Tensor,
    weight_scale: torch.Tensor,
    weight_zero: torch.Tensor,
    bias: torch.Tensor,
    one: torch.Tensor,
    zero: torch.Tensor,
) -> torch.Tensor:
    """Convolve bytes to bytes, with zeros below and to the right, so that the size stays.

    What is negative becomes 0, as a ReLU would have it.

    Args:
        x: uint8 `[rows, before, height, width]`.
        weight: int8 `[after, before, kernel height, kernel width]`.
        weight_scale: float32 `[after]`, what a unit of the sums is worth in the result.
        weight_zero: int8 `[after]`, the zero points: zeros.
        bias: int32 `[after]`, in units of the sums.
        one: float32 `[]`, the unit of `x` and of the result: 1.
        zero: uint8 `[]`, the zero point of both: 0.

    Returns:
        uint8 `[rows, after, height, width]`, rounded half to even and saturated.
    """
    height, width = weight.shape[2:]
    padded = F.pad(x.double(), (0, width - 1, 0, height - 1))
    sums = F.conv2d(padded, weight.double(), bias.double())
    result = sums.float() * weight_scale[:, None, None]
    return result.round().clamp(0, UINT8_MAX).to(torch.uint8)


@to_bytes.register_fake
def _(x: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x, dtype=torch.uint8)


@integer_matmul.register_fake
def _(a: torch.Tensor, b: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    return a.new_empty((*a.shape[:-1], b.shape[1]), dtype=torch.int32)


@byte_conv.register_fake
def _(x: torch.Tensor, weight: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
    return x.new_empty((x.shape[0], weight.shape[0], *x.shape[2:]))


def _onnx_to_bytes(x: Any, one: Any, zero: Any) -> Any:
    return onnx_op.QuantizeLinear(x, one, zero)


def _onnx_integer_matmul(a: Any, b: Any, a_zero_point: Any) -> Any:
    return onnx_op.MatMulInteger(a, b, a_zero_point)


def _onnx_byte_conv(
    x: Any, weight: Any, weight_scale: Any, weight_zero: Any, bias: Any, one: Any, zero: Any
) -> Any:
    height, width = weight.shape[2:]
    units = (x, one, zero, weight, weight_scale, weight_zero, one, zero, bias)
    return onnx_op.QLinearConv(*units, pads=[0, 0, height - 1, width - 1])


TRANSLATIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.distill.to_bytes.default: _onnx_to_bytes,
    torch.ops.distill.integer_matmul.default: _onnx_integer_matmul,
    torch.ops.distill.byte_conv.default: _onnx_byte_conv,
}
