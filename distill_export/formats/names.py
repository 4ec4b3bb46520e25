"""Which kind of file an export writes, and what its name may be."""

from __future__ import annotations

from pathlib import Path

from distill_runtime.contract import ARTIFACT_ENDINGS
from distill_runtime.errors import RequestError


def check_format(format: str, output: Path | None = None) -> None:
    """Refuse a format that there is not, or an output whose name says another one.

    Args:
        format: A key of `contract.ARTIFACT_ENDINGS`.
        output: Where the file is to go, if that is said.

    Raises:
        RequestError: As above.
    """
    if format not in ARTIFACT_ENDINGS:
        raise RequestError(
            f"the format is {format!r}, expected one of {', '.join(ARTIFACT_ENDINGS)}"
        )
    for other, ending in ARTIFACT_ENDINGS.items():
        if other != format and output is not None and output.suffix.lower() == ending:
            raise RequestError(
                f"{output} has the ending of {other}, but the format is {format}: "
                f"give --format {other}, or a name that ends in {ARTIFACT_ENDINGS[format]}"
            )
