"""A scan of an ONNX file, enough to judge it before onnxruntime sees it.

Weights are skipped, not read, so even a large file is scanned in milliseconds and constant memory.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import BinaryIO

from distill_runtime.artifact.scan.graph_reader import GraphReader
from distill_runtime.artifact.scan.onnx_graph import OnnxGraph, TensorType
from distill_runtime.artifact.scan.protobuf import (
    Budget,
    Span,
    damaged,
    load,
    read_fields,
    read_file_fields,
    text,
)
from distill_runtime.errors import ArtifactError

_MAX_FIELDS = 200_000


@dataclass
class OnnxSummary:
    """What a scan found."""

    ir_version: int = 0
    producer: str = ""
    opsets: dict[str, int] = field(default_factory=dict)  # domain -> version
    operators: set[tuple[str, str]] = field(default_factory=set)  # domain, operator
    metadata: dict[str, str] = field(default_factory=dict)
    graph: OnnxGraph = field(default_factory=OnnxGraph)  # the last, if there are several
    graphs: int = 0
    functions: int = 0
    training: int = 0
    external_data: bool = False
    surplus: bool = False  # something that no exporter of ours writes

    @property
    def inputs(self) -> dict[str, TensorType | None]:
        """The graph's inputs; None: not a tensor."""
        return self.graph.inputs

    @property
    def outputs(self) -> dict[str, TensorType | None]:
        """The graph's outputs."""
        return self.graph.outputs

    @property
    def initializers(self) -> dict[str, tuple[int, int]]:
        """Offset and length of each initializer's message in the file."""
        return {name: (t.offset, t.length) for name, t in self.graph.initializers.items()}


def scan_onnx(file: BinaryIO, size: int) -> OnnxSummary:
    """Scan an ONNX model.

    Args:
        file: Seekable, at any position.
        size: Length of the file in bytes.

    Raises:
        ArtifactError: It is no well-formed ONNX model.
    """
    budget = Budget(_MAX_FIELDS)
    reader = GraphReader(file, budget)
    summary = OnnxSummary(operators=reader.operators)
    for number, value, offset in read_file_fields(file, Span(0, size), budget):
        match number, value:
            case 1, int():
                summary.ir_version = value
            case 2, bytes():
                summary.surplus |= bool(summary.producer)
                summary.producer = text(value)
            case 7, bytes() | Span():
                summary.graphs += 1
                length = value.length if isinstance(value, Span) else len(value)
                summary.graph = reader.graph(Span(offset, length))
            case 8, bytes():
                domain, version = _opset(value, budget)
                summary.surplus |= domain in summary.opsets
                summary.opsets[domain] = max(version, summary.opsets.get(domain, 0))
            case 14, bytes() | Span():
                key, entry = _entry(load(file, value), budget)
                summary.surplus |= key in summary.metadata
                summary.metadata[key] = entry
            case 20, bytes() | Span():
                summary.training += 1
            case 25, bytes() | Span():
                summary.functions += 1
            case 3, bytes():  # the producer's version
                pass
            case (2 | 3 | 4 | 6, bytes() | Span()) | (5, int()) | (26, bytes() | Span()):
                summary.surplus = True  # domain, description, model version, devices
            case _:
                raise ArtifactError("it is not an ONNX model")
    if not summary.graphs or not summary.ir_version:
        raise ArtifactError("it is not an ONNX model")
    summary.external_data = reader.external_data
    return summary


def hash_weights(file: BinaryIO, summary: OnnxSummary) -> str:
    """Return the SHA-256 of all weights: each serialised TensorProto, in the order of their names.

    Each is preceded by its length as 8 bytes, little-endian.
    """
    digest = hashlib.sha256()
    for _, (offset, length) in sorted(summary.initializers.items()):
        digest.update(length.to_bytes(8, "little"))
        file.seek(offset)
        left = length
        while left:
            block = file.read(min(left, 2**20))
            if not block:
                raise damaged()
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def _opset(data: bytes, budget: Budget) -> tuple[str, int]:
    domain, version = "", 0
    for number, value in read_fields(data, budget):
        if number == 1:
            domain = text(value)
        elif number == 2 and isinstance(value, int):
            version = value
    return domain, version


def _entry(data: bytes, budget: Budget) -> tuple[str, str]:
    key = content = ""
    for number, value in read_fields(data, budget):
        if number == 1:
            key = text(value)
        elif number == 2:
            content = text(value)
    return key, content
