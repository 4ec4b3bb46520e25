"""What is to be said of the ends of a sound: of clicks, and of loops in lossy files."""

from __future__ import annotations

from distill_runtime.generation.result import GenerationResult

_HEARD_DBFS = -26.0  # a jump of a twentieth of full scale
# Of containers whose encoders change what a loop depends on: OGG was measured to jump at the joint
# by up to 6 times what the sound does itself.
LOOP_DOUBTS = {
    "mp3": "an MP3 is padded at its ends, few players loop it without a gap: take WAV or FLAC",
    "ogg": "an OGG is not exact at its ends, and the loop may tick there: take WAV or FLAC",
}
_FADE_IN, _FADE_OUT = "--fade-in 0.005", "--fade-out 0.01"


def remedies_for(result: GenerationResult) -> list[str]:
    """Return the options that take the clicks away: none for a loop, which has no ends."""
    if result.config.loop:
        return []
    levels = result.levels
    ends = ((levels.start_dbfs, _FADE_IN), (levels.end_dbfs, _FADE_OUT))
    return [remedy for level, remedy in ends if level > _HEARD_DBFS]


def describe_ends(result: GenerationResult) -> str:
    """Return what is wrong with a sound's ends and what to do, in one line; "" if nothing is."""
    remedies = remedies_for(result)
    if not remedies:
        return ""
    starts, ends = _FADE_IN in remedies, _FADE_OUT in remedies
    what = " and ".join(["starts"] * starts + ["ends"] * ends)
    levels = [result.levels.start_dbfs] * starts + [result.levels.end_dbfs] * ends
    dbfs = " and ".join(f"{level:.0f}" for level in levels)
    return f"{what} in the middle of a wave ({dbfs} dBFS): {' '.join(remedies)}"
