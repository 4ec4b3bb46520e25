"""How the command line names the models to blend, and what it loads."""

from __future__ import annotations

import math
from pathlib import Path

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.search import find_artifact
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.shown import shown
from distill_runtime.generation.blend import LATENT, MAX_MODELS, Blend
from distill_runtime.latents.blend import check_weight, normalized_weights

_DIGITS = 9  # of a share in per cent, of what is left to the first


def load_blend(options: PlayOptions) -> Blend:
    """Load the artifact, and the others that it is to be blended with.

    Raises:
        RequestError: A share is not one, or the models cannot be blended.
        ArtifactError: A file is not an artifact.
    """
    if not options.blend:
        return Blend.of(_load(options.artifact, options))
    if (count := 1 + len(options.blend)) > MAX_MODELS:  # before the shares are added up
        raise RequestError(f"there are {count} models to blend, expected 1 to {MAX_MODELS}")
    others = [parse_blend(text) for text in options.blend]
    weights = weights_of([share for _, share in others], options.weight)
    paths = [options.artifact, *(find_artifact(path) for path, _ in others)]
    return Blend([_load(path, options) for path in paths], weights, options.blend_mode or LATENT)


def weights_of(shares: list[float], first: float | None) -> list[float]:
    """Return a weight for every model: the others' in per cent, what is left for the first.

    Args:
        shares: Of the others.
        first: A weight for the first, which makes all of them weights in a unit of their own.

    Raises:
        RequestError: The shares are more than the whole.
    """
    if first is not None:
        return [first, *shares]
    left = round(100.0 - math.fsum(shares), _DIGITS)
    if left < 0.0:
        raise RequestError(
            f"the --blend shares are {math.fsum(shares):g} % together, expected at most 100: the "
            "rest is the first artifact's; with --weight for that one they may be any numbers"
        )
    return [left, *shares]


def parse_blend(text: str) -> tuple[Path, float]:
    r"""Read `FILE:PERCENT`, split at the last colon.

    The share cannot be left out, so that neither a drive letter (`C:\sea.onnx`) nor a mistyped
    number is ever taken for a part of the file's name.

    Raises:
        RequestError: It is not of this form, or the share is not one.
    """
    file, _, number = text.rpartition(":")
    try:
        share = float(number.strip().removesuffix("%"))
    except ValueError:
        share = None
    if share is None or not file.strip():
        raise RequestError(f"--blend is {brief(text)}, expected FILE:PERCENT, as in other.onnx:40")
    return Path(file), check_weight(share)


def describe_shares(blend: Blend) -> str:
    """Return how much of each model is heard, in one line."""
    shares = normalized_weights(blend.weights)
    parts = [
        f"{100.0 * share:.3g} % {shown(artifact.path.name)}"
        for artifact, share in zip(blend.artifacts, shares, strict=True)
    ]
    return f"{blend.mode} blend of {', '.join(parts)}"


def _load(artifact: Path, options: PlayOptions) -> Artifact:
    return Artifact.load(artifact, options=options.session_options, trust=options.trust)
