"""Light augmentation of spectrograms: what another gain and another tone control would have made.

Both are exact in the spectrogram, and leave the instantaneous frequency as it is. Whatever moves
the frames or the bands would make a sound that was not recorded.
"""

from __future__ import annotations

import torch

_LOWEST_GAIN_DB = -9.0
_TILT_DB = 3.0  # at the lowest band and, the other way, at the highest


def augment(
    spectrograms: torch.Tensor, altered: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Change level and tone of some rows.

    Args:
        spectrograms: `[batch, 2, n_mels, frames]` on the CPU, not normalised.
        altered: bool `[batch]`: the rows to change.
        generator: Where the draws come from; as many are made whatever `altered` says.
    """
    batch, _, n_mels, _ = spectrograms.shape
    gain_db, tilt = torch.rand(2, batch, 1, 1, generator=generator)
    slope = torch.linspace(-1.0, 1.0, n_mels)[None, :, None]
    change_db = gain_db * _LOWEST_GAIN_DB + (2 * tilt - 1) * _TILT_DB * slope
    change_db = torch.where(altered[:, None, None], change_db, 0.0)
    power = torch.expm1(spectrograms[:, 0]) * 10 ** (change_db / 10)
    magnitude = torch.where(altered[:, None, None], torch.log1p(power), spectrograms[:, 0])
    return torch.stack([magnitude, spectrograms[:, 1]], dim=1)
