"""Playing live by the options: everything is opened, played on, and closed again in order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace

from distill_runtime import LiveStream
from distill_runtime.cli.console import say, show_path
from distill_runtime.cli.live import extras
from distill_runtime.cli.live.instrument import Instrument
from distill_runtime.cli.live.midi.hands import MidiHands
from distill_runtime.cli.live.midi.mapping import MidiMapping
from distill_runtime.cli.live.midi.mapping_file import load_mapping, save_mapping
from distill_runtime.cli.live.no_page import play_without_page
from distill_runtime.cli.live.notices import Notices
from distill_runtime.cli.live.options import LiveOptions
from distill_runtime.cli.live.quiet import quiet_libraries
from distill_runtime.cli.live.recorder import Recorder
from distill_runtime.cli.live.sound_out.opening import open_sound_out
from distill_runtime.cli.live.sound_out.output import NO_DEVICE, SoundOut
from distill_runtime.cli.live.stage import Ending, Stage
from distill_runtime.errors import FailureError, OutputError, RequestError
from distill_runtime.files.interruption import Interruption, held_back
from distill_runtime.files.paths import is_file


def play_live(options: LiveOptions) -> None:
    """Play until the player leaves.

    Raises:
        DistillError: It cannot be played, or what was played cannot be kept.
        KeyboardInterrupt: It was ended by Ctrl-C, or a signal.
    """
    options.check()
    extras.require(_needed(options))
    if options.page and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise RequestError("the page needs a terminal: --no-page plays without it")
    mapping = _mapping(options)
    with held_back() as interruption:
        artifact = options.load_artifact()
        with LiveStream(artifact, **options.start(artifact)) as stream:
            instrument = Instrument(stream)
            recorder = Recorder(
                instrument.sound,
                options.artifact.stem,
                path=options.record,
                overwrite=options.force,
            )
            try:
                ending = _play(options, instrument, recorder, mapping, interruption)
            finally:  # what was played is kept, however it ended
                if instrument.output.samples:
                    _keep(recorder, interruption)
    if ending is Ending.INTERRUPTED:
        raise KeyboardInterrupt


def _keep(recorder: Recorder, interruption: Interruption) -> None:
    kept = recorder.finish()
    if kept is None:
        return
    say(str(kept))
    try:
        show_path(kept.path)
    except (OutputError, BrokenPipeError):
        if not interruption.requested:  # by a terminal that was closed, which is not told
            raise


def _play(
    options: LiveOptions,
    instrument: Instrument,
    recorder: Recorder,
    mapping: MidiMapping,
    interruption: Interruption,
) -> Ending:
    notices = Notices(None if options.page else say)
    with ExitStack() as opened:
        hands = _midi(options, instrument, mapping, notices, opened)
        _osc(options, instrument, notices, opened)
        out = _sound_out(options, instrument, opened)
        stage = Stage(
            instrument, out, recorder, notices, hands, interruption, ends_after_s=options.duration_s
        )
        ending = _page()(stage) if options.page else play_without_page(stage)
    if out.failure is not None:
        raise FailureError(f"the sound has stopped: {out.failure}")
    return ending


def _needed(options: LiveOptions) -> Mapping[str, str]:
    needed: dict[str, str] = {}
    if options.device != NO_DEVICE:
        needed |= extras.SOUND
    if options.page:
        needed |= extras.PAGE
    if options.midi is not None:
        needed |= extras.MIDI
    if options.osc_in is not None or options.osc_out is not None:
        needed |= extras.OSC
    return needed


def _mapping(options: LiveOptions) -> MidiMapping:
    """Return the mapping that the options name; a file that is not there yet is an empty one."""
    path = options.mapping
    found = load_mapping(path) if path is not None and is_file(path) else MidiMapping()
    return found if options.midi_channel is None else replace(found, channel=options.midi_channel)


def _midi(
    options: LiveOptions,
    instrument: Instrument,
    mapping: MidiMapping,
    notices: Notices,
    opened: ExitStack,
) -> MidiHands | None:
    if options.midi is None:
        return None
    from distill_runtime.cli.live.midi.ports import open_midi_port  # noqa: PLC0415

    path = options.mapping
    hands = MidiHands(
        instrument,
        mapping,
        notices,
        keep=None if path is None else lambda changed: save_mapping(changed, path),
    )
    with quiet_libraries():
        port = open_midi_port(options.midi, hands.handle)
    opened.enter_context(closing(port))
    return hands


def _osc(options: LiveOptions, instrument: Instrument, notices: Notices, opened: ExitStack) -> None:
    tell_all: Callable[[], None] | None = None
    if (endpoint := options.osc_out_endpoint) is not None:
        from distill_runtime.cli.live.osc.sender import OscSender  # noqa: PLC0415

        sender = opened.enter_context(closing(OscSender(endpoint, instrument, notices)))
        tell_all = sender.tell_all
    if (endpoint := options.osc_in_endpoint) is not None:
        from distill_runtime.cli.live.osc.receiver import OscReceiver  # noqa: PLC0415

        opened.enter_context(
            closing(OscReceiver(endpoint, instrument, notices, ask_state=tell_all))
        )


def _sound_out(options: LiveOptions, instrument: Instrument, opened: ExitStack) -> SoundOut:
    with quiet_libraries():
        out = open_sound_out(
            options.device,
            sample_rate_hz=instrument.sound.sample_rate_hz,
            channels=instrument.sound.channels,
            block=options.block,
        )
        opened.callback(out.close)
        out.start(instrument.output.fill)
    return out


def _page() -> Callable[[Stage], Ending]:
    from distill_runtime.cli.live.page.app import play_with_page  # noqa: PLC0415

    return play_with_page
