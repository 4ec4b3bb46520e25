"""Distill's variational autoencoder in plain PyTorch, its tensors named as in the model file."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from distill_runtime.errors import IncompatibleModelError, ModelFileError

LAYERS = 5  # each doubles the spectrogram's size, so a side is 32 times its base
SCALE = 2**LAYERS
CHANNELS = 2  # magnitude and instantaneous frequency
SLOTS = 4  # a convolution, its norm, ReLU, dropout: layer i starts at index 4 * i
CHUNK_FRAMES = 94
MIN_LATENT_DIM = 16
_QUOTED = 60  # characters of a name from the file that a message repeats


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
        _refuse_older(state)
        decoder = tuple(
            _sizes(state, f"decoder.deconvs.{SLOTS * i}.weight", 4)[0] for i in range(LAYERS)
        )
        encoder = None
        if any(name.startswith("encoder.") for name in state):
            encoder = tuple(
                _sizes(state, f"encoder.convs.{SLOTS * i}.weight", 4)[0] for i in range(LAYERS)
            )
        features, latent_dim = _sizes(state, "decoder.fc.weight", 2)
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
    """Encoder, if the model has one, and decoder of one chunk of a spectrogram."""

    def __init__(
        self, shape: VAEShape, chunk_frames: int = CHUNK_FRAMES, dropout: float = 0.0
    ) -> None:
        super().__init__()
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

        Weights on the meta device make a model there, and are not checked for what they hold.

        Raises:
            IncompatibleModelError: The weights are those of an older model.
            ModelFileError: A tensor is missing, misshapen, of a wrong type, surplus or not finite.
        """
        shape = VAEShape.from_state_dict(state, n_mels=n_mels, chunk_frames=chunk_frames)
        # On the meta device nothing is allocated or initialised: the weights become the model's.
        with torch.device("meta"):
            model = cls(shape, chunk_frames)
        model.load_state_dict(_checked(state, model.state_dict()), assign=True)
        return model.eval().requires_grad_(False)

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode one chunk per row.

        Args:
            x: `[batch, 2, n_mels, chunk_frames]` in normalised units.

        Returns:
            Mean and log variance, each `[batch, latent_dim]`.

        Raises:
            ModelFileError: The model came without an encoder.
        """
        if self.encoder is None:
            raise ModelFileError("the model has no encoder: it can only decode")
        # Zeros on the right fill the last stride, so that five halvings end at the base size.
        mu, logvar = self.encoder(F.pad(x, (0, self.shape.frames - x.shape[-1])))
        return mu, logvar

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Decode `[batch, latent_dim]` to `[batch, 2, n_mels, chunk_frames]`, normalised units."""
        return self.decoder(z)[..., : self.chunk_frames]


def _doubling(before: int, after: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(before, after, kernel_size=3, stride=2, padding=1, output_padding=1)


def _refuse_older(state: Mapping[str, torch.Tensor]) -> None:
    """Tell a model of four layers or of one channel from a damaged one of today's."""
    layers = {int(part) for name in state if (part := _layer_of(name)).isdecimal()}
    last = state.get(f"decoder.deconvs.{max(layers, default=0)}.weight")
    first = state.get("encoder.convs.0.weight")
    if (
        max(layers, default=SCALE) == SLOTS * (LAYERS - 2)
        or (last is not None and last.ndim == 4 and last.shape[1] == 1)
        or (first is not None and first.ndim == 4 and first.shape[1] == 1)
    ):
        raise IncompatibleModelError


def _layer_of(name: str) -> str:
    prefix = "decoder.deconvs."
    return name.removeprefix(prefix).partition(".")[0] if name.startswith(prefix) else ""


def _sizes(state: Mapping[str, torch.Tensor], name: str, ndim: int) -> torch.Size:
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


def _checked(
    state: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Compare with what the architecture needs and widen to its types."""
    surplus = sorted(repr(name) for name in state.keys() - expected.keys())
    if surplus:
        raise ModelFileError(f"the tensor {surplus[0][:_QUOTED]} belongs to no layer of the model")
    checked = {}
    for name, wanted in expected.items():
        tensor = _tensor(state, name)
        if tensor.shape != wanted.shape:
            raise ModelFileError(
                f"{name} has shape {list(tensor.shape)}, expected {list(wanted.shape)}"
            )
        if tensor.is_floating_point() != wanted.is_floating_point() or tensor.is_complex():
            raise ModelFileError(f"{name} is {tensor.dtype}, expected {wanted.dtype}")
        checked[name] = tensor.detach().to(wanted.dtype).contiguous()
        if not tensor.is_meta:
            _check_values(name, checked[name])
    return checked


def _check_values(name: str, tensor: torch.Tensor) -> None:
    if not torch.isfinite(tensor).all():
        raise ModelFileError(f"{name} holds NaN or infinity")
    if name.endswith("running_var") and (tensor < 0).any():
        raise ModelFileError(f"{name} holds a negative variance")
