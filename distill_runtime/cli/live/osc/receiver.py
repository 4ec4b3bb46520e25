"""OSC in: packets from a UDP socket, whatever is in them."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence

from pythonosc.osc_packet import OscPacket

from distill_runtime.cli.live.instrument import Instrument
from distill_runtime.cli.live.notices import Notices
from distill_runtime.cli.live.osc.addresses import perform
from distill_runtime.cli.live.osc.endpoint import udp_socket, unusable
from distill_runtime.errors import DistillError

_SOURCE, _OPTION = "OSC", "--osc-in"
_MAX_PACKET_BYTES = 65_535
_LOOK_UP_S = 0.05  # how soon a closed receiver notices


class OscReceiver:
    """Plays an instrument by what comes to a port, on a thread of its own.

    Packets are taken as they come: the times that bundles may name are not waited for.
    """

    def __init__(
        self,
        endpoint: tuple[str, int],
        instrument: Instrument,
        notices: Notices,
        *,
        ask_state: Callable[[], None] | None = None,
    ) -> None:
        """Begin to listen.

        Args:
            endpoint: Host and port; port 0 has the system choose one.
            instrument: What is played.
            notices: What is told of packets that do not fit.
            ask_state: Called when a message asks for the state.

        Raises:
            FailureError: The port cannot be listened to.
        """
        self._instrument, self._notices, self._ask_state = instrument, notices, ask_state
        self._closing = threading.Event()
        _silence_python_osc()
        self._socket, address = udp_socket(*endpoint, option=_OPTION)
        try:
            self._socket.bind(address)
            self._socket.settimeout(_LOOK_UP_S)
        except OSError as error:
            self._socket.close()
            raise unusable(*endpoint, error, option=_OPTION) from None
        self._thread = threading.Thread(target=self._run, name="osc-in", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is listened to."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Stop listening."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def take(self, packet: bytes) -> None:
        """Do what a packet says. Nothing in it is an error to whoever calls this."""
        try:
            messages = list(_messages(packet))
        except Exception as error:  # python-osc meets what nobody foresaw in its own ways
            self._notices.refuse(
                _SOURCE, f"a packet of {len(packet)} bytes is not OSC ({type(error).__name__})"
            )
            return
        if not messages:
            self._notices.refuse(_SOURCE, f"a packet of {len(packet)} bytes holds no message")
        for address, values in messages:
            try:
                if address == "/distill/state" and self._ask_state is not None:
                    self._ask_state()
                else:
                    perform(self._instrument, address, values)
            except DistillError as error:
                self._notices.refuse(_SOURCE, error)

    def _run(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(OSError):  # a timeout; an echo of a port that is not there
                packet, _ = self._socket.recvfrom(_MAX_PACKET_BYTES)
                self.take(packet)


def _messages(packet: bytes) -> Iterator[tuple[str, Sequence[object]]]:
    """Yield address and values of every message of a packet."""
    for timed in OscPacket(packet).messages:
        yield timed.message.address, list(timed.message.params)


def _silence_python_osc() -> None:
    """Keep python-osc from writing into the terminal what it thinks of strange packets.

    It logs through the root logger, which would set itself up to print.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())
