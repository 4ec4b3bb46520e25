"""What an audio file says of itself, beside what the library that decodes it makes of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from distill_export.training.data.decoding import mp3_frames, ogg_end, sound_chunk
from distill_export.training.data.decoding.spliced_file import NewHead


@dataclass(frozen=True)
class Header:
    """What is read of a file before it is decoded.

    Attributes:
        share: How much of the sound that it speaks of is there, 0..1; 1 if that is not known.
        counts_frames: Whether the number of frames is said, and not only guessed from the size.
        ends: False if the format marks an end and the file has none.
        new_head: What it must begin with to be decoded to its end; None: it can be as it is.
    """

    share: float = 1.0
    counts_frames: bool = True
    ends: bool = True
    new_head: NewHead | None = None

    @classmethod
    def read(cls, file: BinaryIO) -> Header:
        """Look at a file; one of an unknown kind is left to the library."""
        file.seek(0)
        start = file.read(16)
        chunk = sound_chunk.find_sound_chunk(file)
        if chunk:
            new_head = sound_chunk.closed_head(file, chunk)
            counts = chunk.declared_bytes is not None and new_head is None
            return cls(share=chunk.share, counts_frames=counts, new_head=new_head)
        if ogg_end.begins_like_ogg(start):
            return cls(counts_frames=False, ends=ogg_end.ends_with_last_page(file))
        if mp3_frames.is_mp3(file):
            new_head = mp3_frames.counted_head(file)
            return cls(counts_frames=mp3_frames.has_frame_count(file), new_head=new_head)
        return cls()
