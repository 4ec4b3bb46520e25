"""How the command line names presets."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_runtime.cli.play.preset_name import split_preset_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dawn.json", ("dawn.json", None)),
        ("dawn.json:Night", ("dawn.json", "Night")),
        ("dawn.json:Night/Deep: water", ("dawn.json", "Night/Deep: water")),
        ("a:b.json", ("a:b.json", None)),
        ("a:b.json:c", ("a:b.json", "c")),
        ("none.json:c", ("none.json:c", None)),
        ("x" * 5000, ("x" * 5000, None)),
    ],
)
def test_the_name_of_a_preset_follows_a_file_that_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: tuple[str, str | None]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("dawn.json", "a:b.json"):
        (tmp_path / name).touch()
    assert split_preset_name(text) == (Path(expected[0]), expected[1])
