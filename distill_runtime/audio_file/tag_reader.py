"""Reading the tags of an audio file, whoever wrote it."""

from __future__ import annotations

import sys
from pathlib import Path

from distill_runtime.audio_file import wav
from distill_runtime.audio_file.tags import Tags
from distill_runtime.errors import InputError
from distill_runtime.files.input_file import open_regular
from distill_runtime.files.paths import for_library
from distill_runtime.files.shown import shown


def read_tags(path: Path) -> Tags:
    """Read the tags of an audio file, in any format that libsndfile knows.

    Raises:
        InputError: There is no such file, or it is not an audio file.
    """
    import soundfile  # noqa: PLC0415  (only who reads tags pays for it)

    path = Path(path)
    try:
        with open_regular(path, kind="an audio file", max_bytes=sys.maxsize, error=InputError) as (
            file,
            _,
        ):
            # libsndfile does not read long texts of a WAV.
            if wav.is_wav(file.read(12)):
                return wav.read_tags(file)
    except InputError as reason:
        raise InputError(f"{shown(path)}: {reason}") from None
    try:
        with soundfile.SoundFile(for_library(path)) as sound:
            return Tags(sound.title, sound.artist, sound.album, sound.comment)
    except (OSError, soundfile.LibsndfileError) as reason:
        what = getattr(reason, "error_string", None) or str(reason)
        raise InputError(
            f"{shown(path)} is not an audio file, expected WAV, FLAC, OGG or MP3: "
            f"{what.rstrip('.')}"
        ) from reason
