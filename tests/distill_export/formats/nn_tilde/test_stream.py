"""A method's stream, with a step whose sound says what it was made of.

The step's sound rises from the value of the latent before to its own, as chunks fade into each
other; so what is heard tells which latent vectors were rendered, and a click would be a jump.
"""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.formats.nn_tilde.fade import FADE_SAMPLES
from distill_export.formats.nn_tilde.place import GivenPlace
from distill_export.formats.nn_tilde.stream import Stream
from distill_runtime.contract import HOP_FRAMES, HOP_LENGTH, STEP_SAMPLES

RISE = (1.0 - torch.cos(torch.linspace(0.0, torch.pi, STEP_SAMPLES))) / 2.0
NONE = torch.zeros(0, dtype=torch.float64)
STEEPEST = 0.005  # of a move by 1 that is faded in, and of the step's own rise


class Rising:
    """Counts its calls; the state is the latent before and whether there was one."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(
        self, latent: torch.Tensor, state: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.calls += 1
        value = latent[0, 0, 0]
        audio = (1.0 - RISE) * state[0, 0] + RISE * value
        return audio[None], torch.stack([value, torch.tensor(1.0)])[None]


def stream() -> Stream:
    return Stream(Rising(), GivenPlace(1), 2)


def play(
    player: Stream, signals: torch.Tensor, blocks: list[int], answers: int = 10
) -> torch.Tensor:
    """Play `[batch, windows]` in blocks of so many windows, taken in turn."""
    sounds, start = [], 0
    for count in itertools.cycle(blocks):
        if start >= signals.shape[1]:
            return torch.cat(sounds, dim=1)
        block = signals[:, None, start : start + count]
        sounds.append(player(block, NONE, answers))
        start += count
    raise AssertionError


def moves(seed: int, windows: int, batch: int = 1) -> torch.Tensor:
    """Values that rest, jump and glide."""
    random = torch.Generator().manual_seed(seed)
    jumps = torch.rand(batch, windows // 16, generator=random).repeat_interleave(16, dim=1)
    glide = torch.linspace(0.0, 1.0, 40).repeat(batch, 1)
    return torch.cat([jumps, glide, jumps[:, :30]], dim=1)


@settings(max_examples=20, deadline=None)
@given(
    blocks=st.lists(st.sampled_from([1, 2, 4, 8, 16, 32, 64]), min_size=1, max_size=5),
    answers=st.sampled_from([0, 1, 10, 94]),
    seed=st.integers(0, 99),
)
def test_blocks_of_any_size_are_one_sound(blocks: list[int], answers: int, seed: int) -> None:
    signals = moves(seed, 160)
    expected = play(stream(), signals, [len(signals[0])], answers)
    assert expected.shape == (1, HOP_LENGTH * signals.shape[1])
    assert torch.equal(play(stream(), signals, blocks, answers), expected)


@pytest.mark.parametrize("answers", [0, 10, 94])
def test_there_is_no_click(answers: int) -> None:
    sound = play(stream(), moves(3, 400), [4], answers)
    assert sound.std() > 0.1
    assert sound.diff().abs().max() < STEEPEST


@pytest.mark.parametrize("answers", [0, 10])
def test_rows_know_nothing_of_each_other(answers: int) -> None:
    signals = moves(5, 200, batch=2)
    both = play(stream(), signals, [8], answers)
    for row in range(2):
        assert torch.equal(both[row], play(stream(), signals[row : row + 1], [8], answers)[0])


def test_a_move_is_heard_after_a_window_and_whole_after_the_fade() -> None:
    signals = torch.zeros(1, 150)
    signals[0, 120:] = 1.0
    sound = play(stream(), signals, [2])[0]
    start = 120 * HOP_LENGTH
    assert not sound[:start].any()
    assert sound[start + 600] > 0.1
    assert torch.equal(
        sound[start + FADE_SAMPLES :], torch.ones_like(sound[start + FADE_SAMPLES :])
    )


def test_a_move_in_the_first_step_and_at_a_steps_end() -> None:
    for window in (1, 45, 46, 47, 93):
        signals = torch.zeros(1, 200)
        signals[0, window:] = 1.0
        sound = play(stream(), signals, [1])[0]
        assert sound.diff().abs().max() < STEEPEST
        # In the last window there is no room for the fade: it waits for the next one.
        later = (window + (window % HOP_FRAMES == HOP_FRAMES - 1)) * HOP_LENGTH
        assert not sound[: later - 1].any()
        if window > HOP_FRAMES:
            assert sound[later + FADE_SAMPLES] == 1.0


def test_without_answers_a_move_waits_for_the_next_step() -> None:
    signals = torch.zeros(1, 2 * HOP_FRAMES)
    signals[0, 10:] = 1.0
    sound = play(stream(), signals, [1], 0)[0]
    assert not sound[:STEP_SAMPLES].any()
    assert torch.equal(sound[STEP_SAMPLES:], RISE)


def test_so_many_moves_a_second_are_answered() -> None:
    signals = torch.linspace(0.0, 1.0, 10 * HOP_FRAMES)[
        None
    ]  # moves all the time, for five seconds
    for answers in (0, 4, 10):
        player = stream()
        play(player, signals, [4], answers)
        answered = (player.step.calls - 10) / 2  # each renders two steps
        assert 0.9 * 5 * answers - 1 <= answered <= 5 * answers


def test_a_reset_begins_anew_without_a_click() -> None:
    signals, fresh = moves(1, 100), moves(2, 100)
    # Where less than the fade is left of a step, the next one's beginning has to be there first.
    for heard, late in ((1, 0), (45, 0), (46, 2), (47, 1), (60, 0)):
        player = stream()
        before = play(player, signals[:, :heard] + 1.0, [1])
        player.reset()
        after = play(player, fresh, [4])
        assert torch.cat([before, after], dim=1).diff().abs().max() < 2 * STEEPEST
        expected = play(stream(), fresh[:, late:], [1])
        begun = after[:, late * HOP_LENGTH :]
        assert torch.equal(begun[:, FADE_SAMPLES:], expected[:, FADE_SAMPLES:])


def test_a_reset_before_anything_was_played_changes_nothing() -> None:
    player = stream()
    player.reset()
    assert torch.equal(play(player, moves(1, 60), [4]), play(stream(), moves(1, 60), [4]))


def test_another_number_of_rows_begins_anew() -> None:
    player = stream()
    play(player, moves(1, 60), [4])
    both = moves(2, 60, batch=2)
    assert torch.equal(play(player, both, [4]), play(stream(), both, [4]))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 3e38])
def test_what_is_no_number_does_no_harm(bad: float) -> None:
    signals = moves(1, 200)
    signals[0, 20:30] = bad
    sound = play(stream(), signals, [4])
    assert torch.isfinite(sound).all()
    assert torch.equal(
        sound[:, 160 * HOP_LENGTH :], play(stream(), moves(1, 200), [4])[:, 160 * HOP_LENGTH :]
    )


def test_a_sound_that_is_no_number_is_silence_and_passes() -> None:
    player = stream()
    rising = player.step

    def broken(latent: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        audio, following = rising(latent, state)
        return (audio, following) if latent[0, 0, 0] < 9 else (audio * torch.nan, following)

    player.step = broken
    signals = torch.full((1, 6 * HOP_FRAMES), 0.5)
    signals[0, HOP_FRAMES : 2 * HOP_FRAMES] = 10.0
    sound = play(player, signals, [1], 0)[0]
    assert torch.isfinite(sound).all()
    assert not sound[STEP_SAMPLES : 2 * STEP_SAMPLES].any()
    assert torch.equal(sound[3 * STEP_SAMPLES :], torch.full((3 * STEP_SAMPLES,), 0.5))
