"""A method's endless sound in TorchScript, in blocks of whatever size its host asks for.

A step of the model is 47 windows of 512 samples. In each window the stream takes the last values of
its inlets, and what it does depends on the number of the window alone: so a sound is the same in
blocks of any size.
"""

# No postponed annotations: TorchScript reads the types of attributes as they are.
from typing import Any

import torch
from torch import nn

from distill_export.formats.nn_tilde.fade import FADE_SAMPLES, crossfade, rising
from distill_runtime.contract import HOP_FRAMES, HOP_LENGTH


class Stream(nn.Module):
    """Rows of sound that know nothing of each other, each with the step that it plays.

    A move is answered while a step plays: the two chunks that sound are decoded anew, from the
    state before them, and faded in.

    Args:
        step: One step of one row, traced.
        place: Where the signals lead.
        state_size: Of the model's state.
    """

    audio: list[torch.Tensor]
    held: list[torch.Tensor]
    before: list[torch.Tensor]
    middle: list[torch.Tensor]
    after: list[torch.Tensor]
    leaving: list[torch.Tensor]
    phases: list[int]
    rests: list[int]

    def __init__(self, step: Any, place: Any, state_size: int) -> None:
        super().__init__()
        self.step, self.place, self.state_size = step, place, state_size
        self.windows, self.window_samples = HOP_FRAMES, HOP_LENGTH
        self.fade_samples = FADE_SAMPLES
        self.rise = rising(FADE_SAMPLES)
        # Of each row: its step's sound, what that was asked for, the model's state before the step
        # before, before the step and after it, the end of a sound that was reset, how far the drift
        # has come, and for how many windows no move was answered.
        self.audio, self.held, self.leaving = [], [], []
        self.before, self.middle, self.after = [], [], []
        self.phases, self.rests = [], []
        self.window = HOP_FRAMES  # that is played next; this one asks for a step
        self.steps = 0  # since the beginning, with the one that plays
        self.is_over = False

    def reset(self) -> None:
        """Let the sound begin anew with the next block, without a click."""
        self.is_over = True

    def forward(self, signals: torch.Tensor, settings: torch.Tensor, answers: int) -> torch.Tensor:
        """Play the next windows.

        Args:
            signals: `[batch, inlets, windows]`, the inlets' values.
            settings: `[count]`, what else is asked of every row, in float64.
            answers: How many moves a second are answered before the next step at most; with 0 they
                wait for it.

        Returns:
            `[batch, 512 * windows]`.
        """
        batch = signals.size(0)
        if batch != len(self.audio):
            self._begin(batch)
        asked = torch.nan_to_num(signals.to(torch.float64), 0.0)
        played: list[torch.Tensor] = []
        for window in range(signals.size(2)):
            if self.is_over:
                self._end()
            begins = self.window == self.windows
            if begins:
                self.window = 0
                self.steps += 1
            start = self.window * self.window_samples
            for row in range(batch):
                wanted = torch.cat([asked[row, :, window], settings])
                self._prepare(row, wanted, begins, answers)
                played.append(self.audio[row][start : start + self.window_samples])
            self.window += 1
        sound = torch.cat(played).view(-1, batch, self.window_samples)
        return sound.transpose(0, 1).reshape(batch, -1)

    def _begin(self, batch: int) -> None:
        fresh = torch.zeros(1, self.state_size)
        silence = torch.zeros(self.windows * self.window_samples)
        self.audio = [silence for _ in range(batch)]
        self.held = [silence for _ in range(batch)]
        self.before = [fresh for _ in range(batch)]
        self.middle = [fresh for _ in range(batch)]
        self.after = [fresh for _ in range(batch)]
        self.leaving = [silence[:0] for _ in range(batch)]
        self.phases = [0 for _ in range(batch)]
        self.rests = [self.windows * 2 for _ in range(batch)]
        self.window = self.windows
        self.steps = 0
        self.is_over = False

    def _end(self) -> None:
        """Begin anew, once there is enough of the old sound left to fade out with."""
        start = self.window * self.window_samples
        ends = [audio[start : start + self.fade_samples] for audio in self.audio]
        if self.steps > 0 and ends[0].size(0) < self.fade_samples:
            return
        started = self.steps > 0
        self._begin(len(ends))
        if started:
            self.leaving = ends

    def _prepare(self, row: int, wanted: torch.Tensor, begins: bool, answers: int) -> None:
        """Render what a row needs before its next window: a step, and the answer to a move.

        Both go through one call of the model, which a host then has to optimise once.
        """
        start = self.window * self.window_samples
        for is_answer in [False, True]:
            if is_answer:
                chunks = self._to_answer(row, wanted, answers)
                old, at = self.audio[row][start:], start
            else:
                chunks = self._to_extend(row, wanted, answers) if begins else 0
                old, at = self.leaving[row], 0
            if chunks > 0:
                sound = self._rendered(row, chunks)
                if old.size(0) > 0:
                    sound = self._faded(old, sound, at)
                self.audio[row] = sound
                self.leaving[row] = old[:0]

    def _to_extend(self, row: int, wanted: torch.Tensor, answers: int) -> int:
        """Turn to the next step of a row, and return how many chunks are to be rendered."""
        restarts = self.steps == 1
        if self.steps > 1 and answers == 0:
            restarts = self.place.restarts(self.held[row], wanted)
        if restarts:
            self.place.restart(row, wanted)
            self.phases[row] = -1
        if self.steps == 1 or answers == 0:
            self.held[row] = wanted
        self.phases[row] += 1
        self.before[row], self.middle[row] = self.middle[row], self.after[row]
        return 1

    def _to_answer(self, row: int, wanted: torch.Tensor, answers: int) -> int:
        """Turn to what a row is asked for, if it is another than before, but not too often."""
        self.rests[row] += 1
        left = (self.windows - self.window) * self.window_samples
        if self.rests[row] * answers < 2 * self.windows or left < self.fade_samples:
            return 0
        if torch.equal(wanted, self.held[row]):
            return 0
        self.rests[row] = 0
        chunks = min(self.steps, 2)
        if self.place.restarts(self.held[row], wanted):
            self.place.restart(row, wanted)
            self.phases[row] = chunks - 1
        self.held[row] = wanted
        return chunks

    def _rendered(self, row: int, chunks: int) -> torch.Tensor:
        """Return the sound of a row's step, and render so many of its chunks for that."""
        state = self.before[row] if chunks == 2 else self.middle[row]
        sound = self.audio[row]
        for i in range(chunks):
            self.middle[row] = state
            latent = self.place.latent(row, self.held[row], self.phases[row] - chunks + 1 + i)
            audio, state = self.step(latent.view(1, 1, -1), state)
            sound = audio[0]
            if not bool(torch.isfinite(torch.cat([sound, state[0]])).all().item()):
                # What a model far outside of what it learned may do; its state would keep it.
                sound, state = torch.zeros_like(sound), torch.zeros_like(state)
        self.after[row] = state
        return sound

    def _faded(self, old: torch.Tensor, new: torch.Tensor, start: int) -> torch.Tensor:
        """Return the new sound, into which the old one fades from sample `start` on."""
        end = start + self.fade_samples
        fade = crossfade(old[: self.fade_samples], new[start:end], self.rise)
        return torch.cat([new[:start], fade, new[end:]])
