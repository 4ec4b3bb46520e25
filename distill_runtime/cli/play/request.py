"""What the options of `play` and a preset ask for: a request for each sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from distill_runtime.cli.play.options import PlayOptions, refuse
from distill_runtime.cli.play.preset_name import split_preset_name
from distill_runtime.contract import Slider
from distill_runtime.errors import RequestError
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.preset import Preset, Setting
from distill_runtime.latents.controls import parse_control, set_controls
from distill_runtime.latents.seeds import SEED_LIMIT
from distill_runtime.latents.sliders import parse_slider, slider_positions


def first_config(options: PlayOptions, blend: Blend) -> tuple[GenerationConfig, tuple[str, ...]]:
    """Return the request for the first sound, and warnings about its controls and sliders.

    Raises:
        RequestError: A value is out of bounds, or the preset belongs to other sliders.
    """
    preset = _preset(options)
    kept = {} if preset is None else dict(preset.settings)
    sliders = blend.sliders
    base = () if preset is None else preset.kept.on(blend.artifacts[0].metadata) or ()
    positions: tuple[float, ...] | None = None
    warnings: tuple[str, ...] = ()
    if options.sliders or base:
        setting = slider_positions(sliders, map(parse_slider, options.sliders), base=base)
        positions, warnings = setting.positions, setting.warnings
    moved = set_controls(
        blend.controls,
        map(parse_control, options.controls),
        base=None if preset is None else preset.controls,
    )
    first = GenerationConfig(
        duration_s=_number("duration_s", options.length_s, kept, 10.0),
        seed=options.seed if options.seed is not None or preset is None else preset.seed,
        mode=options.mode or str(kept.get("mode", "crossfade")),
        sliders=positions,
        controls=moved.steps,
        evolution=_number("evolution", options.evolution, kept, 0.5),
        nearness=blend.nearness(
            kept.get("nearness") if options.nearness is None else options.nearness
        ),
        stereo=options.stereo.settings(kept, _folder(options)),
        sample_rate_hz=options.sample_rate_hz,
        **_ends(options, kept),
    ).with_seed(room=options.count)
    _check_effect(options, first, blend)
    assert first.seed is not None, "the seed was not drawn"
    if first.seed + options.count > SEED_LIMIT:
        raise RequestError(
            f"{options.count} seeds from {first.seed} on go beyond {SEED_LIMIT - 1}: start lower"
        )
    first = first.with_random_sliders(sliders) if options.randomize else first
    return first, (*moved.warnings, *warnings)


def configs(
    options: PlayOptions, first: GenerationConfig, blend: Blend
) -> Iterator[GenerationConfig]:
    """Yield a request for each sound, from the first one on.

    Raises:
        RequestError: The model has no sliders to draw.
    """
    assert first.seed is not None, "the seed was not drawn"
    for seed in range(first.seed, first.seed + options.count):
        config = first.with_seed(seed)
        yield config.with_random_sliders(blend.sliders) if options.randomize else config


def describe_sliders(sliders: Sequence[Slider], positions: Sequence[float]) -> str:
    """Return the sliders that do not stand at 0, in one line."""
    moved = [
        f"{slider.label} at {position:+g}"  # many labels end in a sign
        for slider, position in zip(sliders, positions, strict=True)
        if position
    ]
    return ", ".join(moved) or "every slider at 0"


def _check_effect(options: PlayOptions, config: GenerationConfig, blend: Blend) -> None:
    """Refuse options that would do nothing to what was made of them and of the preset.

    Raises:
        RequestError: It names the option and says what to do.
    """
    walks = config.sliders is None and not options.randomize and blend.is_single
    stereo = config.stereo.mode
    refuse(
        (
            (
                options.mode is not None and not walks,
                "--mode is for walks without sliders, and without a blend: leave it out",
            ),
            (
                options.evolution is not None and walks,
                "--evolution is a drift from sliders: give --slider, --randomize or a "
                "--preset that has some",
            ),
            (
                options.stereo.width is not None and stereo != "mid-side",
                "--width needs --stereo mid-side",
            ),
            (
                options.stereo.depth is not None and stereo not in ("mid-side", "dual-seed"),
                "--depth needs --stereo mid-side or dual-seed",
            ),
        )
    )


def _preset(options: PlayOptions) -> Preset | None:
    if options.preset is None:
        return None
    path, name = split_preset_name(options.preset)
    return Preset.load(path, name=name)


def _folder(options: PlayOptions) -> Path:
    """Return the folder of the preset, where a SOFA file that it names may lie."""
    return Path() if options.preset is None else split_preset_name(options.preset)[0].parent


def _ends(options: PlayOptions, kept: dict[str, Setting]) -> dict[str, Any]:
    """Return fades and loop; one that is asked for goes before the other of the preset."""
    ends: dict[str, Any] = {
        "fade_in_s": _number("fade_in_s", options.fade_in_s, kept, 0.0),
        "fade_out_s": _number("fade_out_s", options.fade_out_s, kept, 0.0),
        "loop": bool(kept.get("loop", False)) if options.loop is None else options.loop,
    }
    if options.loop:
        return {"loop": True}
    if options.fade_in_s or options.fade_out_s:
        ends["loop"] = False
    return ends


def _number(name: str, given: float | None, kept: dict[str, Setting], default: float) -> float:
    """Return what the command line says, else the preset, else the default."""
    return given if given is not None else float(kept.get(name, default))
