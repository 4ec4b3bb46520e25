"""What the formats have in common: a graph on its way to a file, without metadata yet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import onnx

from distill_export.formats.onnx_graph import trace
from distill_export.graph.base import Synthesizer
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.contract import Control, Landmarks, SliderBank
from distill_runtime.files.output_file import check_output, replacing


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
        format: Its name, of a file that of the contract.
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
    def place(cls, output: Path, *, overwrite: bool) -> AbstractContextManager[Path]:
        """Return what gives a place to write to, and puts what is whole where it shall be.

        Raises:
            DistillError: As `replacing` does, when the `with` block is entered or left.
        """
        return replacing(output, overwrite=overwrite)

    @classmethod
    def check_place(cls, output: Path, *, overwrite: bool) -> None:
        """Refuse at once what `place` would refuse, before any work is done for it.

        Raises:
            DistillError: As `place` does.
        """
        check_output(output, overwrite=overwrite)

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

    def inspect(self) -> int:
        """Judge what was written as a host will judge it.

        Returns:
            Its size in bytes.

        Raises:
            ArtifactError: The runtime would refuse it.
        """
        return ArtifactFile.inspect(self.path, formats=(self.format,)).size_bytes
