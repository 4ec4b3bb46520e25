"""The decoder for inference: batch norms folded, each layer computed as suits its shape."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from distill_export.graph.decoder.base import ChunkDecoder
from distill_export.graph.decoder.upsample import (
    PointwiseUpsample,
    PolyphaseUpsample,
    interleave,
)
from distill_export.model.vae import Decoder

_MANY_WEIGHTS = 2**14

Layer = tuple[torch.Tensor, torch.Tensor]  # weight and bias, float64
Size = tuple[int, int, int]  # channels, height, width


class FoldedDecoder(ChunkDecoder):
    """The decoder in float32.

    Computes what the model's decoder computes in eval mode, with fewer and faster operations.
    Nothing but a batch norm stands between its linear layer and the first ReLU, one upsampling
    further on: the two layers are one matrix, and a quarter of the arithmetic is gone. With latent
    vectors of many hundred numbers that matrix would be larger than both; there they stay two.
    """

    precision = "float32"
    is_exact = True

    def __init__(self, decoder: Decoder, *, chunk_frames: int) -> None:
        super().__init__(latent_dim=decoder.fc.in_features, chunk_frames=chunk_frames)
        linear = decoder.fc.weight.detach().double(), decoder.fc.bias.detach().double()
        self.base_size = decoder.base_size
        first, *inner, last = _fold(decoder.deconvs)
        composed, size = _compose(linear, self.base_size, first)
        self.starts_composed = composed[0].numel() <= linear[0].numel() + first[0].numel()
        if self.starts_composed:
            linear, self.base_size = composed, size
        else:
            inner = [first, *inner]
        self.linear = _linear(*_rounded(linear))
        self.inner = nn.ModuleList(PolyphaseUpsample(*_rounded(layer)) for layer in inner)
        self.last = PointwiseUpsample(*_rounded(last))

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode `[rows, latent_dim]` to `[rows, 2, n_mels, chunk_frames]`."""
        # To float32, whatever they are stored in: a host does that once, when it loads the file.
        weight = self.linear.weight.float()
        x = F.linear(latents, weight, self.linear.bias).unflatten(1, self.base_size)
        if self.starts_composed:
            x = F.relu(x)
        *inner, largest = self.inner
        for upsample in inner:
            x = interleave(upsample(x))
        return spectrogram(self.last(largest(x))[..., : self.chunk_frames])


class Float16Decoder(FoldedDecoder):
    """The decoder with weights kept in float16; biases and small kernels stay float32."""

    precision = "float16"
    is_exact = False

    def __init__(self, decoder: Decoder, *, chunk_frames: int) -> None:
        super().__init__(decoder, chunk_frames=chunk_frames)
        for weight in self.parameters():
            if weight.dim() > 1 and weight.numel() >= _MANY_WEIGHTS:
                weight.data = weight.data.half()


def spectrogram(x: torch.Tensor) -> torch.Tensor:
    """Bring the last layer's output `[rows, 2, n_mels, frames]` into the range of mel frames."""
    magnitude, frequency = x.split(1, dim=1)
    return torch.cat([_softplus(magnitude), torch.tanh(frequency)], dim=1)


def _softplus(x: torch.Tensor) -> torch.Tensor:
    """Return log(1 + exp(x)) from parts that onnxruntime vectorises, as it does not the whole."""
    return F.relu(x) + torch.log(1.0 + torch.exp(-x.abs()))


def _compose(linear: Layer, size: Size, upsample: Layer) -> tuple[Layer, Size]:
    """Return a linear layer that does what one and the upsampling after it do, and its size."""

    def upsampled(images: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        images = F.conv_transpose2d(
            images.unflatten(1, size), upsample[0], bias, stride=2, padding=1, output_padding=1
        )
        return images.flatten(1)

    weight, bias = upsampled(linear[0].T, None).T, upsampled(linear[1][None], upsample[1])[0]
    return (weight, bias), (upsample[0].shape[1], 2 * size[1], 2 * size[2])


def _linear(weight: torch.Tensor, bias: torch.Tensor) -> nn.Linear:
    module = nn.Linear(weight.shape[1], weight.shape[0])
    module.weight.data, module.bias.data = weight.contiguous(), bias
    return module


def _rounded(layer: Layer) -> Layer:
    weight, bias = layer
    return weight.float(), bias.float()


def _fold(layers: nn.Sequential) -> list[Layer]:
    """Return the convolutions' weights and biases, each following batch norm in them.

    y = (conv(x) - mean) / sqrt(var + eps) * gamma + beta, in float64.
    """
    folded: list[Layer] = []
    for layer in layers:
        if isinstance(layer, nn.ConvTranspose2d):
            assert layer.bias is not None, "a ConvVAE's convolutions have biases"
            folded.append((layer.weight.detach().double(), layer.bias.detach().double()))
        elif isinstance(layer, nn.BatchNorm2d):
            assert layer.running_var is not None, "a ConvVAE's batch norms keep statistics"
            assert layer.running_mean is not None
            weight, bias = folded.pop()
            scale = layer.weight.double() / (layer.running_var.double() + layer.eps).sqrt()
            bias = (bias - layer.running_mean.double()) * scale + layer.bias.double()
            folded.append(((weight * scale[:, None, None]).detach(), bias.detach()))
    return folded
