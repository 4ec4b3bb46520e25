"""What a model's decoder is asked for, and the units of bytes that lose least of its answers."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from distill_export.graph.decoder.folded import FoldedDecoder
from distill_export.graph.decoder.integer_ops import UINT8_MAX
from distill_export.model.file import LoadedModel
from distill_export.model.slider_bank import slider_bank
from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.latents.sliders import latent_vector

# Of how much a channel's own range counts: half of it suits its values and the weights after it.
_EQUALIZATION = 0.5
_LEAST_RANGE = 1e-6
_SCALE_CANDIDATES = 48
_CALIBRATION_VALUES = 2**19


def typical_latents(loaded: LoadedModel, *, seed: int, seeds: int) -> Float32Array:
    """Return vectors `[rows, latent_dim]`: of successive seeds, and of sliders at their ends."""
    latent_dim = loaded.model.latent_dim
    rows = [standard_normal_latents(seed + k, 1, latent_dim)[0] for k in range(seeds)]
    if bank := slider_bank(loaded.analysis):
        for index, slider in enumerate(bank.sliders):
            for end in (slider.min_step, slider.max_step):
                positions = [0] * len(bank.sliders)
                positions[index] = end
                rows.append(latent_vector(bank, positions))
    return np.stack(rows).astype(np.float32)


def calibrate(decoder: FoldedDecoder, latents: torch.Tensor) -> list[torch.Tensor]:
    """Return the units of each layer that is to take bytes, one for each channel `[channels]`.

    Args:
        decoder: In float32.
        latents: `[rows, latent_dim]`, what it will be asked for.
    """
    return [_units(values) for values in _activations(decoder, latents)]


def _activations(decoder: FoldedDecoder, latents: torch.Tensor) -> list[torch.Tensor]:
    """Return what reaches each layer that is to take bytes, `[channels, values]`."""
    found: list[torch.Tensor] = []

    def keep(layer: nn.Module, inputs: tuple[torch.Tensor | list[torch.Tensor]]) -> None:
        (x,) = inputs
        phases = [x] if isinstance(x, torch.Tensor) else x
        found.append(torch.cat([phase.transpose(0, 1).flatten(1) for phase in phases], dim=1))

    layers = [*decoder.inner[0 if decoder.starts_composed else 1 :], decoder.last]
    hooks = [layer.register_forward_pre_hook(keep) for layer in layers]
    with torch.inference_mode():
        decoder(latents)
    for hook in hooks:
        hook.remove()
    return found


def _units(values: torch.Tensor) -> torch.Tensor:
    """Return a unit for each channel `[channels]` of non-negative values `[channels, values]`.

    Between them the channels' ranges decide, and for all of them the scale that loses least, by
    squares: to cut off the few largest values lets all others be finer.
    """
    ranges = values.amax(dim=1)
    largest = float(ranges.max())
    if largest <= 0.0:
        return torch.ones_like(ranges)  # a layer that says nothing
    relative = (ranges / largest).clamp(min=_LEAST_RANGE) ** _EQUALIZATION
    equalized = (values / relative[:, None]).flatten()
    random = torch.Generator().manual_seed(0)  # regular steps would keep to a few columns
    sample = equalized[torch.randint(len(equalized), (_CALIBRATION_VALUES,), generator=random)]
    whole = float(sample.max()) / UINT8_MAX
    candidates = [
        whole * part / _SCALE_CANDIDATES
        for part in range(_SCALE_CANDIDATES // 8, _SCALE_CANDIDATES + 1)
    ]

    def loss(scale: float) -> float:
        found = (sample / scale).round().clamp(max=UINT8_MAX) * scale
        return float((found - sample).square().mean())

    return relative * min(candidates, key=loss)
