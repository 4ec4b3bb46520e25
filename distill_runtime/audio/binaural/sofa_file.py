"""A head that somebody measured: impulse responses for many directions, in a SOFA file.

SOFA (AES69) counts azimuth to the left, and so does what is kept of a file here; places that are
asked for count to the right. The response is that of the *nearest* measured direction, by the angle
between the two, and of several at the nearest distance: nothing is interpolated, because responses
of different arrival mixed together are a comb filter and no response between them.
"""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from distill_runtime.arrays import Float64Array, FloatArray
from distill_runtime.audio.binaural.ear_filter import MAX_TAPS
from distill_runtime.audio.binaural.fractional_delay import fractional_delay
from distill_runtime.audio.binaural.sofa_reader import Measurements, read_sofa
from distill_runtime.audio.binaural.source_position import SourcePosition
from distill_runtime.contract import SAMPLE_RATE_HZ
from distill_runtime.errors import DependencyError, RequestError
from distill_runtime.files.input_file import open_regular
from distill_runtime.files.paths import portable_name
from distill_runtime.files.shown import shown

MAX_BYTES = 2**29
_QUIET = 1e-4  # of the peak: what is less at the ends of a response is left out
_ROOM = 64  # samples before a response, for the resampler's own
_MAX_DELAY = 2**12


@dataclass(frozen=True)
class SofaFile:
    """A SOFA file by its name and contents; files of the same bytes are the same.

    Attributes:
        name: Of the file, without its folder.
        sha256: Of its bytes.
    """

    name: str = field(compare=False)
    sha256: str
    _measured: Measurements | None = field(default=None, compare=False, repr=False, init=False)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, sha256: str | None = None) -> SofaFile:
        """Read a file of the convention SimpleFreeFieldHRIR, in a process of its own.

        Args:
            path: Where it is.
            sha256: What its bytes must have; None for any.

        Raises:
            RequestError: There is no such file, it is another than the SHA-256 says, or it is not
                one of these.
            DependencyError: h5py is missing.
            BackendError: No process can be started to read it.
        """
        path = Path(path)
        try:
            with open_regular(
                path, kind="a SOFA file", max_bytes=MAX_BYTES, error=RequestError
            ) as (file, size):
                content = file.read(size)
            found = hashlib.sha256(content).hexdigest()
            if sha256 not in (None, found):
                raise RequestError(
                    f"is not the file that is meant (SHA-256 {found[:12]}..., not "
                    f"{str(sha256)[:12]}...): the very same one is needed"
                )
            measured = read_sofa(content)
        except RequestError as error:
            raise RequestError(f"{shown(path)}: {error}") from None
        sofa = cls(portable_name(path), found)
        object.__setattr__(sofa, "_measured", measured)
        return sofa

    @property
    def is_loaded(self) -> bool:
        """Whether there is more than the name of it, which is all that a recipe has."""
        return self._measured is not None

    @property
    def measurements(self) -> int:
        """How many places were measured.

        Raises:
            RequestError: It is only named.
        """
        return len(self._loaded.positions)

    def nearest(self, position: SourcePosition) -> SourcePosition:
        """Return the measured place that a place is heard from.

        Its distance is the one that was asked for: a file has one or two.

        Raises:
            RequestError: It is only named.
        """
        azimuth, elevation, _ = self._loaded.positions[self._index(position)]
        turned = -math.remainder(float(azimuth), 360.0)
        return SourcePosition(turned, max(-90.0, min(90.0, float(elevation))), position.distance_m)

    def responses(self, position: SourcePosition) -> FloatArray:
        """Return the impulse responses at 48 kHz of the left and right ear.

        Their gain is the file's own at 1 m, and falls with the distance.

        Returns:
            `[2, taps]`.

        Raises:
            RequestError: It is only named, or the responses are of a room: longer than 2048 taps.
            DependencyError: soxr is needed and not installed.
        """
        measured, index = self._loaded, self._index(position)
        pair = measured.responses[index].astype(np.float64)
        delays = measured.delays[index]
        if np.any(delays < 0.0) or np.any(delays > _MAX_DELAY):
            raise RequestError(f"{self.name} has a delay beyond 0 to {_MAX_DELAY} samples")
        if np.any(delays):
            late = [
                np.convolve(ear, fractional_delay(float(delay - delays.min())))
                for ear, delay in zip(pair, delays, strict=True)
            ]
            pair = np.zeros((2, max(map(len, late))))
            for ear, response in zip(pair, late, strict=True):
                ear[: len(response)] = response
        pair = _cut(_at_our_rate(pair, measured.rate_hz))
        if pair.shape[1] > MAX_TAPS:
            raise RequestError(
                f"{self.name} has responses of {pair.shape[1]} samples at {SAMPLE_RATE_HZ} Hz, "
                f"expected {MAX_TAPS} at most: those of a head, without a room"
            )
        return pair / position.distance_m

    @property
    def _loaded(self) -> Measurements:
        if self._measured is None:
            raise RequestError(
                f"the SOFA file {self.name} is named and not loaded: SofaFile.load reads it"
            )
        return self._measured

    def _index(self, position: SourcePosition) -> int:
        """Return the index of the measurement nearest to a place."""
        places = self._loaded.positions
        azimuths, elevations = np.radians(places[:, :2].T)
        asked = np.radians([-position.azimuth_deg, position.elevation_deg])
        cosine = np.sin(elevations) * np.sin(asked[1]) + np.cos(elevations) * np.cos(
            asked[1]
        ) * np.cos(azimuths - asked[0])
        nearest = np.flatnonzero(cosine >= cosine.max() - 1e-9)
        away = np.abs(places[nearest, 2] - position.distance_m)
        return int(nearest[np.argmin(away)])


def _at_our_rate(pair: Float64Array, rate_hz: float) -> Float64Array:
    """Return responses `[2, taps]` at 48 kHz that filter as they do at their own rate."""
    if rate_hz == SAMPLE_RATE_HZ:
        return pair
    soxr = _soxr()
    padded = np.pad(pair, [(0, 0), (_ROOM, _ROOM)])
    resampled: Float64Array = soxr.resample(padded.T, rate_hz, SAMPLE_RATE_HZ, "VHQ").T
    return resampled * (rate_hz / SAMPLE_RATE_HZ)


def _soxr() -> Any:
    try:
        import soxr  # noqa: PLC0415
    except ImportError as reason:
        raise DependencyError.missing("soxr", needed_by="a SOFA file of another rate") from reason
    return soxr


def _cut(pair: Float64Array) -> Float64Array:
    """Leave out the silence at both ends that the ears have in common."""
    loud = np.flatnonzero(np.abs(pair).max(axis=0) > _QUIET * np.abs(pair).max())
    if not len(loud):
        return np.zeros((2, 1))
    return pair[:, loud[0] : loud[-1] + 1]
