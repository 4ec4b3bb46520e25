"""Judging an artifact's file before onnxruntime opens it."""

from __future__ import annotations

import hashlib
import io
import os
import reprlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from distill_runtime import contract
from distill_runtime.artifact import page_file
from distill_runtime.artifact.known.known_graph import (
    KnownStructure,
    UnknownStructureError,
    check_agreement,
    recognise,
)
from distill_runtime.artifact.scan.onnx_graph import BOOL, FLOAT, OnnxGraph, TensorType
from distill_runtime.artifact.scan.onnx_scan import OnnxSummary, hash_weights, scan_onnx
from distill_runtime.artifact.torch_archive import TorchArchive
from distill_runtime.contract import ArtifactMetadata
from distill_runtime.errors import ArtifactError
from distill_runtime.files.input_file import open_regular
from distill_runtime.files.shown import shown
from distill_runtime.files.stored_zip import ZIP_START

if TYPE_CHECKING:
    from distill_runtime.artifact.trusted.trusted_graph import TrustedGraph

Source = str | os.PathLike[str] | bytes | bytearray | memoryview

_SCANNED_FIRST_BYTES = 2**28  # a file of more is scanned before it is read
_PLAYS_ELSEWHERE = {
    contract.ONNX: "is an ONNX artifact: distill-run plays it",
    contract.TORCHSCRIPT: "is a TorchScript artifact, which libtorch plays (hosts/torch_cpp): "
    "distill-export without --format makes the ONNX one that plays here",
    contract.NN_TILDE: "is an artifact for nn~, which Max, Pure Data and SuperCollider play "
    "(docs/patchers.md): distill-export without --format makes the ONNX one that plays here",
    contract.PT2: "is a PyTorch (pt2) artifact, which PyTorch plays (docs/variants.md): "
    "distill-export without --format makes the ONNX one that plays here",
    contract.TRITON: "is a graph that Triton serves (docs/scale.md): distill-export without "
    "--format makes the artifact that plays here",
}


@dataclass(frozen=True)
class ArtifactFile:
    """A file that was found to be an artifact of this contract.

    Attributes:
        path: Where it is; of one in memory, a name only.
        size_bytes: Its size; of a page, the whole page's.
        metadata: What it says of itself.
        format: Key of `contract.ARTIFACT_ENDINGS`; "html" is a page with an ONNX artifact in it.
        structure: What its graph was recognised as; None if it is not known, and of the formats
            that onnxruntime does not play.
        data: The artifact itself, if it is in memory.
    """

    path: Path
    size_bytes: int
    metadata: ArtifactMetadata
    format: str = contract.ONNX
    structure: KnownStructure | None = field(default=None, repr=False, compare=False)
    data: bytes | None = field(default=None, repr=False, compare=False)

    @classmethod
    def inspect(
        cls,
        source: Source,
        *,
        formats: Collection[str] = (contract.ONNX,),
        trust: bool = False,
    ) -> ArtifactFile:
        """Check a file and read its metadata; its weights are not read and nothing is run.

        Args:
            source: Where it is, or its bytes.
            formats: Keys of `ARTIFACT_ENDINGS` that will do: onnxruntime plays "onnx" alone. With
                that a page will do, too: what it holds is one.
            trust: Whether a graph of unknown structure will do, if it can be bounded.

        Raises:
            UnknownStructureError: Its graph is not one that distill-export wrote.
            ArtifactError: There is no such file, or it is not an artifact that this version plays.
        """
        kept = _kept(source)
        with _explained(_name(kept)), _opened(kept) as content:
            return _inspect(content, kept, formats, trust=trust).file

    @property
    def name(self) -> str:
        """The file's name; of an artifact in memory, its model's."""
        return self.path.name

    @property
    def source(self) -> Path | bytes:
        """What it can be loaded from again."""
        return self.path if self.data is None else self.data

    def weights_sha256(self) -> str:
        """Hash the weights as they are in the file, for comparison with the metadata.

        Raises:
            ArtifactError: The file is gone or damaged by now.
        """
        with _explained(shown(self.path)), _opened(self.source) as content:
            if self.format in (contract.ONNX, contract.HTML):
                return hash_weights(content.file, scan_onnx(content.file, content.size))
            with TorchArchive.open(content.file) as archive:
                return archive.tensors_sha256()

    def sha256(self) -> str:
        """Hash the whole artifact: of a page, what it holds.

        Raises:
            ArtifactError: The file is gone by now.
        """
        with _explained(shown(self.path)), _opened(self.source) as content:
            return hashlib.file_digest(cast(io.BufferedReader, content.file), "sha256").hexdigest()


@dataclass(frozen=True)
class CheckedModel:
    """An artifact that may be given to onnxruntime, whole: what was checked is what is loaded.

    Attributes:
        file: What was found.
        data: The bytes that were checked.
        graph: Its graph.
        bounds: What bounds the calls of a graph of unknown structure; None if it is known.
    """

    file: ArtifactFile
    data: bytes
    graph: OnnxGraph
    bounds: TrustedGraph | None

    @classmethod
    def read(cls, source: Source, *, trust: bool = False) -> CheckedModel:
        """Read an artifact, once, and check it; see `ArtifactFile.inspect`.

        Raises:
            UnknownStructureError: Its graph is not one that distill-export wrote.
            ArtifactError: There is no such file, or it is not an artifact that this version plays.
        """
        formats, kept = (contract.ONNX,), _kept(source)
        with _explained(_name(kept)), _opened(kept) as content:
            if _is_zip(content.file) or content.size > _SCANNED_FIRST_BYTES:
                _inspect(content, kept, formats, trust=trust)
                content.file.seek(0)
            data = content.file.read(content.size)
            read = replace(content, file=io.BytesIO(data), size=len(data))
            found = _inspect(read, kept, formats, trust=trust)
        return cls(found.file, data, found.graph, found.bounds)


