"""The page by Textual's own pilot: what keys and mouse do, and what is then to be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import mido
import pytest
from textual.geometry import Offset
from textual.pilot import Pilot

from distill_runtime.cli.live.midi.mapping import Binding, MidiMapping
from distill_runtime.cli.live.page.app import LivePage
from distill_runtime.cli.live.page.bar_drawing import LINES
from distill_runtime.cli.live.page.fader_line import FaderLine
from distill_runtime.cli.live.stage import Ending, Stage
from distill_runtime.latents.sliders import random_positions
from tests.distill_runtime.cli.live.fake_sound import FakeSound, fake_artifact, fake_stage

Act = Callable[[LivePage, Pilot[Any]], Awaitable[None]]


def on_page(stage: Stage, act: Act, *, size: tuple[int, int] = (80, 24)) -> LivePage:
    """Do something on the page, and return it as it was left."""
    page = LivePage(stage, glyphs=LINES)

    async def run() -> None:
        async with page.run_test(size=size) as pilot:
            await pilot.pause()
            await act(page, pilot)

    asyncio.run(run())
    return page


def press(stage: Stage, *keys: str, size: tuple[int, int] = (80, 24)) -> list[str]:
    """Press keys and return the lines of the page then."""
    seen: list[str] = []

    async def act(page: LivePage, pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)
        seen.extend(await lines(page, pilot))

    on_page(stage, act, size=size)
    return seen


async def lines(page: LivePage, pilot: Pilot[Any]) -> list[str]:
    page._follow()
    await pilot.pause()
    strips = page.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


@pytest.fixture
def sound() -> FakeSound:
    return FakeSound()


@pytest.fixture
def stage(sound: FakeSound) -> Stage:
    return fake_stage(sound)


def test_all_is_seen_at_a_glance(stage: Stage) -> None:
    seen = press(stage)
    assert seen[0].startswith(" Rain  learned mono") and seen[0].endswith("seed 7")
    assert "-6.0 dB  load 10%  underruns 0  0:00" in seen[1]
    assert [line.strip() for line in (seen[2], seen[4])] == ["Controls", "Sliders"]
    assert seen[3].startswith("›Warmth")
    assert seen[5].startswith(" PC1 (Brightness)") and seen[5].endswith("0")
    assert "··───" in seen[5] and "━━●━━" in seen[5]
    assert [line.split()[0] for line in seen[8:10]] == ["Drift", "Level"]
    assert seen[-1].endswith("q quit")
    assert max(map(len, seen)) <= 80


@pytest.mark.parametrize("size", [(80, 24), (50, 24), (50, 12), (30, 8), (200, 60)])
def test_it_fits_any_terminal_and_the_chosen_fader_is_in_sight(
    stage: Stage, size: tuple[int, int]
) -> None:
    seen = press(stage, "end", size=size)
    assert len(seen) == size[1]
    assert max(map(len, seen)) <= size[0]
    assert any(line.startswith("›Level") for line in seen)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["right"], 1.0),
        (["left", "left"], -2.0),
        (["right", "shift+right", "shift+right"], 1.2),
        (["shift+left"], -0.1),
        (["full_stop", "full_stop", "comma"], 0.1),
        (["right", "0"], 0.0),
        (["left"] * 11, -10.0),
        (["right", "z"], 0.0),
    ],
)
def test_keys_move_the_chosen_fader(
    sound: FakeSound, stage: Stage, keys: list[str], expected: float
) -> None:
    seen = press(stage, "down", "down", *keys)
    assert sound.sliders == (0.0, expected, 0.0)
    assert seen[6].startswith("›PC2 (Loudness)")
    assert seen[6].endswith(f"{expected:+g}" if expected else " 0")


def test_keys_choose_and_stop_at_the_ends(sound: FakeSound, stage: Stage) -> None:
    press(stage, "up", "right", "end", "down", "left", "home", "j", "j", "k", "right")
    assert sound.controls == {"Warmth": 1.0}
    assert stage.instrument.output.level == 0.95
    assert sound.sliders == (1.0, 0.0, 0.0)


def test_letters_draw_walk_hold_and_drift(sound: FakeSound, stage: Stage) -> None:
    seen = press(stage, "s", "space", "d", "d", "D")
    assert sound.walks == [sound.seed]
    assert sound.hold
    assert sound.drift == 0.05
    assert seen[0].endswith(f"seed {sound.seed} HOLD")
    assert seen[-3].strip() == "held: space lets go"
    seen = press(stage, "space", "r")
    assert not sound.hold
    drawn = int(seen[-3].rpartition(" ")[2])
    assert sound.sliders == random_positions(sound.artifact.sliders, drawn)


def test_while_it_walks_no_slider_says_where_it_is_until_one_is_moved(
    sound: FakeSound, stage: Stage
) -> None:
    sound.walk(9)
    seen = press(stage)
    assert seen[0].endswith("walk of seed 9")
    assert seen[3].endswith(" 0")
    assert [line[-2:] for line in seen[5:8]] == [" -"] * 3
    seen = press(stage, "down", "right")
    assert seen[0].endswith(" seed 9") and "walk" not in seen[0]
    assert [line[-2:] for line in seen[5:8]] == ["+1", " 0", " 0"]


def test_the_mouse_presses_drags_and_turns(sound: FakeSound, stage: Stage) -> None:
    async def act(page: LivePage, pilot: Pilot[Any]) -> None:
        line = next(each for each in page.query(FaderLine) if each.fader.name == "PC2 (Loudness)")
        name_cells, bar_cells = line._layout()
        await pilot.click(line, offset=Offset(name_cells + bar_cells - 1, 0))
        assert sound.sliders[1] == 10.0
        await pilot.mouse_down(line, offset=Offset(name_cells, 0))
        assert sound.sliders[1] == -10.0
        await pilot.hover(line, offset=Offset(name_cells + bar_cells // 2, 0))
        assert abs(sound.sliders[1]) <= 0.5
        await pilot.hover(line, offset=Offset(0, 0))  # beyond the end while it is pressed
        assert sound.sliders[1] == -10.0
        await pilot.mouse_up(line, offset=Offset(0, 0))
        await pilot.hover(line, offset=Offset(name_cells + 5, 0))
        assert sound.sliders[1] == -10.0
        assert line.chosen
        await pilot.click(line, offset=Offset(2, 0))  # the name
        assert sound.sliders[1] == -10.0

    on_page(stage, act)
    assert sound.sliders[0] == sound.sliders[2] == 0.0


def test_names_out_of_a_file_are_shown_as_they_are_and_obeyed_by_nobody() -> None:
    labels = ("\x1b[31mred\x07", "[bold]b[/bold]", "[/", "水の音", "\u202eevil")
    sound = FakeSound(fake_artifact(labels=labels, controls=("[b]\nx",)))
    sound.artifact.metadata.model.name = "[red]\x1b]0;title\x07"
    seen = press(fake_stage(sound))
    assert seen[0].startswith(" [red] ]0;title")
    text = "\n".join(seen)
    for shown in ("[31mred", "[bold]b[/bold]", "[/ ", "水の音", " evil", "[b] x"):
        assert shown in text
    assert not {letter for letter in text if not letter.isprintable()} - {"\n"}


def test_a_controller_is_learned_on_the_page(sound: FakeSound) -> None:
    stage = fake_stage(sound, mapping=MidiMapping())
    assert stage.hands is not None
    hands = stage.hands

    async def act(page: LivePage, pilot: Pilot[Any]) -> None:
        await pilot.press("down", "l")
        seen = await lines(page, pilot)
        assert seen[5].endswith("learn")
        assert seen[-3].strip().startswith("move a controller for PC1 (Brightness)")
        hands.handle(mido.Message("control_change", control=21, value=127))
        seen = await lines(page, pilot)
        assert seen[5].endswith("+10  cc21")
        await pilot.press("down", "l", "escape")
        assert hands.learning is None
        await pilot.press("l", "l")
        assert hands.learning is None
        await pilot.press("up", "backspace")
        seen = await lines(page, pilot)
        assert seen[5].endswith("+10")

    on_page(stage, act)
    assert hands.mapping == MidiMapping()


def test_a_mapping_that_was_loaded_is_shown(sound: FakeSound) -> None:
    bindings = (Binding(7, None, "level", "Level", 0.0, 1.0),)
    seen = press(fake_stage(sound, mapping=MidiMapping(bindings=bindings)))
    assert seen[9].endswith("1.00   cc7")


def test_without_midi_learning_says_what_opens_it(stage: Stage) -> None:
    assert press(stage, "l")[-3].strip() == "there is no MIDI port: --midi PORT opens one"
    press(stage, "escape", "backspace")


def test_what_was_played_is_kept_while_it_plays(
    sound: FakeSound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stage = fake_stage(sound, path=Path("take.wav"))

    async def act(page: LivePage, pilot: Pilot[Any]) -> None:
        assert "rec 0:00" in (await lines(page, pilot))[1]
        await pilot.press("R")
        await page.workers.wait_for_complete()
        assert (await lines(page, pilot))[-3].strip() == "nothing was played yet"
        sound.read(64)
        await pilot.press("R")
        await page.workers.wait_for_complete()
        assert (await lines(page, pilot))[-3].strip() == ("the last 0:00 are in rain_live1.wav")

    on_page(stage, act)
    assert Path("rain_live1.wav").read_text("ascii") == "64"


def test_what_goes_wrong_is_seen(sound: FakeSound, stage: Stage) -> None:
    sound.underruns, sound.load, sound.peak = 3, 1.5, 0.0
    stage.out.late = 2
    stage.notices.refuse("OSC", "a packet of 4 bytes is not OSC (ParseError)")
    seen = press(stage)
    assert "quiet    load 150%  underruns 5  0:00  refused 1" in seen[1]
    assert "refused, and so silently what follows: a packet of 4 bytes" in seen[-3]


@pytest.mark.parametrize(
    ("key", "ending"),
    [("q", Ending.LEFT), ("ctrl+q", Ending.LEFT), ("ctrl+c", Ending.INTERRUPTED)],
)
def test_there_are_two_ways_to_leave(stage: Stage, key: str, ending: Ending) -> None:
    async def act(page: LivePage, pilot: Pilot[Any]) -> None:
        await pilot.press(key)

    assert on_page(stage, act).return_value is ending


@pytest.mark.parametrize("why", ["signal", "device", "time"])
def test_it_ends_by_itself(sound: FakeSound, why: str) -> None:
    stage = fake_stage(sound, ends_after_s=1.0)

    async def act(page: LivePage, pilot: Pilot[Any]) -> None:
        assert page.return_value is None
        stage.interruption.requested = why == "signal"
        stage.out.failure = "unplugged" if why == "device" else None
        stage.instrument.output.samples = 48_000 if why == "time" else 47_999
        page._follow()
        await pilot.pause()

    expected = Ending.INTERRUPTED if why == "signal" else Ending.LEFT
    assert on_page(stage, act).return_value is expected
