"""What was heard of a live sound, as a result with its recipe."""

from __future__ import annotations

from bisect import bisect_left

from distill_runtime import __version__
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.session import onnxruntime_version
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.audio.spool import SoundSpool
from distill_runtime.audio_file.tags import MAX_TAG_BYTES
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, finite
from distill_runtime.files.paths import portable_name
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.live.journal import Journal
from distill_runtime.generation.live.output import MEMORY_SAMPLES, Output
from distill_runtime.generation.live.perform import perform
from distill_runtime.generation.live.performance import Performance
from distill_runtime.generation.live.timeline import Timeline
from distill_runtime.generation.recipe import Ingredient, Recipe
from distill_runtime.generation.result import GenerationResult

_BLOCK = 2**16
_ROOM = 4096  # in the tag, for what a recipe holds beside the moves


def recorded(
    timeline: Timeline, journal: Journal, stereo: StereoSettings, seconds: float | None
) -> GenerationResult:
    """Return the last seconds that were read, as far as they are kept.

    Args:
        timeline: What is played.
        journal: What was done.
        stereo: How it is heard.
        seconds: How much; None for all that is kept. What does not fit a file's tag with the
            moves that it took is left out at the beginning.

    Raises:
        RequestError: It is not a number above 0, or nothing was read yet.
    """
    if seconds is not None and not (finite(seconds) or 0.0) > 0.0:
        raise RequestError(f"seconds is {brief(seconds)}, expected a number above 0")
    with journal.lock:
        end = timeline.position
        begin = timeline.oldest
        if seconds is not None:
            begin = max(begin, end - round(seconds * timeline.artifact.sample_rate_hz))
        kept = [one for one in journal.performances(begin) if one.begin < end]

    def fits(performance: Performance) -> bool:
        text = _recipe(timeline, performance, stereo, end).to_json()
        return len(text) <= MAX_TAG_BYTES - _ROOM

    longest = bisect_left(kept, True, key=fits)  # later ones are shorter
    if longest == len(kept):
        raise RequestError("nothing was played yet that could be kept")
    performance = kept[longest]
    recipe = _recipe(timeline, performance, stereo, end)
    spool = SoundSpool(stereo.output_channels, end - performance.begin)
    output = Output(stereo, performance.gain)
    before = max(performance.begin - MEMORY_SAMPLES, timeline.first_position)
    output.push(timeline.heard(before, performance.begin - before))
    for start in range(performance.begin, end, _BLOCK):
        spool.write(output.push(timeline.heard(start, min(_BLOCK, end - start))))
    return GenerationResult(recipe, 1.0, spool.meter.levels(), spool)


def repeated(artifact: Artifact, recipe: Recipe) -> GenerationResult:
    """Play a recorded performance again.

    Raises:
        RequestError: It is not of this artifact.
        BackendError: onnxruntime failed.
    """
    config, performance = recipe.config, recipe.performance
    assert performance is not None, "the recipe is not of a performance"
    spool = SoundSpool(config.channels, config.samples)
    for block in perform(artifact, performance, config.stereo, config.samples):
        spool.write(block)
    return GenerationResult(recipe, 1.0, spool.meter.levels(), spool)


def _recipe(
    timeline: Timeline, performance: Performance, stereo: StereoSettings, end: int
) -> Recipe:
    artifact = timeline.artifact
    return Recipe(
        config=GenerationConfig(
            duration_s=(end - performance.begin) / artifact.sample_rate_hz,
            seed=performance.place.seed,
            stereo=stereo,
        ),
        ingredients=(
            Ingredient(
                name=portable_name(artifact.path),
                sha256=artifact.sha256,
                model_id=artifact.metadata.model.id,
                precision=artifact.metadata.precision,
                weight=1.0,
            ),
        ),
        blend_mode=None,
        runtime=__version__,
        onnxruntime=onnxruntime_version(),
        provider=artifact.provider,
        threads=artifact.options.resolved_threads,
        performance=performance,
    )
