"""What is asked of a file that claims to be a model or an artifact of PyTorch's: read it.

Where it is read, two other readers of zip archives must find the same entries in it.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from pathlib import Path

import torch

from distill_export.model.checkpoint import load_model_or_checkpoint
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.contract import ARTIFACT_ENDINGS
from distill_runtime.errors import DistillError
from distill_runtime.files.stored_zip import StoredZip, StoredZipError


def read(path: Path) -> str:
    """Read a file in every way there is, and return what came of it, in few words to count by."""
    return f"{_of_model(path)}, {_of_archive(path)}"


def _of_model(path: Path) -> str:
    try:
        load_model_or_checkpoint(path)
    except DistillError as reason:
        return f"model {_said(reason, path)}"
    _compare_readers(path)
    return "model read"


def _of_archive(path: Path) -> str:
    try:
        file = ArtifactFile.inspect(path, formats=ARTIFACT_ENDINGS)
        file.weights_sha256()
    except DistillError as reason:
        return f"artifact {_said(reason, path)}"
    _compare_readers(path)
    return f"{file.format} read"


def _said(reason: DistillError, path: Path) -> str:
    message = str(reason)
    assert message.isprintable(), "a message is one line, without control characters"
    assert len(message) < 500 + len(str(path)), "a message can be read"
    return "refused"


def _compare_readers(path: Path) -> None:
    with path.open("rb") as file:
        archive = StoredZip.read(file)
        try:
            ours = {name: archive.content(entry) for name, entry in archive.entries.items()}
        except StoredZipError:  # in an entry that is not read; it is one for all
            return
    with zipfile.ZipFile(path) as theirs:
        names = theirs.namelist()
        assert len(names) == len(ours), "as many entries for Python"
        assert ours == {name: theirs.read(name) for name in names}, "the same entries for Python"
    below = {name.partition("/")[2]: content for name, content in ours.items()}
    if re.fullmatch(rb"[1-9]\n?", below.get("version", b"")):  # PyTorch opens no other
        reader = torch._C.PyTorchFileReader(str(path))
        records = {name: reader.get_record(name) for name in reader.get_all_records()}
        assert records == below, "the same entries for PyTorch"


warnings.simplefilter("error")
