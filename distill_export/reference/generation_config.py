"""What Distill's generation is asked for, in Distill's own words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy.typing as npt

from distill_export.reference.spatial import SpatialConfig, SpatialMode
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import number
from distill_runtime.latents.trajectory import check_evolution

_CONCAT_MODES = ("crossfade", "latent_interpolation")
_SAMPLE_RATES = (44_100, 48_000, 96_000)
_LEGACY_DEPTH = 0.3
_LEGACY_MODES = ("mono", "mid_side", "dual_seed")


@dataclass
class GenerationConfig:
    """One sound, described in Distill's fields; a sidecar's `generation` has just these.

    Not frozen, because code for Distill sets one seed after another in the same config.

    Attributes:
        duration_s: Length in seconds.
        max_duration_s: What `duration_s` may be at most.
        seed: 0..2^32-1; None: one is drawn.
        chunk_duration_s: Length of what the model decodes at once.
        concat_mode: "crossfade" or "latent_interpolation", which are the same.
        stereo_mode: "mono", "mid_side" or "dual_seed"; not looked at where `spatial` is given.
        stereo_width: Width of "mid_side", 0..1.5; its depth is 0.3, as is that of "dual_seed".
        spatial: Channels, width and depth.
        sample_rate: Of the result, 44,100, 48,000 or 96,000 Hz.
        evolution_amount: How far a sound drifts from `latent_vector`, 0..1.
        latent_vector: `[latent_dim]`, to start from; None: random anchors.
        export_format: Not looked at: files are written by the runtime.
        bit_depth: Not looked at, likewise.
        steps_between: Not looked at, in Distill neither.
        overlap_samples: Not looked at, in Distill neither.
    """

    duration_s: float = 1.0
    max_duration_s: float = 60.0
    seed: int | None = None
    chunk_duration_s: float = 1.0
    concat_mode: str = "crossfade"
    stereo_mode: str = "mono"
    stereo_width: float = 0.7
    spatial: SpatialConfig | None = None
    export_format: str = "wav"
    sample_rate: int = 48_000
    bit_depth: str = "24-bit"
    steps_between: int = 10
    overlap_samples: int = 2400
    evolution_amount: float = 0.5
    latent_vector: npt.ArrayLike | None = None

    def validate(self) -> None:
        """Refuse what is out of bounds.

        Raises:
            RequestError: A value is; the message says which.
        """
        for name, most in (
            ("duration_s", self.max_duration_s),
            ("chunk_duration_s", math.inf),
        ):
            length = number(getattr(self, name))
            if length is None or not 0 < length <= most:
                raise RequestError(
                    f"{name} is {getattr(self, name)!r}, expected above 0 and at most {most:g}"
                )
        check_evolution(self.evolution_amount)
        for name, expected in (
            ("concat_mode", _CONCAT_MODES),
            ("stereo_mode", _LEGACY_MODES),
            ("sample_rate", _SAMPLE_RATES),
        ):
            if getattr(self, name) not in expected:
                raise RequestError(
                    f"{name} is {getattr(self, name)!r}, expected one of "
                    f"{', '.join(map(str, expected))}"
                )
        self.get_spatial_config().validate()

    def get_spatial_config(self) -> SpatialConfig:
        """Return `spatial`, or what `stereo_mode` stands for."""
        if self.spatial is not None:
            return self.spatial
        if self.stereo_mode == "mono":
            return SpatialConfig()
        return SpatialConfig(SpatialMode.STEREO, self.stereo_width, _LEGACY_DEPTH)

    @property
    def is_dual_seed(self) -> bool:
        """Whether the right channel is a sound of its own, of the next seed."""
        return self.spatial is None and self.stereo_mode == "dual_seed"
