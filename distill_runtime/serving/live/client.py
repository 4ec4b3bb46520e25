"""A client that plays live, and that plays on elsewhere when its server dies.

It keeps the last state that the server wrote, and what it said since. A server that takes over gets
both, and renders again what the client has heard already; the client hears no difference.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from distill_runtime.arrays import Float32Array
from distill_runtime.errors import FailureError, RequestError
from distill_runtime.serving.live.words import BEGIN, MOVE, READ, RESUME, STATE

_BETWEEN_TRIES_S = 0.2
_RETRIED = (1001, 1005, 1006, 1011, 1012, 1013)  # a server's end, not our mistake


class LiveClient:
    """Plays a live sound over a WebSocket; one thread at a time may use it.

    Args:
        address: `ws://127.0.0.1:8000/v1/live`.
        begin: What to begin with (`words.BEGIN`): model, seed, sliders, drift, stereo...
        token: That the server asks for, if it does.
        state_every_s: How many seconds of sound to play before the state is asked for again.
        patience_s: How long to look for a server, whenever there is none.

    Attributes:
        ready: What the server said when the sound began.
        reconnections: How often another server, or the same again, went on.

    Raises:
        RequestError: The server refuses what is asked.
        FailureError: There is no server.
    """

    def __init__(
        self,
        address: str,
        begin: Mapping[str, Any],
        *,
        token: str | None = None,
        state_every_s: float = 1.0,
        patience_s: float = 30.0,
    ) -> None:
        self._address, self._patience_s = address, patience_s
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._first: Mapping[str, Any] = {**begin, "type": BEGIN, "encoding": "f32"}
        self._since: list[Mapping[str, Any]] = []
        self._socket: ClientConnection | None = None
        self._connection = ExitStack()
        self.ready: Mapping[str, Any] = {}
        self.reconnections = -1
        self._samples = 0
        self._keep_state()  # so that whatever is drawn is settled
        self._state_every = round(state_every_s * self.ready["sample_rate_hz"])

    def move(self, **moves: Any) -> None:
        """Move sliders, controls, drift and so on (`words.MOVE`), from the next sample on.

        Raises:
            RequestError: It is refused, and changes nothing.
            FailureError: There is no server any more.
        """
        self._lasting({**moves, "type": MOVE})

    def read(self, samples: int) -> Float32Array:
        """Return the next samples `[channels, samples]`.

        Raises:
            RequestError: It is refused.
            FailureError: There is no server any more.
        """
        if self._samples >= self._state_every:
            self._keep_state()
        block = self._lasting({"type": READ, "samples": samples})
        self._samples += samples
        assert isinstance(block, bytes)
        return np.frombuffer(block, "<f4").reshape(samples, -1).T.astype(np.float32)

    def close(self) -> None:
        """Leave."""
        self._socket = None
        self._connection.close()

    def __enter__(self) -> LiveClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _keep_state(self) -> None:
        state = self._persistently({"type": STATE})[STATE]
        self._first = {"type": RESUME, STATE: state, "encoding": "f32"}
        self._since.clear()
        self._samples = 0

    def _lasting(self, message: Mapping[str, Any]) -> Any:
        """Say what changes the sound, and so is to be said again to who takes over."""
        answer = self._persistently(message)
        self._since.append(message)
        return answer

    def _persistently(self, message: Mapping[str, Any]) -> Any:
        """Return the answer to a message, of another server if this one has gone."""
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                if self._socket is None:
                    self._socket = self._connected()
                return _said(self._socket, message)
            except (ConnectionClosed, InvalidHandshake, OSError) as error:
                self.close()
                ended = error.rcvd if isinstance(error, ConnectionClosed) else None
                if ended is not None and ended.code not in _RETRIED:
                    raise RequestError(f"the server has ended it: {ended.reason}") from None
                if time.monotonic() > deadline:
                    raise FailureError(f"no server goes on at {self._address}: {error}") from None
                time.sleep(_BETWEEN_TRIES_S)

    def _connected(self) -> ClientConnection:
        """Return a connection to a server that has the sound where the last one had it."""
        opening = connect(self._address, additional_headers=self._headers, max_size=None)
        socket = self._connection.enter_context(opening)
        self.ready = _said(socket, self._first)
        for message in self._since:
            _said(socket, message)
        self.reconnections += 1
        return socket


def _said(socket: ClientConnection, message: Mapping[str, Any]) -> Any:
    """Say something and return the answer: an object, or the bytes of samples."""
    socket.send(json.dumps(message))
    answer = socket.recv()
    if isinstance(answer, bytes):
        return answer
    found = json.loads(answer)
    if found["type"] == "error":
        raise RequestError(found["detail"])
    return found
