"""Judging an artifact's file before onnxruntime opens it."""

from __future__ import annotations

import hashlib
import io
import os
import reprlib
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from distill_runtime import contract
from distill_runtime.artifact.onnx_scan import OnnxSummary, TensorType, hash_weights, scan_onnx
from distill_runtime.artifact.torch_archive import TorchArchive
from distill_runtime.contract import ArtifactMetadata
from distill_runtime.errors import ArtifactError
from distill_runtime.files.input_file import open_regular
from distill_runtime.files.shown import shown
from distill_runtime.files.stored_zip import ZIP_START

_FLOAT, _BOOL = 1, 9  # TensorProto.DataType
_PLAYS_ELSEWHERE = {
    contract.ONNX: "is an ONNX artifact: distill-run plays it",
    contract.TORCHSCRIPT: "is a TorchScript artifact, which libtorch plays (hosts/torch_cpp): "
    "distill-export without --format makes the ONNX one that plays here",
    contract.PT2: "is a PyTorch (pt2) artifact, which PyTorch plays (docs/variants.md): "
    "distill-export without --format makes the ONNX one that plays here",
}


@dataclass(frozen=True)
class ArtifactFile:
    """A file that was found to be an artifact of this contract."""

    path: Path
    size_bytes: int
    metadata: ArtifactMetadata
    format: str = contract.ONNX

    @classmethod
    def inspect(
        cls, path: str | os.PathLike[str], *, formats: Collection[str] = (contract.ONNX,)
    ) -> ArtifactFile:
        """Check a file and read its metadata; its weights are not read and nothing is run.

        Args:
            path: Where it is.
            formats: Keys of `contract.ARTIFACT_ENDINGS` that will do; onnxruntime plays "onnx".

        Raises:
            ArtifactError: There is no such file, or it is not an artifact that this version plays.
        """
        path = Path(path)
        with _explained(path), _open(path) as (file, size):
            if _is_zip(file):
                found, metadata = _check_archive(file)
            else:
                found, metadata = contract.ONNX, _check(scan_onnx(file, size))
            if found not in formats:
                raise ArtifactError(_PLAYS_ELSEWHERE[found])
            return cls(path=path, size_bytes=size, metadata=metadata, format=found)

    def weights_sha256(self) -> str:
        """Hash the weights as they are in the file, for comparison with the metadata.

        Raises:
            ArtifactError: The file is gone or damaged by now.
        """
        with _explained(self.path), _open(self.path) as (file, size):
            if self.format == contract.ONNX:
                return hash_weights(file, scan_onnx(file, size))
            with TorchArchive.open(file) as archive:
                return archive.tensors_sha256()

    def sha256(self) -> str:
        """Hash the whole file.

        Raises:
            ArtifactError: The file is gone by now.
        """
        with _explained(self.path), _open(self.path) as (file, _):
            return hashlib.file_digest(cast(io.BufferedReader, file), "sha256").hexdigest()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Put the file's name in front of what is wrong with it."""
    try:
        yield
    except ArtifactError as error:
        raise ArtifactError(f"{shown(path)}: {error}") from None


def _open(path: Path) -> AbstractContextManager[tuple[BinaryIO, int]]:
    return open_regular(
        path, kind="an artifact (.onnx)", max_bytes=contract.MAX_FILE_BYTES, error=ArtifactError
    )


def _is_zip(file: BinaryIO) -> bool:
    start = file.read(len(ZIP_START))
    file.seek(0)
    return start == ZIP_START


def _check_archive(file: BinaryIO) -> tuple[str, ArtifactMetadata]:
    """Return the format and the metadata of an archive that PyTorch wrote."""
    with TorchArchive.open(file) as archive:
        if archive.format is None:
            raise ArtifactError(
                "is not an ONNX file but a zip, as model files are: make an artifact of it with "
                "distill-export"
            )
        return archive.format, ArtifactMetadata.from_json(archive.document())


def _check(summary: OnnxSummary) -> ArtifactMetadata:
    """Hold a scan against the contract and return the metadata."""
    text = summary.metadata.get(contract.METADATA_KEY)
    if text is None:
        raise ArtifactError("is an ONNX file, but not a Distill artifact")
    metadata = ArtifactMetadata.from_json(text)
    if summary.graphs != 1 or summary.functions or summary.training:
        raise ArtifactError("it must hold one graph, no functions and no training information")
    if summary.external_data:
        raise ArtifactError("it refers to data outside the file")
    if summary.ir_version > contract.MAX_IR_VERSION:
        raise ArtifactError(
            f"it has ONNX IR version {summary.ir_version}, at most {contract.MAX_IR_VERSION} "
            "is expected"
        )
    for domain, version in summary.opsets.items():
        if domain not in ("", "ai.onnx"):
            raise ArtifactError(f"it uses the operator domain {reprlib.repr(domain)}")
        if version not in contract.OPSETS:
            first, last = contract.OPSETS[0], contract.OPSETS[-1]
            raise ArtifactError(f"it has opset {version}, {first} to {last} is expected")
    for domain, operator in sorted(summary.operators):
        if domain or operator not in contract.OPERATORS:
            name = f"{domain}.{operator}" if domain else operator
            raise ArtifactError(
                f"it uses the operator {reprlib.repr(name)}, which no artifact needs"
            )
    _check_byte_convs(summary)
    _check_tensors(summary, metadata)
    return metadata


def _check_byte_convs(summary: OnnxSummary) -> None:
    """See that every QLinearConv has weights: of none, onnxruntime reads the first all the same.

    They must be tensors of the main graph, of which the scan knows what they hold.
    """
    held = summary.initializers.keys() - summary.empty - summary.computed
    for depth, inputs in summary.byte_convs:
        if depth or not held.issuperset(inputs[1:]):
            raise ArtifactError("it has a QLinearConv whose weights are computed or empty")


def _check_tensors(summary: OnnxSummary, metadata: ArtifactMetadata) -> None:
    latents = TensorType(_FLOAT, (None, None, metadata.latent_dim))
    state = TensorType(_FLOAT, (None, metadata.state_size))
    inputs = {
        contract.LATENTS: latents,
        contract.STATE: state,
        contract.FINISH: TensorType(_BOOL, ()),
    }
    outputs = {contract.AUDIO: TensorType(_FLOAT, (None, None)), contract.NEXT_STATE: state}
    # Old files list weights among the inputs; ours never do.
    for kind, expected, found in (
        ("inputs", inputs, summary.inputs),
        ("outputs", outputs, summary.outputs),
    ):
        if set(found) != set(expected):
            raise ArtifactError(
                f"its {kind} are {reprlib.repr(sorted(found))}, not {', '.join(sorted(expected))}"
            )
        for name, tensor_type in expected.items():
            if found[name] != tensor_type:
                raise ArtifactError(f"its {kind[:-1]} {name!r} has another type or shape than said")
