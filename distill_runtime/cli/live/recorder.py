"""Keeping what was played: at the press of a key, and on leaving."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.errors import RequestError
from distill_runtime.files.output_file import check_output
from distill_runtime.files.paths import fitted_name, is_folder
from distill_runtime.files.shown import shown
from distill_runtime.generation.live.live_stream import LiveStream

_MAX_TAKES = 10_000


@dataclass(frozen=True)
class Kept:
    """What was written.

    Attributes:
        path: Where it is.
        duration_s: How long it is.
    """

    path: Path
    duration_s: float

    def __str__(self) -> str:
        minutes, seconds = divmod(int(self.duration_s), 60)
        return f"the last {minutes}:{seconds:02d} are in {shown(self.path)}"


class Recorder:
    """Writes what was played last to files."""

    def __init__(
        self, sound: LiveStream, stem: str, *, path: Path | None = None, overwrite: bool = False
    ) -> None:
        """Prepare to write.

        Args:
            sound: What is played.
            stem: What takes are called after: STEM_live1.wav here.
            path: Where all of it goes on leaving; None for nowhere.
            overwrite: Whether to replace a file that is there.
        """
        self._sound, self._stem = sound, stem
        self._path, self._overwrite = path, overwrite
        self._lock = threading.Lock()

    @property
    def on_leaving(self) -> bool:
        """Whether something is to be written on leaving."""
        return self._path is not None

    def take(self) -> Kept:
        """Write what was played so far, as much as is kept of it, to a new file in this folder.

        Raises:
            DistillError: Nothing was played yet, or the file could not be written.
        """
        with self._lock:
            for number in range(1, _MAX_TAKES):
                name = fitted_name(self._stem, f"_live{number}.wav", Path())
                if not Path(name).exists():
                    return self._write(Path(name), overwrite=False)
        raise RequestError(f"there are {_MAX_TAKES - 1} takes here: move some away")

    def finish(self) -> Kept | None:
        """Write all that is kept, if that was asked for; None if it was not.

        Raises:
            DistillError: Nothing was played, or the file could not be written.
        """
        if self._path is None:
            return None
        with self._lock:
            return self._write(self._path, overwrite=self._overwrite)

    def _write(self, path: Path, *, overwrite: bool) -> Kept:
        result = self._sound.record()
        result.save(path, overwrite=overwrite)
        return Kept(path, result.duration_s)


def check_recording(path: Path, *, overwrite: bool) -> None:
    """Refuse at once what could not be written on leaving.

    Raises:
        RequestError: The path cannot be used, or its ending is unknown.
        OutputExistsError: The file is there and `overwrite` is false.
    """
    if is_folder(path):
        raise RequestError(f"{shown(path)} is a folder: give the path of a file")
    AudioFormat.for_file(path, None)
    check_output(path, overwrite=overwrite)
