"""From what is asked of a sound, and what was kept before, to a request: asked goes before kept.

The command line, a row of a table and the body of an HTTP request say the same things in their own
ways; what becomes of them is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.preset import Preset
from distill_runtime.generation.sofa_search import with_sofa
from distill_runtime.generation.stereo_document import stereo_from_settings
from distill_runtime.latents.controls import set_controls
from distill_runtime.latents.sliders import resolve_positions, slider_positions

FADES = ("fade_in_s", "fade_out_s")
_PLAIN = ("duration_s", "mode", "evolution", "sample_rate_hz")


@dataclass(frozen=True)
class KeptSound:
    """What a sound is where nothing else is asked for.

    Attributes:
        settings: Name, as in `GenerationConfig`, -> value; what is missing stays as it is there.
        seed: None to have one drawn.
        positions: Of a blend's sliders, from the first on.
        controls: Name -> steps.
        stereo: How it is spread.
        latent_vector: Where it starts, instead of sliders.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    positions: tuple[float, ...] = ()
    controls: Mapping[str, float] = field(default_factory=dict)
    stereo: StereoSettings = field(default_factory=StereoSettings)
    latent_vector: tuple[float, ...] | None = None

    @classmethod
    def of_preset(cls, preset: Preset, blend: Blend, *, folder: Path | None = None) -> KeptSound:
        """Return what a preset keeps.

        Args:
            preset: The preset.
            blend: What plays it.
            folder: Where the SOFA file that it names is looked for; None leaves it unread.

        Raises:
            RequestError: It belongs to other sliders, or its SOFA file is not there.
            DependencyError: The package that reads its SOFA file is missing.
        """
        stereo = stereo_from_settings(preset.settings)
        return cls(
            settings=preset.settings,
            seed=preset.seed,
            positions=preset.kept.on(blend.artifacts[0].metadata) or (),
            controls=preset.controls,
            stereo=stereo if folder is None else with_sofa(stereo, folder),
        )

    @classmethod
    def of_config(cls, config: GenerationConfig, blend: Blend) -> KeptSound:
        """Return what a request asks for.

        Raises:
            RequestError: Its sliders do not fit the blend's.
        """
        positions: tuple[float, ...] = ()
        if config.sliders is not None:
            positions = resolve_positions(blend.sliders, config.sliders).positions
        names = (*_PLAIN, *FADES, "loop", "nearness")
        values = {name: getattr(config, name) for name in names}
        return cls(
            settings={name: value for name, value in values.items() if value is not None},
            seed=config.seed,
            positions=positions,
            controls=config.controls or {},
            stereo=config.stereo,
            latent_vector=config.latent_vector,
        )


@dataclass(frozen=True)
class AskedSound:
    """What is asked of one sound; None, or nothing, where what was kept decides.

    Attributes:
        settings: Name, as in `GenerationConfig`, -> value, of duration, mode, evolution, nearness,
            sampling rate, fades and loop. `GenerationConfig` judges them.
        seed: Its seed.
        sliders: Slider (see `resolve_slider`), position.
        controls: Control's name, steps.
        stereo: How it is spread.
        latent_vector: Where it starts.
    """

    settings: Mapping[str, Any]
    seed: Any = None
    sliders: Iterable[tuple[str | int, float]] = ()
    controls: Iterable[tuple[str, float]] = ()
    stereo: StereoSettings | None = None
    latent_vector: Any = None

    def on(self, blend: Blend, kept: KeptSound) -> tuple[GenerationConfig, tuple[str, ...]]:
        """Return the request, and warnings about its controls and sliders.

        Raises:
            RequestError: A value is out of bounds, or does not fit what plays.
        """
        settings = {
            **{name: kept.settings[name] for name in _PLAIN if name in kept.settings},
            **{name: self.settings[name] for name in _PLAIN if self._asks(name)},
            **self._ends(kept.settings),
        }
        nearness = self.settings.get("nearness")
        nearness = kept.settings.get("nearness") if nearness is None else nearness
        positions, warnings = self._positions(blend, kept)
        moved = set_controls(blend.controls, self.controls, base=kept.controls)
        starts = positions is not None
        config = GenerationConfig(
            **settings,
            seed=kept.seed if self.seed is None else self.seed,
            sliders=positions,
            latent_vector=self.latent_vector if starts else self._vector(kept),
            controls=moved.steps,
            nearness=blend.nearness(nearness),
            stereo=kept.stereo if self.stereo is None else self.stereo,
        )
        return config, (*moved.warnings, *warnings)

    def _asks(self, name: str) -> bool:
        return self.settings.get(name) is not None

    def _positions(
        self, blend: Blend, kept: KeptSound
    ) -> tuple[tuple[float, ...] | None, tuple[str, ...]]:
        """Return the position of every slider, None where none is set, and warnings."""
        sliders = tuple(self.sliders)
        base = () if self.latent_vector is not None else kept.positions
        if not sliders and not base:
            return None, ()
        setting = slider_positions(blend.sliders, sliders, base=base)
        return setting.positions, setting.warnings

    def _vector(self, kept: KeptSound) -> Any:
        return kept.latent_vector if self.latent_vector is None else self.latent_vector

    def _ends(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Return fades and loop; one that is asked for goes before the other that was kept."""
        asked = {name: self.settings[name] for name in (*FADES, "loop") if self._asks(name)}
        if asked.get("loop") is True:  # beside fades that are asked for, too, it is refused
            return asked
        ends = {name: kept[name] for name in (*FADES, "loop") if name in kept}
        if any(asked.get(name) for name in FADES):
            ends["loop"] = False
        return {**ends, **asked}
