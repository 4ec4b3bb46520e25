"""Opening the page in the user's browser, where there is one with a window."""

from __future__ import annotations

import threading
import webbrowser
from contextlib import suppress
from pathlib import Path

# Python takes these, too, where there is nothing else. They would have the terminal for themselves.
_IN_THE_TERMINAL = {"elinks", "links", "lynx", "w3m", "www-browser"}


def open_browser(address: str) -> None:
    """Open an address, if that can be done; nothing is said and nothing waits."""
    threading.Thread(target=_open, args=(address,), daemon=True).start()


def _open(address: str) -> None:
    with suppress(Exception):  # the address was printed: that will do
        browser = webbrowser.get()
        if Path(str(getattr(browser, "name", ""))).name not in _IN_THE_TERMINAL:
            browser.open(address)
