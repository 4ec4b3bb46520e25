"""The answers, as an ASGI application: the page, the list of artifacts, and the artifacts.

A path is looked up among the names of what is handed out and never joined to a folder: what is not
one of those names is not there. https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, BinaryIO

from distill_runtime.cli.serve.access import Access, Refusal
from distill_runtime.cli.serve.headers import HEADERS
from distill_runtime.cli.serve.library import ARTIFACTS, LIST, Entry, Library
from distill_runtime.cli.serve.page_files import INDEX, content_type
from distill_runtime.errors import RequestError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_BLOCK_BYTES = 2**18
_PACKED_FROM_BYTES = 1024
_PACKED_ENDINGS = (".html", ".css", ".js", ".mjs", ".json", ".svg", ".wasm")
_GZIP_LEVEL = 6
_NOTHING = Refusal(404, "there is nothing under this name")


@dataclass(frozen=True)
class Asset:
    """A file of the page, in memory.

    Attributes:
        body: Its content.
        content_type: What it is.
        etag: Changes with the content.
        packed: The same with gzip, as soon as that is done; None if it is not worth it.
    """

    body: bytes
    content_type: str
    etag: str
    packed: Future[bytes] | None = None


class Application:
    """Answers requests; see the module."""

    def __init__(self, page: Mapping[str, bytes], library: Library, access: Access) -> None:
        """Begin to compress the page beside: a browser takes longer to start.

        Args:
            page: Its files by their paths.
            library: The artifacts.
            access: Who is answered.
        """
        self._library, self._access = library, access
        beside = ThreadPoolExecutor(1)
        self._assets = {path: _asset(path, body, beside) for path, body in page.items()}
        self._assets[""] = self._assets[INDEX]
        beside.shutdown(wait=False)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        answer = _Answer(send, headers, is_head=scope["method"] == "HEAD")
        refusal = self._access.refusal(scope["method"], headers)
        if refusal is not None:
            await answer.refuse(refusal)
            return
        name = self._access.below(scope["path"])
        if name is None:
            await answer.refuse(_NOTHING)
        elif name in self._assets:
            await answer.send_asset(self._assets[name])
        elif name == LIST:
            body = await asyncio.to_thread(self._library.document)
            await answer.send_asset(Asset(body, content_type(LIST), _etag(body)))
        elif name.startswith(ARTIFACTS):
            entry = await asyncio.to_thread(self._artifact, name.removeprefix(ARTIFACTS))
            await self._send_artifact(entry, answer, receive)
        else:
            await answer.refuse(_NOTHING)

    def _artifact(self, name: str) -> Entry | None:
        try:
            return self._library.entries().get(name)
        except RequestError:  # the folder is gone
            return None

    async def _send_artifact(self, entry: Entry | None, answer: _Answer, receive: Receive) -> None:
        file = None if entry is None else await asyncio.to_thread(entry.open)
        if entry is None or file is None:
            await answer.refuse(_NOTHING)
            return
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await answer.send_file(entry, file, gone)
        finally:
            gone.cancel()
            file.close()


class _Answer:
    """The answer to one request."""

    def __init__(self, send: Send, request: Mapping[str, str], *, is_head: bool) -> None:
        self._send, self._request, self._is_head = send, request, is_head

    async def refuse(self, refusal: Refusal) -> None:
        """Say why there is no answer."""
        own = {"Allow": "GET, HEAD"} if refusal.status == 405 else {}
        if refusal.status == 413:  # what follows is not read
            own["Connection"] = "close"
        body = f"{refusal.status}: {refusal.reason}\n".encode()
        own |= {"Content-Type": content_type("x.txt"), "Cache-Control": "no-store"}
        await self._start(refusal.status, own | {"Content-Length": str(len(body))})
        await self._finish(body)

    async def send_asset(self, asset: Asset) -> None:
        """Send what is in memory, packed for who takes that."""
        body, etag = asset.body, asset.etag
        own = {"Content-Type": asset.content_type, "Vary": "Accept-Encoding"}
        if asset.packed is not None and _takes_gzip(self._request.get("accept-encoding", "")):
            body = await asyncio.shield(asyncio.wrap_future(asset.packed))
            etag = f"{etag[:-1]}-gzip{etag[-1]}"
            own["Content-Encoding"] = "gzip"
        if not await self._is_known(etag):
            await self._start(200, own | _cached(etag) | {"Content-Length": str(len(body))})
            await self._finish(body)

    async def send_file(self, entry: Entry, file: BinaryIO, gone: asyncio.Future[None]) -> None:
        """Send an artifact; one that is changed meanwhile is not sent to its end.

        Args:
            entry: Which.
            file: It, open.
            gone: Done when nobody listens any more.
        """
        etag = f'"{entry.sha256}"'
        if await self._is_known(etag):
            return
        own = {"Content-Type": content_type(entry.name), "Content-Length": str(entry.size_bytes)}
        await self._start(200, own | _cached(etag))
        if self._is_head:
            await self._finish(b"")
            return
        left = entry.size_bytes
        while left and not gone.done():
            block = await asyncio.to_thread(file.read, min(left, _BLOCK_BYTES))
            if not block or not entry.is_unchanged(file):
                return  # less than was promised: the server cuts the connection
            left -= len(block)
            await self._send({"type": "http.response.body", "body": block, "more_body": bool(left)})

    async def _is_known(self, etag: str) -> bool:
        """Say so to who has the very content already."""
        asked = self._request.get("if-none-match", "")
        known = [tag.strip().removeprefix("W/") for tag in asked.split(",")]
        if etag not in known and asked.strip() != "*":
            return False
        await self._start(304, _cached(etag) | {"Vary": "Accept-Encoding"})
        await self._finish(b"")
        return True

    async def _start(self, status: int, own: Mapping[str, str]) -> None:
        headers = [(name.encode(), text.encode()) for name, text in {**HEADERS, **own}.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _finish(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": b"" if self._is_head else body})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _asset(path: str, body: bytes, beside: ThreadPoolExecutor) -> Asset:
    packed = None
    if len(body) >= _PACKED_FROM_BYTES and path.endswith(_PACKED_ENDINGS):
        packed = beside.submit(gzip.compress, body, _GZIP_LEVEL, mtime=0)
    return Asset(body, content_type(path), _etag(body), packed)


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()}"'


def _cached(etag: str) -> dict[str, str]:
    """Let a browser keep an answer, and ask each time whether it is still the one."""
    return {"ETag": etag, "Cache-Control": "no-cache"}


def _takes_gzip(accepted: str) -> bool:
    """Whether a client takes gzip (RFC 9110, section 12.5.3)."""
    for part in accepted.lower().split(","):
        coding, *parameters = (text.strip() for text in part.split(";"))
        if coding in ("gzip", "x-gzip"):
            return not any(text.replace(" ", "") in _REFUSED for text in parameters)
    return False


_REFUSED = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})
