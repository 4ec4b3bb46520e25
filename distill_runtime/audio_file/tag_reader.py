"""Reading the tags of an audio file, whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import soundfile

from distill_runtime.audio_file import wav
from distill_runtime.audio_file.tags import Tags
from distill_runtime.errors import InputError


def read_tags(path: Path) -> Tags:
    """Read the tags of an audio file, in any format that libsndfile knows.

    Raises:
        InputError: There is no such file, or it is not an audio file.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            # libsndfile does not read long texts of a WAV.
            if wav.is_wav(file.read(12)):
                return wav.read_tags(file)
        with soundfile.SoundFile(path) as sound:
            return Tags(sound.title, sound.artist, sound.album, sound.comment)
    except OSError as reason:
        raise InputError(f"{path} cannot be read: {reason.strerror or reason}") from reason
    except soundfile.LibsndfileError as reason:
        raise InputError(
            f"{path} is not an audio file, expected WAV, FLAC, OGG or MP3: "
            f"{reason.error_string.rstrip('.')}"
        ) from reason
