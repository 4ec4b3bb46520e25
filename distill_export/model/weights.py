"""What the weights of a model file must be before a model is made of them."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from distill_runtime.errors import IncompatibleModelError, ModelFileError

LAYERS = 5
SLOTS = 4  # a convolution, its norm, ReLU, dropout: layer i starts at index 4 * i
_ENCODER = "encoder."
_LAYER_TENSORS = ("weight", "bias")
_NORM_TENSORS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
_QUOTED = 60  # characters of a name from the file that a message repeats


def refuse_older(state: Mapping[str, torch.Tensor]) -> None:
    """Tell a model of four layers or of one channel from a damaged one of today's.

    Raises:
        IncompatibleModelError: It is such a model.
    """
    layers = {int(part) for name in state if (part := _layer_of(name)).isdecimal()}
    last = state.get(f"decoder.deconvs.{max(layers, default=0)}.weight")
    first = state.get("encoder.convs.0.weight")
    if (
        max(layers, default=0) == SLOTS * (LAYERS - 2)
        or (last is not None and last.ndim == 4 and last.shape[1] == 1)
        or (first is not None and first.ndim == 4 and first.shape[1] == 1)
    ):
        raise IncompatibleModelError


def _layer_of(name: str) -> str:
    prefix = "decoder.deconvs."
    return name.removeprefix(prefix).partition(".")[0] if name.startswith(prefix) else ""


def has_encoder(state: Mapping[str, torch.Tensor]) -> bool:
    """Whether all tensors of an encoder are there.

    A decoder alone is whole enough to play, and Distill itself saves a model that was never trained
    without its encoder's `fc_mu` and `fc_logvar`.
    """
    layers: dict[str, tuple[str, ...]] = {"fc_mu": _LAYER_TENSORS, "fc_logvar": _LAYER_TENSORS}
    layers |= {f"convs.{SLOTS * i}": _LAYER_TENSORS for i in range(LAYERS)}
    layers |= {f"convs.{SLOTS * i + 1}": _NORM_TENSORS for i in range(LAYERS)}
    return all(
        f"{_ENCODER}{layer}.{tensor}" in state
        for layer, names in layers.items()
        for tensor in names
    )


def without_encoder(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights but for those of an encoder."""
    return {name: tensor for name, tensor in state.items() if not name.startswith(_ENCODER)}


def sizes(state: Mapping[str, torch.Tensor], name: str, ndim: int) -> torch.Size:
    """Return the shape of a tensor that has so many dimensions.

    Raises:
        ModelFileError: It is missing, or of another kind or shape.
    """
    tensor = _tensor(state, name)
    if tensor.ndim != ndim or 0 in tensor.shape:
        raise ModelFileError(f"{name} has shape {list(tensor.shape)}, not {ndim} sizes above 0")
    return tensor.shape


def _tensor(state: Mapping[str, torch.Tensor], name: str) -> torch.Tensor:
    tensor = state.get(name)
    if tensor is None:
        raise ModelFileError(f"the tensor {name} is missing")
    if not isinstance(tensor, torch.Tensor):
        raise ModelFileError(f"{name} is a {type(tensor).__name__}, not a tensor")
    return tensor


def checked(
    state: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Compare with what the architecture needs and widen to its types.

    Args:
        state: The weights by name; on the meta device they have no values to check.
        expected: Tensors of the shapes and types that are needed.

    Raises:
        ModelFileError: A tensor is missing, misshapen, of a wrong type, surplus or not finite.
    """
    surplus = sorted(repr(name) for name in state.keys() - expected.keys())
    if surplus:
        raise ModelFileError(f"the tensor {surplus[0][:_QUOTED]} belongs to no layer of the model")
    widened = {}
    for name, wanted in expected.items():
        tensor = _tensor(state, name)
        if tensor.shape != wanted.shape:
            raise ModelFileError(
                f"{name} has shape {list(tensor.shape)}, expected {list(wanted.shape)}"
            )
        if tensor.is_floating_point() != wanted.is_floating_point() or tensor.is_complex():
            raise ModelFileError(f"{name} is {tensor.dtype}, expected {wanted.dtype}")
        widened[name] = tensor.detach().to(wanted.dtype).contiguous()
        if not tensor.is_meta:
            _check_values(name, widened[name])
    return widened


def _check_values(name: str, tensor: torch.Tensor) -> None:
    if not torch.isfinite(tensor).all():
        raise ModelFileError(f"{name} holds NaN or infinity")
    if name.endswith("running_var") and (tensor < 0).any():
        raise ModelFileError(f"{name} holds a negative variance")