@dataclass(frozen=True)
class _Content:
    """An artifact open for reading, taken out of the page that holds it, if one does."""

    file: BinaryIO
    size: int
    whole_size: int  # with the page
    in_page: bool


@dataclass(frozen=True)
class _Inspected:
    file: ArtifactFile
    graph: OnnxGraph
    bounds: TrustedGraph | None = None


def _inspect(
    content: _Content, source: Path | bytes, formats: Collection[str], *, trust: bool
) -> _Inspected:
    graph, structure, bounds = OnnxGraph(), None, None
    file, size = content.file, content.whole_size
    if _is_zip(file) and not content.in_page:
        kind, metadata = _check_archive(file)
    else:
        summary = scan_onnx(file, content.size)
        kind, metadata, graph = contract.ONNX, _check(summary), summary.graph
        try:
            structure = recognise(summary, file, latent_dim=metadata.latent_dim)
            check_agreement(structure, metadata)
        except UnknownStructureError:
            if not trust:
                raise
            from distill_runtime.artifact.trusted import trusted_graph  # noqa: PLC0415

            bounds = trusted_graph.bound(summary, metadata, file)
    if kind not in formats and not (content.in_page and contract.HTML in formats):
        raise ArtifactError(_PLAYS_ELSEWHERE[kind])
    if content.in_page:
        kind = contract.HTML
    if isinstance(source, bytes):
        found = ArtifactFile(
            Path(_file_name(metadata, kind)), size, metadata, kind, structure, source
        )
    else:
        found = ArtifactFile(source, size, metadata, kind, structure)
    return _Inspected(found, graph, bounds)


def _kept(source: Source) -> Path | bytes:
    """Return a path, or bytes that nobody changes."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str | os.PathLike):
        return Path(source)
    raise ArtifactError(f"an artifact is a path or bytes, not {type(source).__name__}")


def _file_name(metadata: ArtifactMetadata, kind: str) -> str:
    """Return what a file of an artifact in memory would be called."""
    letters = (c if c.isalnum() or c in "-_. " else "_" for c in metadata.model.name[:100])
    return ("".join(letters).strip(" .") or "artifact") + contract.ARTIFACT_ENDINGS[kind]


def _name(source: Path | bytes) -> str:
    return "the artifact" if isinstance(source, bytes) else shown(source)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Put the file's name in front of what is wrong with it."""
    try:
        yield
    except ArtifactError as error:
        raise type(error)(f"{shown(name)}: {error}") from None


@contextmanager
def _opened(source: Path | bytes) -> Iterator[_Content]:
    """Open an artifact, wherever it is."""
    with _opened_whole(source) as (file, size):
        if page_file.is_page(file):
            data = page_file.unpacked(file)
            yield _Content(io.BytesIO(data), len(data), size, in_page=True)
        else:
            yield _Content(file, size, size, in_page=False)


@contextmanager
def _opened_whole(source: Path | bytes) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file, or bytes as if they were one."""
    if isinstance(source, Path):
        with open_regular(
            source,
            kind="an artifact (.onnx)",
            max_bytes=contract.MAX_FILE_BYTES,
            error=ArtifactError,
        ) as opened:
            yield opened
    elif not source:
        raise ArtifactError("is empty")
    elif len(source) > contract.MAX_FILE_BYTES:
        raise ArtifactError(f"is larger than an artifact can be ({len(source)} bytes)")
    else:
        yield io.BytesIO(source), len(source)


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
    _check_tensors(summary, metadata)
    return metadata


def _check_tensors(summary: OnnxSummary, metadata: ArtifactMetadata) -> None:
    latents = TensorType(FLOAT, (None, None, metadata.latent_dim))
    state = TensorType(FLOAT, (None, metadata.state_size))
    inputs = {
        contract.LATENTS: latents,
        contract.STATE: state,
        contract.FINISH: TensorType(BOOL, ()),
    }
    outputs = {contract.AUDIO: TensorType(FLOAT, (None, None)), contract.NEXT_STATE: state}
    # Old files list weights among the inputs; ours never do.
    for kind, expected, found in (
        ("inputs", inputs, summary.inputs),
        ("outputs", outputs, summary.outputs),
    ):
        if contract.END in found:
            raise ArtifactError(_PLAYS_ELSEWHERE[contract.TRITON])
        if set(found) != set(expected):
            raise ArtifactError(
                f"its {kind} are {reprlib.repr(sorted(found))}, not {', '.join(sorted(expected))}"
            )
        for name, tensor_type in expected.items():
            if found[name] != tensor_type:
                raise ArtifactError(f"its {kind[:-1]} {name!r} has another type or shape than said")
