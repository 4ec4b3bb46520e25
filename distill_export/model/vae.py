"""Distill's variational autoencoder in plain PyTorch, its tensors named as in the model file."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from distill_export.model.weights import (
    LAYERS,
    SLOTS,
    checked,
    has_encoder,
    refuse_older,
    sizes,
    without_encoder,
)
from distill_runtime.contract import CHUNK_FRAMES, MIN_LATENT_DIM
from distill_runtime.errors import ModelFileError

SCALE = 1 << LAYERS  # each layer doubles the spectrogram's size, so a side is 32 times its base
CHANNELS = 2  # magnitude and instantaneous frequency


@dataclass(frozen=True)
class VAEShape:
    """The sizes that tell one model's architecture from another's.

    Attributes:
        latent_dim: Values of a latent vector.
        decoder_channels: Channels that go into each of the five transposed convolutions.
        encoder_channels: Channels that come out of each convolution; None without an encoder.
        base_height: Mel bands of the smallest feature map, n_mels / 32.
        base_width: Frames of the smallest feature map, the decoder's frames / 32.
    """

    latent_dim: int
    decoder_channels: tuple[int, ...] = (1024, 512, 256, 128, 64)
    encoder_channels: tuple[int, ...] | None = (64, 128, 256, 512, 1024)
    base_height: int = 4
    base_width: int = 3

    @property
    def n_mels(self) -> int:
        """Mel bands of the spectrogram."""
        return self.base_height * SCALE

    @property
    def frames(self) -> int:
        """Frames that the decoder computes, before it is cropped to a chunk."""
        return self.base_width * SCALE

    @property
    def base_area(self) -> int:
        """Positions of the smallest feature map."""
        return self.base_height * self.base_width

    @classmethod
    def from_state_dict(
        cls,
        state: Mapping[str, torch.Tensor],
        *,
        n_mels: int = 128,
        chunk_frames: int = CHUNK_FRAMES,
    ) -> VAEShape:
        """Read the architecture from the shapes of the weights.

        The weights hold the area of the smallest feature map, not its sides: `n_mels` gives the
        height, the rest is the width.

        Raises:
            IncompatibleModelError: The weights are those of an older model (four layers, or one
                channel).
            ModelFileError: A tensor is missing or misshapen, or the sizes cannot be used.
        """
        refuse_older(state)
        decoder = tuple(
            sizes(state, f"decoder.deconvs.{SLOTS * i}.weight", 4)[0] for i in range(LAYERS)
        )
        encoder = None
        if has_encoder(state):
            encoder = tuple(
                sizes(state, f"encoder.convs.{SLOTS * i}.weight", 4)[0] for i in range(LAYERS)
            )
        features, latent_dim = sizes(state, "decoder.fc.weight", 2)
        if latent_dim < MIN_LATENT_DIM:
            raise ModelFileError(
                f"latent_dim is {latent_dim}, but seeds can be reproduced from {MIN_LATENT_DIM} on"
            )
        height = n_mels // SCALE
        width, rest = divmod(features, decoder[0] * height)
        if rest or width * SCALE < chunk_frames:
            raise ModelFileError(
                f"decoder.fc.weight has {features} rows, which is no feature map of {decoder[0]} "
                f"channels, {height} bands and at least {math.ceil(chunk_frames / SCALE)} frames"
            )
        return cls(latent_dim, decoder, encoder, height, width)


class Encoder(nn.Module):
    """Spectrogram to the mean and the log variance of its latent distribution."""

    def __init__(self, shape: VAEShape, dropout: float = 0.0) -> None:
        super().__init__()
        if shape.encoder_channels is None:
            raise ValueError("this shape has no encoder")
        layers: list[nn.Module] = []
        before = CHANNELS
        for channels in shape.encoder_channels:
            layers += [
                nn.Conv2d(before, channels, kernel_size=3, stride=2, padding=1),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
                nn.Dropout(dropout),
            ]
            before = channels
        self.convs = nn.Sequential(*layers)
        self.fc_mu = nn.Linear(before * shape.base_area, shape.latent_dim)
        self.fc_logvar = nn.Linear(before * shape.base_area, shape.latent_dim)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode `[batch, 2, n_mels, 32 * base_width]` to two `[batch, latent_dim]`."""
        features = self.convs(x).flatten(start_dim=1)
        return self.fc_mu(features), self.fc_logvar(features)


