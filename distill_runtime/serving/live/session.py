"""One client that plays live: its messages in their order, each answered before the next is read.

Every message has one answer: `ready`, `moved`, samples, `state`, or `error`, which changes nothing.
A client may say several things ahead of the answers; what it plays depends on their order alone.
Samples come as binary messages, little-endian, the channels interleaved.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from distill_runtime.arrays import Float32Array
from distill_runtime.audio_file.quantize import Quantizer, to_bytes
from distill_runtime.errors import DistillError, RequestError
from distill_runtime.generation.live.handed_stream import HandedStream
from distill_runtime.serving.body import parsed
from distill_runtime.serving.crew import Crew
from distill_runtime.serving.figures import Figures
from distill_runtime.serving.live import words
from distill_runtime.serving.live.keeper import MAX_STATE_CHARS, Keeper
from distill_runtime.serving.models import Model, Models
from distill_runtime.serving.problems import ProblemError, document
from distill_runtime.serving.settings import Limits

PROTOCOL = "distill.live"
# https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1, and the registry of close codes.
_GOING_AWAY, _WRONG, _TOO_LARGE, _FAILED, _TRY_AGAIN = 1001, 1008, 1009, 1011, 1013


class _LeaveError(Exception):
    """The connection ends.

    Attributes:
        code: Of its end.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Session:
    """Answers a client until it goes.

    Args:
        socket: How it is connected.
        models: What there is to play.
        crew: Who renders.
        keeper: Who signs states.
        figures: What is told.
        limits: How much is done.
    """

    def __init__(
        self,
        socket: WebSocket,
        models: Models,
        crew: Crew,
        keeper: Keeper,
        figures: Figures,
        limits: Limits,
    ) -> None:
        self._socket, self._models, self._crew = socket, models, crew
        self._keeper, self._figures, self._limits = keeper, figures, limits
        self._encoding = words.ENCODINGS[0]
        self._stream: HandedStream | None = None

    async def run(self) -> None:
        """Let the client in, if there is a place, and answer it."""
        offered = self._socket.scope.get("subprotocols", ())
        await self._socket.accept(PROTOCOL if PROTOCOL in offered else None)
        try:
            leave = self._crew.take_live()
        except ProblemError as problem:
            await self._end(_TRY_AGAIN, problem.detail)
            return
        try:
            while True:
                await self._answer(await self._message())
        except _LeaveError as reason:
            await self._end(reason.code, str(reason))
        except (WebSocketDisconnect, OSError):
            pass
        finally:
            leave()

    async def _message(self) -> Mapping[str, Any]:
        """Return what the client says next.

        Raises:
            _LeaveError: It says nothing, or what nobody understands.
            WebSocketDisconnect: It has gone.
        """
        patience_s = self._limits.idle_timeout_s
        try:
            message = await asyncio.wait_for(self._socket.receive(), patience_s)
        except TimeoutError:
            raise _LeaveError(_GOING_AWAY, f"nothing was said for {patience_s:g} s") from None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is None:
            raise _LeaveError(_WRONG, "a message is expected as text, in JSON")
        if len(text) > MAX_STATE_CHARS + self._limits.max_body_bytes:
            raise _LeaveError(_TOO_LARGE, "the message is too large")
        try:
            found = parsed(text)
            kind = words.kind_of(found)
        except RequestError as error:
            raise _LeaveError(_WRONG, str(error)) from None
        if kind != words.RESUME and len(text) > self._limits.max_body_bytes:
            raise _LeaveError(_TOO_LARGE, "the message is too large")
        assert isinstance(found, Mapping)
        return found

    async def _answer(self, message: Mapping[str, Any]) -> None:
        """Do what a message says; what is refused changes nothing."""
        try:
            await self._do(words.kind_of(message), message)
        except ProblemError as problem:
            await self._refuse(problem)
        except DistillError as error:
            meaning = ProblemError.of(error)
            await self._refuse(meaning)
            if not isinstance(error, RequestError):
                raise _LeaveError(_FAILED, meaning.detail) from None

    async def _do(self, kind: str, message: Mapping[str, Any]) -> None:
        if kind in (words.BEGIN, words.RESUME):
            await self._begin(kind, message)
            return
        stream = self._stream
        if stream is None:
            raise RequestError(f"type is {kind!r}, expected begin or resume first")
        if kind == words.MOVE:
            words.move(stream, message)
            self._figures.live_moves.inc()
            await self._say("moved", {"position": stream.position})
        elif kind == words.READ:
            count = words.samples(message)
            block = await self._crew.call(stream.read, count)
            self._figures.live_samples.inc(count)
            await self._send(self._socket.send_bytes(_encoded(block, self._encoding)))
        else:
            state = await self._crew.call(lambda: self._keeper.written(stream.hand_over()))
            await self._say(words.STATE, {words.STATE: state, "position": stream.position})

    async def _begin(self, kind: str, message: Mapping[str, Any]) -> None:
        if self._stream is not None:
            raise RequestError(f"type is {kind!r}, and the sound has begun: connect anew")
        encoding = words.encoding(message)

        def begun() -> tuple[Model, HandedStream]:
            if kind == words.BEGIN:
                model, handover = words.beginning(message, self._models)
            else:
                handover = self._keeper.read(message.get(words.STATE))
                model = self._models.with_hash(handover.sha256)
            return model, HandedStream(model.artifact, handover)

        model, stream = await self._crew.call(begun)
        self._stream, self._encoding = stream, encoding
        await self._say(
            "ready",
            {
                "model": model.name,
                "sha256": model.artifact.sha256,
                "sample_rate_hz": model.artifact.sample_rate_hz,
                "channels": stream.channels,
                "encoding": encoding,
                "gain": stream.gain,
                "position": stream.position,
            },
        )

    async def _refuse(self, problem: ProblemError) -> None:
        await self._say("error", document(problem.status, problem.detail))

    async def _say(self, kind: str, content: Mapping[str, Any]) -> None:
        await self._send(self._socket.send_text(json.dumps({**content, "type": kind})))

    async def _send(self, sending: Any) -> None:
        """Wait for the client to read on, but not for ever."""
        try:
            await asyncio.wait_for(sending, self._limits.stalled_timeout_s)
        except TimeoutError:
            raise _LeaveError(_GOING_AWAY, "nothing was read any more") from None

    async def _end(self, code: int, reason: str) -> None:
        # A reason has room for 123 bytes (RFC 6455, section 5.5).
        await asyncio.wait_for(
            self._socket.close(code, reason.encode()[:120].decode("utf-8", "ignore")), 5
        )


def _encoded(block: Float32Array, encoding: str) -> bytes:
    """Return samples `[channels, samples]` as they are sent."""
    bit_depth = 32 if encoding == "f32" else 16
    return to_bytes(Quantizer(bit_depth, None).push(block), bit_depth)
