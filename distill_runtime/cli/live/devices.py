"""What there is to play through and by: sound devices and MIDI ports."""

from __future__ import annotations

from distill_runtime.cli.console import show
from distill_runtime.cli.live import extras
from distill_runtime.cli.live.quiet import quiet_libraries


def list_devices() -> None:
    """Print the sound devices and MIDI ports that there are.

    Raises:
        DependencyError: What asks for them is not installed.
    """
    extras.require({**extras.SOUND, **extras.MIDI})
    from distill_runtime.cli.live.midi.ports import describe_ports  # noqa: PLC0415
    from distill_runtime.cli.live.sound_out.sound_card import describe_devices  # noqa: PLC0415

    with quiet_libraries():
        found = f"{describe_devices()}\n{describe_ports()}"
    show(found)