class Decoder(nn.Module):
    """Latent vector to spectrogram in normalised units, not yet cropped to a chunk."""

    def __init__(self, shape: VAEShape, dropout: float = 0.0) -> None:
        super().__init__()
        self.base_size = (shape.decoder_channels[0], shape.base_height, shape.base_width)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(shape.decoder_channels):
            layers += [
                _doubling(before, after),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                nn.Dropout(dropout),
            ]
        layers.append(_doubling(shape.decoder_channels[-1], CHANNELS))
        self.deconvs = nn.Sequential(*layers)
        self.fc = nn.Linear(shape.latent_dim, math.prod(self.base_size))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Decode `[batch, latent_dim]` to `[batch, 2, n_mels, 32 * base_width]`."""
        features = self.deconvs(self.fc(z).unflatten(1, self.base_size))
        magnitude, frequency = features.split(1, dim=1)
        return torch.cat([F.softplus(magnitude), torch.tanh(frequency)], dim=1)


class ConvVAE(nn.Module):
    """Encoder, if the model has one, and decoder of one chunk of a spectrogram.

    Args:
        latent_dim: Values of a latent vector.
        dropout: Share of the values that training leaves out.
        decoder_channels: See `VAEShape`; by default all sizes are Distill's.
        encoder_channels: See `VAEShape`.
        base_height: See `VAEShape`.
        base_width: See `VAEShape`.
        chunk_frames: Frames of a chunk, to which the decoder's are cropped.
    """

    def __init__(
        self,
        latent_dim: int = 128,
        dropout: float = 0.2,
        *,
        decoder_channels: tuple[int, ...] = VAEShape.decoder_channels,
        encoder_channels: tuple[int, ...] | None = VAEShape.encoder_channels,
        base_height: int = VAEShape.base_height,
        base_width: int = VAEShape.base_width,
        chunk_frames: int = CHUNK_FRAMES,
    ) -> None:
        super().__init__()
        shape = VAEShape(latent_dim, decoder_channels, encoder_channels, base_height, base_width)
        self.shape = shape
        self.chunk_frames = chunk_frames
        self.encoder = None if shape.encoder_channels is None else Encoder(shape, dropout)
        self.decoder = Decoder(shape, dropout)

    @classmethod
    def from_state_dict(
        cls,
        state: Mapping[str, torch.Tensor],
        *,
        n_mels: int = 128,
        chunk_frames: int = CHUNK_FRAMES,
    ) -> ConvVAE:
        """Build the model that the weights belong to, in float32 and ready for inference.

        Of an encoder that is not all there, what there is is left out.
        Weights on the meta device make a model there, and are not checked for what they hold.

        Raises:
            IncompatibleModelError: The weights are those of an older model.
            ModelFileError: A tensor is missing, misshapen, of a wrong type, surplus or not finite.
        """
        shape = VAEShape.from_state_dict(state, n_mels=n_mels, chunk_frames=chunk_frames)
        if shape.encoder_channels is None:
            state = without_encoder(state)
        # On the meta device nothing is allocated or initialised: the weights become the model's.
        with torch.device("meta"):
            model = cls(**vars(shape), chunk_frames=chunk_frames)
        model.load_state_dict(checked(state, model.state_dict()), assign=True)
        return model.eval().requires_grad_(False)

    @property
    def latent_dim(self) -> int:
        """Values of a latent vector."""
        return self.shape.latent_dim

    def check_encoder(self) -> None:
        """See that recordings can be encoded.

        Raises:
            ModelFileError: The model came without an encoder, or without a part of it.
        """
        if self.encoder is None:
            raise ModelFileError("the model has no encoder, or not all of one: it can only decode")

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode one chunk per row.

        Args:
            x: `[batch, 2, n_mels, chunk_frames]` in normalised units.

        Returns:
            Mean and log variance, each `[batch, latent_dim]`.

        Raises:
            ModelFileError: The model came without an encoder, or without a part of it.
        """
        self.check_encoder()
        assert self.encoder is not None
        # Zeros on the right fill the last stride, so that five halvings end at the base size.
        mu, logvar = self.encoder(F.pad(x, (0, self.shape.frames - x.shape[-1])))
        return mu, logvar

    def decode(self, z: torch.Tensor, target_shape: tuple[int, int] | None = None) -> torch.Tensor:
        """Decode one chunk per row.

        Args:
            z: `[batch, latent_dim]`.
            target_shape: Mel bands and frames to crop to; by default those of a chunk.

        Returns:
            `[batch, 2, n_mels, chunk_frames]` in normalised units.
        """
        n_mels, frames = target_shape or (self.shape.n_mels, self.chunk_frames)
        chunk: torch.Tensor = self.decoder(z)
        return chunk[..., :n_mels, :frames]


def _doubling(before: int, after: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(before, after, kernel_size=3, stride=2, padding=1, output_padding=1)
