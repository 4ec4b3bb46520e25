"""Playing without a page, for a machine that MIDI, OSC or nobody plays."""

from __future__ import annotations

import time

from distill_runtime.cli.console import say
from distill_runtime.cli.live.stage import Ending, Stage

_LOOK_UP_S = 0.05


def play_without_page(stage: Stage) -> Ending:
    """Wait until it ends; remarks are lines on stderr."""
    say(f"playing, seed {stage.instrument.sound.seed}: Ctrl-C ends")
    told = 0
    while (ending := stage.ended()) is None:
        time.sleep(_LOOK_UP_S)
        gaps = stage.instrument.sound.underruns + stage.out.late
        if gaps > told == 0:
            say("the machine is too slow here: there are gaps in the sound (--block may help)")
        told = gaps
    if told:
        say(f"{told} gaps in all")
    return ending
