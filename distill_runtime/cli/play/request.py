"""What the options of `play` and a preset ask for: a request for each sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from distill_runtime.cli.play.options import PlayOptions, refuse
from distill_runtime.cli.play.preset_name import split_preset_name
from distill_runtime.contract import Slider
from distill_runtime.errors import RequestError
from distill_runtime.generation.asked_sound import AskedSound, KeptSound
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.preset import Preset
from distill_runtime.latents.controls import parse_control
from distill_runtime.latents.seeds import SEED_LIMIT
from distill_runtime.latents.sliders import parse_slider


def first_config(
    options: PlayOptions, blend: Blend, *, seed: int | None = None
) -> tuple[GenerationConfig, tuple[str, ...]]:
    """Return the request for the first sound, and warnings about its controls and sliders.

    Args:
        options: The command line.
        blend: What plays.
        seed: Its seed where neither an option nor a preset says one; None to have it drawn.

    Raises:
        RequestError: A value is out of bounds, or the preset belongs to other sliders.
    """
    preset = _preset(options)
    kept = KeptSound() if preset is None else KeptSound.of_preset(preset, blend)
    asked = AskedSound(
        settings={
            "duration_s": options.length_s,
            "mode": options.mode,
            "evolution": options.evolution,
            "nearness": options.nearness,
            "sample_rate_hz": options.sample_rate_hz,
            "fade_in_s": options.fade_in_s,
            "fade_out_s": options.fade_out_s,
            "loop": options.loop,
        },
        seed=options.seed,
        sliders=map(parse_slider, options.sliders),
        controls=map(parse_control, options.controls),
        stereo=options.stereo.settings(kept.settings, _folder(options)),
    )
    first, warnings = asked.on(blend, kept)
    if first.seed is None:
        first = first.with_seed(seed, room=options.count)
    _check_effect(options, first, blend)
    assert first.seed is not None, "the seed was not drawn"
    if first.seed + options.count > SEED_LIMIT:
        raise RequestError(
            f"{options.count} seeds from {first.seed} on go beyond {SEED_LIMIT - 1}: start lower"
        )
    first = first.with_random_sliders(blend.sliders) if options.randomize else first
    return first, warnings


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
