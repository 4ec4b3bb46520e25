"""The instrument: what keys, mouse, MIDI and OSC do to the sound, all by the same few moves."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from distill_runtime.cli.live.fader import (
    CONTROL,
    DRIFT,
    LEVEL,
    NEARNESS,
    SLIDER,
    Fader,
    faders_of,
)
from distill_runtime.cli.live.output_level import OutputLevel
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, finite
from distill_runtime.generation.live.live_stream import LiveStream
from distill_runtime.latents.seeds import SEED_LIMIT, check_seed
from distill_runtime.latents.sliders import random_positions

SILENCE_DB = -120.0
_FALL_DB_PER_S = 30.0  # how fast the meter comes down from a peak


@dataclass(frozen=True)
class LiveState:
    """How things stand.

    Attributes:
        positions: Where each fader is, in the faders' order.
        walking: Whether the sound goes its own way, and no slider says where it is.
        seed: Of the walk, or of the drift.
        hold: Whether the wandering is frozen.
        peak_db: The level that is heard, in dB of full scale, `SILENCE_DB` and more.
        load: Share of the time that rendering takes, 0 to 1.
        underruns: How often it was too slow, and a gap was heard.
        played_s: How long it has been playing.
    """

    positions: tuple[float, ...]
    walking: bool
    seed: int
    hold: bool
    peak_db: float
    load: float
    underruns: int
    played_s: float


class Instrument:
    """A live sound and its faders. Any thread may call any method."""

    def __init__(self, sound: LiveStream, *, now: Callable[[], float] = time.monotonic) -> None:
        """Take a live sound as it stands.

        Args:
            sound: What plays.
            now: The clock by which the meter falls, in seconds.
        """
        self.sound = sound
        self.output = OutputLevel(sound)
        self.faders = faders_of(sound.artifact)
        self._now = now
        self._lock = threading.Lock()  # a nudge reads and writes
        self._meter_lock = threading.Lock()
        self._peak_db, self._peak_at = SILENCE_DB, now()

    def position(self, fader: Fader) -> float:
        """Return where a fader stands."""
        if fader.kind == SLIDER:
            standing = self.sound.sliders
            return 0.0 if standing is None else float(standing[fader.index])
        if fader.kind == CONTROL:
            return float(self.sound.controls.get(fader.name, 0.0))
        if fader.kind == NEARNESS:
            return self.sound.nearness
        return float(self.sound.drift if fader.kind == DRIFT else self.output.level)

    def move(self, fader: Fader, value: object) -> None:
        """Move a fader.

        Raises:
            RequestError: The value is not a number between its ends.
        """
        number = finite(value)
        if number is None or not fader.low <= number <= fader.high:
            raise RequestError(
                f"{fader.kind} {brief(fader.title)} is to be {brief(value)}, expected a number "
                f"from {fader.low:g} to {fader.high:g}"
            )
        with self._lock:
            self._move(fader, number)

    def nudge(self, fader: Fader, steps: float) -> None:
        """Move a fader by so many of its steps, no further than to its end."""
        with self._lock:
            self._move(fader, fader.within(self.position(fader) + steps * fader.step))

    def reset(self, fader: Fader) -> None:
        """Move a fader to where it rests."""
        self.move(fader, fader.rest)

    def reset_all(self) -> None:
        """Move all sliders and controls to 0."""
        for fader in self.faders:
            if fader.kind in (SLIDER, CONTROL):
                self.reset(fader)

    def randomise(self, seed: int | None = None) -> int:
        """Move all sliders to a random place within their safe ranges.

        Args:
            seed: Of the draw, the same as that of `--randomize`; None draws one.

        Returns:
            The seed.

        Raises:
            RequestError: The model has no sliders, or the seed is not one.
        """
        seed = _drawn_seed() if seed is None else check_seed(seed)
        drawn = random_positions(self.sound.artifact.sliders, seed)
        with self._lock:
            self.sound.set_sliders(tuple(map(float, drawn)))
        return seed

    def walk(self, seed: int | None = None) -> int:
        """Go on from the random places of a seed; None draws one.

        Returns:
            The seed.

        Raises:
            RequestError: The seed is not one.
        """
        seed = _drawn_seed() if seed is None else check_seed(seed)
        with self._lock:
            self.sound.walk(seed)
        return seed

    def hold(self, held: bool | None = None) -> bool:
        """Freeze the wandering or let it go; None changes it. Returns what it is then."""
        with self._lock:
            self.sound.hold = not self.sound.hold if held is None else held
            return self.sound.hold

    def note(self, seed: int, level: float) -> None:
        """Play a key: the walk of its seed, as loud as it was struck.

        Args:
            seed: The key's.
            level: 0..1.
        """
        self.walk(seed)
        self.output.level = level

    def state(self) -> LiveState:
        """Return how things stand."""
        sound = self.sound
        return LiveState(
            positions=tuple(map(self.position, self.faders)),
            walking=sound.sliders is None,
            seed=sound.seed,
            hold=sound.hold,
            peak_db=self._metered(),
            load=sound.load,
            underruns=sound.underruns,
            played_s=self.output.samples / sound.sample_rate_hz,
        )

    def _move(self, fader: Fader, value: float) -> None:
        if fader.kind == SLIDER:
            self.sound.move_slider(fader.index, value)
        elif fader.kind == CONTROL:
            self.sound.move_control(fader.name, value)
        elif fader.kind == DRIFT:
            self.sound.drift = value
        elif fader.kind == NEARNESS:
            self.sound.nearness = value
        else:
            assert fader.kind == LEVEL, fader.kind
            self.output.level = value

    def _metered(self) -> float:
        """Return the level, which rises at once and falls slowly.

        The sound tells its peak only once, and several ask.
        """
        with self._meter_lock:
            peak = self.sound.take_peak() * self.output.level
            heard_db = 20.0 * math.log10(peak) if peak > 0.0 else SILENCE_DB
            now = self._now()
            fallen_db = self._peak_db - _FALL_DB_PER_S * (now - self._peak_at)
            self._peak_db, self._peak_at = max(heard_db, fallen_db, SILENCE_DB), now
            return self._peak_db


def _drawn_seed() -> int:
    return secrets.randbelow(SEED_LIMIT - 1)  # a second voice has the next one
