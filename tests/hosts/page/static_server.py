"""A folder over HTTP with the headers that the page lives with, for tests of the page alone."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src blob:; connect-src 'self'; worker-src 'self'"
)
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


class _Handler(http.server.SimpleHTTPRequestHandler):
    isolated = True

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        for name, value in ISOLATION.items() if self.isolated else ():
            self.send_header(name, value)
        super().end_headers()

    def copyfile(self, source, outputfile):
        with suppress(ConnectionError):  # a page that was left
            super().copyfile(source, outputfile)

    def log_message(self, format, *args):
        pass


class _Bare(_Handler):
    isolated = False


@contextmanager
def serving(folder: Path, *, isolated: bool = True, port: int = 0) -> Iterator[str]:
    """Serve a folder on this machine; yield its address."""
    handler = partial(_Handler if isolated else _Bare, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
