"""An artifact in the making, as a file for libtorch or PyTorch."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import torch

from distill_export.formats.pt2 import save_pt2
from distill_export.formats.torchscript import save_torchscript
from distill_export.graph.learned.synthesizer import Synthesizer
from distill_export.graph.refined.synthesizer import RefinedSynthesizer
from distill_export.model.file import LoadedModel
from distill_export.verify.fresh_process import FreshProcess
from distill_export.verify.parity import Verification, verify_player
from distill_runtime.artifact.torch_archive import METADATA_ENTRY, TorchArchive
from distill_runtime.contract import TORCHSCRIPT

_FOLDER = "distill"  # of every entry; torch takes the file's name, which is a temporary one here
_1980 = (1980, 1, 1, 0, 0, 0)


class TorchProgram:
    """A file that has everything but its metadata."""

    versions: dict[str, str] = {}  # noqa: RUF012  (torch's is in every artifact)

    def __init__(
        self, path: Path, format: str, synthesizer: Synthesizer | RefinedSynthesizer
    ) -> None:
        self._path, self._format = path, format
        self.weight_bytes = sum(value.nbytes for value in synthesizer.decoder.parameters())
        self.constant_bytes = sum(value.nbytes for value in synthesizer.buffers())

    @classmethod
    def save(
        cls,
        synthesizer: Synthesizer | RefinedSynthesizer,
        path: Path,
        format: str,
        *,
        latent_dim: int,
    ) -> TorchProgram:
        """Write the module, stripped to what a host needs.

        Args:
            synthesizer: In eval mode.
            path: Where to write.
            format: "torchscript" or "pt2".
            latent_dim: Length of a latent vector.
        """
        write = save_torchscript if format == TORCHSCRIPT else save_pt2
        write(synthesizer, path, latent_dim=latent_dim)
        _repack(path)
        return cls(path, format, synthesizer)

    def verify(
        self, loaded: LoadedModel, synthesizer: Synthesizer | RefinedSynthesizer
    ) -> Verification:
        """Compare the file, as a fresh process plays it, with the reference.

        Raises:
            VerificationError: They do not agree, or the process cannot play it.
        """
        with FreshProcess(self._path, self._format) as process:
            return verify_player(_FilePlayer(process, synthesizer), loaded, synthesizer)

    def weights_sha256(self) -> str:
        """Hash every tensor of the file, as docs/artifact.md says."""
        with self._path.open("rb") as file, TorchArchive.open(file) as archive:
            return archive.tensors_sha256()

    def write(self, path: Path, document: str) -> None:
        """Add the metadata document: every other byte stays as it was verified."""
        assert path == self._path, "the file was written elsewhere"
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(_entry(METADATA_ENTRY), document.encode("utf-8"))


class _FilePlayer:
    """The file's audio, and the mel frames that it must have come from.

    The file gives no mel frames: they are the module's, decoded vector by vector as the file does.
    Were its own others by as little as 1e-6, its sound would miss the one that theirs makes.
    """

    def __init__(
        self, process: FreshProcess, synthesizer: Synthesizer | RefinedSynthesizer
    ) -> None:
        self._process, self._synthesizer = process, synthesizer

    def play(
        self, latents: np.ndarray, pieces: tuple[int, ...] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        audio = self._process.play(latents, pieces, state_size=self._synthesizer.state_size)
        return audio, self._mel(torch.from_numpy(np.ascontiguousarray(latents))).numpy()

    def _mel(self, latents: torch.Tensor) -> torch.Tensor:
        batch, steps, _ = latents.shape
        decoder, join = self._synthesizer.decoder, self._synthesizer.chunk_overlap_add
        with torch.inference_mode():
            chunks = torch.cat([decoder(latent[None]) for latent in latents.flatten(0, 1)])
            chunks = chunks.unflatten(0, (batch, steps))
            tail = torch.zeros_like(chunks[:, 0, ..., : join.hop_frames])
            fresh = torch.zeros(batch, dtype=torch.bool)
            mel, _ = join(chunks, tail, fresh, torch.tensor(True), 1)
        return mel


def _repack(path: Path) -> None:
    """Write an archive anew without what only debugging needs, and without this machine's names."""
    with zipfile.ZipFile(path) as archive:
        contents = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            if not name.endswith(".debug_pkl"):
                archive.writestr(_entry(name), content)


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry that is stored as it is, of no particular day."""
    return zipfile.ZipInfo(f"{_FOLDER}/{name}", _1980)
