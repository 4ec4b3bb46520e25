"""The decoder for inference: batch norms folded into the transposed convolutions."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from distill_export.vae import Decoder


class FoldedDecoder(nn.Module):
    """Latent vectors to chunks of normalised mel frames.

    Computes what the model's decoder computes in eval mode, with fewer operations.
    """

    def __init__(self, decoder: Decoder, *, chunk_frames: int) -> None:
        super().__init__()
        self.chunk_frames = chunk_frames
        self.base_size = decoder.base_size
        self.linear = decoder.fc
        self.deconvs = nn.ModuleList(_fold(decoder.deconvs))

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode `[rows, latent_dim]` to `[rows, 2, n_mels, chunk_frames]`."""
        x = self.linear(latents).unflatten(1, self.base_size)
        *inner, last = self.deconvs
        for deconv in inner:
            x = F.relu(deconv(x))
        x = last(x)[..., : self.chunk_frames]
        return torch.cat([F.softplus(x[:, :1]), torch.tanh(x[:, 1:])], dim=1)


def _fold(layers: nn.Sequential) -> list[nn.ConvTranspose2d]:
    """Return the convolutions with each following batch norm in their weights.

    y = (conv(x) - mean) / sqrt(var + eps) * gamma + beta, in float64.
    """
    folded: list[nn.ConvTranspose2d] = []
    for layer in layers:
        if isinstance(layer, nn.ConvTranspose2d):
            copy = nn.ConvTranspose2d(
                layer.in_channels,
                layer.out_channels,
                kernel_size=3,
                stride=2,
                padding=1,
                output_padding=1,
            )
            copy.load_state_dict(layer.state_dict())
            folded.append(copy)
        elif isinstance(layer, nn.BatchNorm2d):
            deconv = folded[-1]
            scale = layer.weight.double() / (layer.running_var.double() + layer.eps).sqrt()
            bias = (deconv.bias.double() - layer.running_mean.double()) * scale
            deconv.weight.data = (deconv.weight.double() * scale[None, :, None, None]).float()
            deconv.bias.data = (bias + layer.bias.double()).float()
    return folded
