"""The browser: opened where there is one, and never a reason to fail."""

from __future__ import annotations

import threading
import webbrowser
from typing import Any

import pytest

from distill_runtime.cli.serve.browser import open_browser

ADDRESS = "http://127.0.0.1:8048/"


class Browser:
    """What `webbrowser.get` returns."""

    def __init__(self, name: str) -> None:
        self.name, self.opened = name, list[str]()

    def open(self, address: str) -> bool:
        self.opened.append(address)
        return True


def open_with(monkeypatch: pytest.MonkeyPatch, get: Any) -> None:
    monkeypatch.setattr(webbrowser, "get", get)
    before = set(threading.enumerate())
    open_browser(ADDRESS)
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=5)


@pytest.mark.parametrize(
    ("name", "opens"),
    [("firefox", True), ("xdg-open", True), ("/usr/bin/w3m", False), ("www-browser", False)],
)
def test_a_browser_with_a_window_is_opened(
    monkeypatch: pytest.MonkeyPatch, name: str, opens: bool
) -> None:
    browser = Browser(name)
    open_with(monkeypatch, lambda: browser)
    assert browser.opened == ([ADDRESS] if opens else [])


def test_where_there_is_none_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    open_with(monkeypatch, none)
