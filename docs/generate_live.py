"""Draw the page of `distill-run live` as it really looks while the demo model plays.

`make docs` runs it; it needs the demo artifact that `make demo` exports.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import mido

from distill_runtime import Artifact, LiveStream, StereoSettings
from distill_runtime.cli.live.fader import CONTROL, faders_of, find_fader
from distill_runtime.cli.live.instrument import Instrument
from distill_runtime.cli.live.midi.hands import MidiHands
from distill_runtime.cli.live.midi.mapping import Binding, MidiMapping
from distill_runtime.cli.live.notices import Notices
from distill_runtime.cli.live.page.app import LivePage
from distill_runtime.cli.live.page.bar_drawing import LINES
from distill_runtime.cli.live.recorder import Recorder
from distill_runtime.cli.live.sound_out.clock import Clock
from distill_runtime.cli.live.stage import Stage
from distill_runtime.files.interruption import Interruption

REPOSITORY = Path(__file__).parents[1]
ARTIFACT = REPOSITORY / "artifacts" / "ambience.onnx"
PICTURE = REPOSITORY / "docs" / "live.svg"
_SECONDS = 3.0
_POSITIONS = {0: 2.5, 1: -3.0, 4: -6.0, 6: 9.5}
_CONTROLS = {"Brightness": 3.0, "Noise": -4.5, "Movement": 6.0}
_CONTROLLERS = {"Brightness": 21, "Noise": 22, "Movement": 23}


async def page_of(stage: Stage) -> str:
    """Play for a while, and return the page as SVG."""
    page = LivePage(stage, glyphs=LINES)
    async with page.run_test(size=(80, 29)) as pilot:
        await pilot.press("down", "down", "down")
        await pilot.pause(_SECONDS)
        assert stage.hands is not None
        stage.hands.learn(None)
        stage.notices.tell("controller 23 moves Movement")
        await pilot.pause(0.2)
        return page.export_screenshot(title="distill-run live ambience.onnx --midi launch")


def without_fonts(picture: str) -> str:
    """Return the picture with the reader's own fonts instead of some from the network."""
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    return re.sub(r"[ \t]+$", "", picture, flags=re.MULTILINE).rstrip() + "\n"


def main() -> None:
    """Make the picture."""
    if not ARTIFACT.is_file():
        raise SystemExit("artifacts/ambience.onnx is not there: make demo first")
    artifact = Artifact.load(ARTIFACT)
    stereo = StereoSettings("mid-side")
    with LiveStream(
        artifact, sliders=_POSITIONS, controls=_CONTROLS, seed=7, drift=0.35, stereo=stereo
    ) as stream:
        instrument, notices = Instrument(stream), Notices()
        faders = faders_of(artifact)
        mapping = MidiMapping(
            bindings=tuple(
                Binding.of(find_fader(faders, CONTROL, name), controller, 1)
                for name, controller in _CONTROLLERS.items()
            )
        )
        hands = MidiHands(instrument, mapping, notices)
        hands.handle(mido.Message("control_change", control=23, value=90))
        out = Clock(sample_rate_hz=stream.sample_rate_hz, channels=stream.channels, block=256)
        out.start(instrument.output.fill)
        recorder = Recorder(instrument.sound, "ambience", path=Path("take.wav"))
        stage = Stage(instrument, out, recorder, notices, hands, Interruption())
        picture = asyncio.run(page_of(stage))
        out.close()
    PICTURE.write_text(without_fonts(picture), "utf-8")


if __name__ == "__main__":
    main()
