"""What is made once is made once, and every one who asks has it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.once import Once


def test_all_who_ask_have_what_the_first_made(tmp_path: Path) -> None:
    makers: list[int] = []

    def ask(number: int) -> list[str]:
        def make(folder: Path) -> list[str]:
            makers.append(number)
            (folder / "file").write_text(str(number))
            return [str(number), str(folder)]

        return Once(tmp_path / "once")("thing", make)

    with ThreadPoolExecutor(4) as pool:
        (first, folder), *others = pool.map(ask, range(8))
    assert [number for number, _ in others] == [first] * 7
    assert [first] == [str(number) for number in makers] == [Path(folder, "file").read_text()]
    assert Once(tmp_path / "once")("another thing", lambda _: 1) == 1


def test_what_failed_is_made_anew(tmp_path: Path) -> None:
    once = Once(tmp_path / "once")

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        once("thing", fail)
    assert once("thing", lambda folder: list(folder.iterdir())) == []
