"""OSC out: where the faders stand, when they move, and the level twenty times a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from pythonosc.osc_message_builder import OscMessageBuilder

from distill_runtime.cli.live.fader import CONTROL, SLIDER, Fader
from distill_runtime.cli.live.instrument import Instrument, LiveState
from distill_runtime.cli.live.notices import Notices
from distill_runtime.cli.live.osc.addresses import ROOT
from distill_runtime.cli.live.osc.endpoint import udp_socket
from distill_runtime.files.paths import why

PERIOD_S = 0.05
_MAX_INT32 = 2**31 - 1
Values = tuple[float | int | str, ...]


class OscSender:
    """Tells another program how an instrument stands, on a thread of its own."""

    def __init__(self, endpoint: tuple[str, int], instrument: Instrument, notices: Notices) -> None:
        """Begin to tell: everything at first, then what changes.

        Raises:
            FailureError: There is no such host.
        """
        self._instrument, self._notices = instrument, notices
        self._closing, self._all = threading.Event(), threading.Event()
        self._socket, self._address = udp_socket(*endpoint, option="--osc-out")
        self._thread = threading.Thread(target=self._run, name="osc-out", daemon=True)
        self._thread.start()

    def tell_all(self) -> None:
        """Tell everything once more, for whoever has just begun to listen."""
        self._all.set()

    def close(self) -> None:
        """Stop telling."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        told: dict[str, Values] = {}
        while not self._closing.wait(PERIOD_S):
            if self._all.is_set():
                self._all.clear()
                told = {}
            now = dict(state_messages(self._instrument.faders, state := self._instrument.state()))
            for address, values in now.items():
                if told.get(address) != values:
                    self._send(address, values)
            told = now
            self._send(f"{ROOT}meter", (state.peak_db, state.load, state.underruns))

    def _send(self, address: str, values: Values) -> None:
        message = OscMessageBuilder(address)
        for value in values:
            # A seed may need 64 bits; what needs no more than 32 is what every program reads.
            message.add_arg(value, "h" if isinstance(value, int) and value > _MAX_INT32 else None)
        try:
            self._socket.sendto(message.build().dgram, self._address)
        except OSError as error:
            self._notices.refuse("OSC out", f"the system refuses to send: {why(error)}")


def state_messages(faders: tuple[Fader, ...], state: LiveState) -> Iterator[tuple[str, Values]]:
    """Yield address and values of each thing that can change, but the level."""
    for fader, position in zip(faders, state.positions, strict=True):
        if fader.kind == SLIDER:
            yield f"{ROOT}slider/{fader.index}", (position, fader.title)
        elif fader.kind == CONTROL:
            yield f"{ROOT}control/{fader.title}", (position,)
        else:
            yield f"{ROOT}{fader.kind}", (position,)
    yield f"{ROOT}hold", (int(state.hold),)
    yield f"{ROOT}seed", (state.seed,)
    yield f"{ROOT}walking", (int(state.walking),)
