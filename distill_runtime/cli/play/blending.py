"""How the command line names the models to blend, and what it loads."""

from __future__ import annotations

from pathlib import Path

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.generation.blend import LATENT, Blend
from distill_runtime.latents.blend import check_weight

_DEFAULT_WEIGHT = 50.0


def load_blend(options: PlayOptions) -> Blend:
    """Load the artifact, and the others that it is to be blended with.

    Raises:
        RequestError: A weight is not one, or the models cannot be blended.
        ArtifactError: A file is not an artifact.
    """
    if not options.blend:
        return Blend.of(_load(options.artifact, options))
    others = [parse_blend(text) for text in options.blend]
    weights = [_DEFAULT_WEIGHT if options.weight is None else options.weight]
    weights += [weight for _, weight in others]
    paths = [options.artifact, *(path for path, _ in others)]
    return Blend([_load(path, options) for path in paths], weights, options.blend_mode or LATENT)


def parse_blend(text: str) -> tuple[Path, float]:
    r"""Read `FILE:WEIGHT`, split at the last colon.

    The weight cannot be left out, so that neither a drive letter (`C:\sea.onnx`) nor a mistyped
    number is ever taken for a part of the file's name.

    Raises:
        RequestError: It is not of this form, or the weight is not one.
    """
    file, _, number = text.rpartition(":")
    try:
        weight = float(number)
    except ValueError:
        weight = None
    if weight is None or not file.strip():
        raise RequestError(f"--blend is {brief(text)}, expected FILE:WEIGHT, as in other.onnx:40")
    return Path(file), check_weight(weight)


def _load(artifact: Path, options: PlayOptions) -> Artifact:
    return Artifact.load(artifact, options=options.session_options, trust=options.trust)
