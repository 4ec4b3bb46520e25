"""OSC over the loopback for real: packets in, packets out, and packets that are none."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder, build_msg
from pythonosc.udp_client import SimpleUDPClient

from distill_runtime.cli.live.fader import DRIFT, find_fader
from distill_runtime.cli.live.instrument import Instrument
from distill_runtime.cli.live.notices import Notices
from distill_runtime.cli.live.osc.receiver import OscReceiver
from distill_runtime.cli.live.osc.sender import OscSender
from distill_runtime.errors import FailureError
from tests.distill_runtime.cli.live.fake_sound import FakeSound

HOST = "127.0.0.1"


def wait_for(condition: Callable[[], object], *, within_s: float = 10.0) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


class Rig:
    """An instrument that listens, a program that sends to it and one that hears it."""

    def __init__(self, opened: ExitStack) -> None:
        self.sound = FakeSound()
        self.instrument, self.notices = Instrument(self.sound), Notices()
        self.ear = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.ear.bind((HOST, 0))
        self.ear.settimeout(10.0)
        self.sender = opened.enter_context(
            closing(OscSender(self.ear.getsockname(), self.instrument, self.notices))
        )
        self.receiver = opened.enter_context(
            closing(
                OscReceiver(
                    (HOST, 0), self.instrument, self.notices, ask_state=self.sender.tell_all
                )
            )
        )
        self.client = SimpleUDPClient(HOST, self.receiver.port)
        opened.callback(self.client._sock.close)

    def heard(self, address: str) -> list[object]:
        """Return the values of the next message to an address."""
        while True:
            message = OscMessage(self.ear.recv(65_535))
            if message.address == address:
                return list(message.params)


@pytest.fixture
def rig() -> Iterator[Rig]:
    with ExitStack() as opened:
        yield Rig(opened)


def test_a_message_moves_a_slider_and_is_heard_back(rig: Rig) -> None:
    assert rig.heard("/distill/slider/1") == [0.0, "PC2 (Loudness)"]
    rig.client.send_message("/distill/slider/Loudness", 2.5)
    assert rig.heard("/distill/slider/1") == [2.5, "PC2 (Loudness)"]
    assert rig.sound.sliders == (0.0, 2.5, 0.0)


def test_what_changes_is_told_once_and_the_level_all_the_time(rig: Rig) -> None:
    assert rig.heard("/distill/control/Warmth") == [0.0]
    assert rig.heard("/distill/seed") == [7]
    level, load, underruns = rig.heard("/distill/meter")
    assert level == pytest.approx(-6.02, abs=0.01)
    assert (load, underruns) == (pytest.approx(0.1), 0)
    addresses = [OscMessage(rig.ear.recv(65_535)).address for _ in range(5)]
    assert addresses == ["/distill/meter"] * 5
    rig.instrument.move(find_fader(rig.instrument.faders, DRIFT, 0), 0.5)
    rig.sound.hold, rig.sound.seed = True, 4_000_000_000
    assert rig.heard("/distill/drift") == [0.5]
    assert rig.heard("/distill/hold") == [1]
    assert rig.heard("/distill/seed") == [4_000_000_000]


def test_the_level_is_told_some_twenty_times_a_second(rig: Rig) -> None:
    rig.heard("/distill/meter")
    started = time.monotonic()
    for _ in range(10):
        rig.heard("/distill/meter")
    assert 0.4 < time.monotonic() - started < 2.0


def test_whoever_asks_is_told_everything_once_more(rig: Rig) -> None:
    rig.heard("/distill/seed")
    rig.client.send_message("/distill/state", [])
    assert rig.heard("/distill/slider/2") == [0.0, "PC3 (Texture)"]


def test_a_bundle_is_done_at_once_whatever_time_it_names(rig: Rig) -> None:
    bundle = OscBundleBuilder(time.time() + 3600.0)
    bundle.add_content(build_msg("/distill/slider/0", 1.0))
    inner = OscBundleBuilder(IMMEDIATELY)
    inner.add_content(build_msg("/distill/drift", 0.5))
    bundle.add_content(inner.build())
    rig.client.send(bundle.build())
    wait_for(lambda: (rig.sound.sliders[0], rig.sound.drift) == (1.0, 0.5))


def nested(depth: int) -> bytes:
    """Return bundles within bundles, as deep as a packet has room for."""
    packet = b""
    for _ in range(depth):
        content = len(packet).to_bytes(4, "big") + packet if packet else b""
        packet = b"#bundle\x00" + bytes(7) + b"\x01" + content
    return packet


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"/",
        b"junk",
        b"/distill/slider/0\x00\x00\x00,[[[[\x00\x00\x00",
        b"/distill/slider/0\x00\x00\x00,b\x00\x00\x7f\xff\xff\xff",
        b"/distill/slider/\xff\xfe\x00\x00,f\x00\x00\x00\x00\x00\x00",
        b"#bundle\x00" + bytes(8) + b"\x7f\xff\xff\xff",
        b"/distill/slider/0\x00\x00\x00,q\x00\x00",
        nested(3000),
        OscMessageBuilder("/distill/slider/0").build().dgram,
        bytes(60_000),
    ],
    ids=lambda packet: f"{len(packet)}-{packet[:24]!r}",
)
def test_a_bad_packet_is_counted_and_the_next_one_is_heard(
    rig: Rig, packet: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    rig.client._sock.sendto(packet, (HOST, rig.receiver.port))
    rig.client.send_message("/distill/slider/1", 3.0)
    wait_for(lambda: rig.sound.sliders == (0.0, 3.0, 0.0))
    assert rig.notices.refused == 1
    assert rig.notices.latest.startswith("OSC refused")
    assert capfd.readouterr() == ("", "")  # python-osc would like to say something, too


@pytest.fixture(scope="module")
def listening() -> Iterator[OscReceiver]:
    with closing(OscReceiver((HOST, 0), Instrument(FakeSound()), Notices())) as receiver:
        yield receiver


@given(st.binary(max_size=200))
def test_whatever_a_packet_holds_nothing_is_raised(listening: OscReceiver, packet: bytes) -> None:
    listening.take(packet)
    listening.take(b"/distill/slider/0\x00\x00\x00,f\x00\x00" + packet[:4])
    listening.take(b"/distill/" + packet)


def test_a_port_that_is_taken_is_a_failure_in_one_line(rig: Rig) -> None:
    with pytest.raises(FailureError, match=r"--osc-in 127.0.0.1:\d+ cannot be used: Address"):
        OscReceiver((HOST, rig.receiver.port), rig.instrument, rig.notices)


def test_nobody_listening_is_no_error(rig: Rig) -> None:
    rig.ear.close()
    time.sleep(0.15)
    rig.client.send_message("/distill/slider/1", 3.0)
    wait_for(lambda: rig.sound.sliders[1] == 3.0)
    assert rig.notices.refused == 0
