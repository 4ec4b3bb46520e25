"""The decoder for inference: batch norms folded, each layer computed as suits its shape."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from distill_export.graph.transposed_conv import (
    ConvDoubling,
    GemmDoubling,
    SubPixelConv,
    interleave,
)
from distill_export.vae import Decoder

# Layers whose images are so small that their weights, not their pixels, are what is read.
_SMALL_LAYERS = 2


class FoldedDecoder(nn.Module):
    """Latent vectors to chunks of normalised mel frames.

    Computes what the model's decoder computes in eval mode, with fewer and faster operations.
    """

    def __init__(self, decoder: Decoder, *, chunk_frames: int) -> None:
        super().__init__()
        self.chunk_frames = chunk_frames
        channels, height, width = decoder.base_size
        self.base_size = (height, width, channels)
        self.linear = _channels_last(decoder.fc, decoder.base_size)
        *inner, last = _fold(decoder.deconvs)
        self.small = nn.Sequential(*(GemmDoubling(*layer) for layer in inner[:_SMALL_LAYERS]))
        self.large = nn.ModuleList(ConvDoubling(*layer) for layer in inner[_SMALL_LAYERS:])
        self.last = SubPixelConv(*last)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode `[rows, latent_dim]` to `[rows, 2, n_mels, chunk_frames]`."""
        x = self.linear(latents).unflatten(1, self.base_size)
        x = self.small(x).permute(0, 3, 1, 2)
        *large, largest = self.large
        for doubling in large:
            x = interleave(doubling(x))
        x = self.last(largest(x))[..., : self.chunk_frames]
        magnitude, frequency = x.split(1, dim=1)
        return torch.cat([_softplus(magnitude), torch.tanh(frequency)], dim=1)


def _softplus(x: torch.Tensor) -> torch.Tensor:
    """Return log(1 + exp(x)) from parts that onnxruntime vectorises, as it does not the whole."""
    return F.relu(x) + torch.log(1.0 + torch.exp(-x.abs()))


def _channels_last(linear: nn.Linear, size: tuple[int, int, int]) -> nn.Linear:
    """Return the layer with its outputs as `[height, width, channels]`, not `[channels, ..]`."""
    order = torch.arange(linear.out_features).view(size).permute(1, 2, 0).flatten()
    copy = nn.Linear(linear.in_features, linear.out_features)
    copy.weight.data = linear.weight.detach()[order]
    copy.bias.data = linear.bias.detach()[order]
    return copy


def _fold(layers: nn.Sequential) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return the convolutions' weights and biases, each following batch norm in them.

    y = (conv(x) - mean) / sqrt(var + eps) * gamma + beta, in float64.
    """
    folded: list[tuple[torch.Tensor, torch.Tensor]] = []
    for layer in layers:
        if isinstance(layer, nn.ConvTranspose2d):
            folded.append((layer.weight.detach(), layer.bias.detach()))
        elif isinstance(layer, nn.BatchNorm2d):
            weight, bias = folded.pop()
            scale = layer.weight.double() / (layer.running_var.double() + layer.eps).sqrt()
            weight = weight.double() * scale[:, None, None]
            bias = (bias.double() - layer.running_mean.double()) * scale + layer.bias.double()
            folded.append((weight.detach().float(), bias.detach().float()))
    return folded
