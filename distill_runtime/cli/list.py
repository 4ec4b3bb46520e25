"""`distill-run list`: the artifacts of a folder in a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distill_runtime.cli.arguments import JsonOption
from distill_runtime.cli.columns import terminal_columns
from distill_runtime.cli.console import say, show, show_json
from distill_runtime.cli.info import VectorsOption
from distill_runtime.errors import ArtifactError, RequestError
from distill_runtime.files.paths import files_in, is_folder
from distill_runtime.files.shown import shown


def list_artifacts(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to look.")] = Path(),
    as_json: JsonOption = False,
    vectors: VectorsOption = False,
) -> None:
    """List the artifacts in a folder; what is not an artifact is named and skipped.

    Example: `distill-run list sounds/`
    """
    from distill_runtime.artifact.description import metadata_document  # noqa: PLC0415
    from distill_runtime.artifact.file import ArtifactFile  # noqa: PLC0415
    from distill_runtime.artifact.page_file import NoModelError  # noqa: PLC0415
    from distill_runtime.cli.listing import listing  # noqa: PLC0415
    from distill_runtime.contract import ARTIFACT_ENDINGS, HTML  # noqa: PLC0415

    if vectors and not as_json:
        raise RequestError("--vectors are for --json: give both")
    if not is_folder(folder):
        raise RequestError(
            f"{shown(folder)} is not a folder: give the folder that holds the artifacts"
        )
    files = []
    for path in files_in(folder, tuple(ARTIFACT_ENDINGS.values())):
        try:
            files.append(ArtifactFile.inspect(path, formats=ARTIFACT_ENDINGS, trust=True))
        except NoModelError as error:
            if path.suffix != ARTIFACT_ENDINGS[HTML]:  # as other pages of a folder are
                say(f"skipped {error}")
        except ArtifactError as error:
            say(f"skipped {error}")
    if as_json:
        for file in files:
            metadata = metadata_document(file.metadata, vectors=vectors)
            document = {
                "path": str(file.path),
                "format": file.format,
                "size_bytes": file.size_bytes,
                "metadata": metadata,
            }
            show_json(document)
    elif files:
        show(listing(files, terminal_columns()))
    else:
        say(f"there is no artifact in {shown(folder)}")
