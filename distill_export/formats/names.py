"""Which variants of a model there are, and how their files are named."""

from __future__ import annotations

from pathlib import Path

from distill_export.formats.build import PROGRAMS
from distill_export.model.naming import stem_of
from distill_runtime.contract import ARTIFACT_ENDINGS, HTML, NN_TILDE, ONNX, PRECISIONS, TRITON
from distill_runtime.errors import RequestError
from distill_runtime.files.paths import is_folder

_ENDINGS = {**ARTIFACT_ENDINGS, TRITON: ""}  # the last is a folder


def check_variant(precision: str, format: str, output: Path | None = None) -> None:
    """Check that there is such a format and precision, and that the name says no other format.

    Args:
        precision: One of `contract.PRECISIONS`.
        format: A key of `contract.ARTIFACT_ENDINGS`, or "triton".
        output: Where the file, or the folder, is to go, if that is said.

    Raises:
        RequestError: As above, or the format cannot hold the precision.
    """
    if format not in PROGRAMS:
        raise RequestError(f"the format is {format!r}, expected one of {', '.join(PROGRAMS)}")
    for other, ending in ARTIFACT_ENDINGS.items():
        if ending != _ENDINGS[format] and output is not None and output.suffix.lower() == ending:
            usual = f"that ends in {_ENDINGS[format]}" if _ENDINGS[format] else "of a folder"
            raise RequestError(
                f"{output} has the ending of {other}, but the format is {format}: "
                f"give --format {other}, or a name {usual}"
            )
    if precision not in PRECISIONS:
        raise RequestError(
            f"the precision is {precision!r}, expected one of {', '.join(PRECISIONS)}"
        )
    if precision not in PROGRAMS[format].precisions:
        raise RequestError(
            f"{precision} weights are for ONNX files, pages and Triton, a {format} file has "
            "float32: leave out --format or --precision"
        )


def default_precision(format: str) -> str:
    """Return the precision of a format where none is asked for: a page is sent by mail."""
    return "int8" if format == HTML else "float32"


def default_name(source: Path, *, format: str = ONNX, precision: str | None = None) -> str:
    """Return what a variant of a model is called: variants can lie beside each other.

    A checkpoint's is called as its model is, `rain.onnx`, and not `best.onnx`. Triton's is a path
    of two: a repository, and the model's folder in it.

    Raises:
        RequestError: There is no such variant.
    """
    usual = default_precision(format)
    check_variant(precision or usual, format)
    variant = "" if precision in (None, usual) else f"_{precision}"
    if format == NN_TILDE:  # beside the one for libtorch, whose ending it has
        variant = "_nn"
    name = f"{stem_of(source)}{variant}{_ENDINGS[format]}"
    return f"{stem_of(source)}_triton/{name}" if format == TRITON else name


def output_path(
    source: Path, output: Path | None, *, format: str = ONNX, precision: str | None = None
) -> Path:
    """Return where a variant goes.

    Args:
        source: The model.
        output: What a user named: a file, a folder for it, or nothing, which is the current one.
            Of "triton" it is a repository, which holds models and need not be there.
        format: As `default_name` takes it; so is the following.
        precision: Of the weights.

    Raises:
        RequestError: There is no such variant, or the output cannot be one's.
    """
    name = default_name(source, format=format, precision=precision)
    if output is None:
        return Path(name)
    if format == TRITON:
        check_variant(precision or default_precision(format), format, output)
        return output / Path(name).name
    return output / name if is_folder(output) else output
