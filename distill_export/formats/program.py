"""What the formats have in common: a graph on its way to a file, without metadata yet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import onnx

from distill_export.formats.onnx_graph import trace
from distill_export.graph.base import Synthesizer
from distill_runtime.contract import Control, Landmarks, SliderBank


@dataclass(frozen=True)
class Handles:
    """What moves a model's latent vector.

    Attributes:
        bank: Its sliders; None if it has none.
        controls: Its named controls.
        landmarks: Where its recordings lie, if that is known.
    """

    bank: SliderBank | None = None
    controls: Sequence[Control] = ()
    landmarks: Landmarks | None = None


class ProgramSource:
    """What a program is made of: the module, and its ONNX graph, traced when first asked for.

    Args:
        synthesizer: The module, in eval mode.
        handles: Returns what moves the latent vector, for formats that play without a runtime.
    """

    def __init__(
        self, synthesizer: Synthesizer[Any], handles: Callable[[], Handles] = Handles
    ) -> None:
        self.synthesizer = synthesizer
        self._handles = handles

    @property
    def handles(self) -> Handles:
        """What moves the latent vector; to find the controls may take a while."""
        return self._handles()

    @cached_property
    def graph(self) -> onnx.ModelProto:
        """The module as an ONNX model without metadata."""
        return trace(self.synthesizer)


class Program(ABC):
    """An artifact in the making.

    Attributes:
        format: Its name in the contract.
        precisions: Those that it can hold, by their names in the contract.
        path: Where the file goes.
        versions: Of what made it, besides torch's, for the metadata.
        weight_bytes: What the model's decoder takes.
        constant_bytes: What the signal processing takes.
    """

    format: ClassVar[str]
    precisions: ClassVar[tuple[str, ...]]
    path: Path
    versions: Mapping[str, str]
    weight_bytes: int
    constant_bytes: int

    @classmethod
    @abstractmethod
    def build(cls, source: ProgramSource, path: Path) -> Self:
        """Make it of a module in eval mode; `path` may be written from now on."""

    @abstractmethod
    def weights_sha256(self) -> str:
        """Hash every tensor that it holds, as docs/artifact.md says of its format."""

    @abstractmethod
    def write(self, document: str, *, name: str) -> None:
        """Write the file with its metadata document.

        Args:
            document: Of the artifact.
            name: What the file will be called, without its ending.
        """
