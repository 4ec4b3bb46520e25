"""Which variants of a model there are, and how their files are named."""

from __future__ import annotations

from pathlib import Path

from distill_export.formats.build import PROGRAMS
from distill_export.model.naming import stem_of
from distill_runtime.contract import ARTIFACT_ENDINGS, HTML, NN_TILDE, ONNX, PRECISIONS
from distill_runtime.errors import RequestError


def check_variant(precision: str, format: str, output: Path | None = None) -> None:
    """Check that there is such a format and precision, and that the name says no other format.

    Args:
        precision: One of `contract.PRECISIONS`.
        format: A key of `contract.ARTIFACT_ENDINGS`.
        output: Where the file is to go, if that is said.

    Raises:
        RequestError: As above, or the format cannot hold the precision.
    """
    if format not in PROGRAMS:
        raise RequestError(f"the format is {format!r}, expected one of {', '.join(PROGRAMS)}")
    for other, ending in ARTIFACT_ENDINGS.items():
        if (
            ending != ARTIFACT_ENDINGS[format]
            and output is not None
            and output.suffix.lower() == ending
        ):
            raise RequestError(
                f"{output} has the ending of {other}, but the format is {format}: "
                f"give --format {other}, or a name that ends in {ARTIFACT_ENDINGS[format]}"
            )
    if precision not in PRECISIONS:
        raise RequestError(
            f"the precision is {precision!r}, expected one of {', '.join(PRECISIONS)}"
        )
    if precision not in PROGRAMS[format].precisions:
        raise RequestError(
            f"{precision} weights are for ONNX files and pages, a {format} file has float32: "
            "leave out --format or --precision"
        )


def default_precision(format: str) -> str:
    """Return the precision of a format where none is asked for: a page is sent by mail."""
    return "int8" if format == HTML else "float32"


def default_name(source: Path, *, format: str = ONNX, precision: str | None = None) -> str:
    """Return what a variant of a model is called: variants can lie beside each other.

    A checkpoint's is called as its model is, `rain.onnx`, and not `best.onnx`.

    Raises:
        RequestError: There is no such variant.
    """
    usual = default_precision(format)
    check_variant(precision or usual, format)
    variant = "" if precision in (None, usual) else f"_{precision}"
    if format == NN_TILDE:  # beside the one for libtorch, whose ending it has
        variant = "_nn"
    return f"{stem_of(source)}{variant}{ARTIFACT_ENDINGS[format]}"
