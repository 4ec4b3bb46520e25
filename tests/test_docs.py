"""The docs say what is true: examples run, links lead somewhere, generated pages are up to date."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"]
PAGES += sorted((REPOSITORY / "docs").glob("*.md"))
EXAMPLES = [
    pytest.param(example, id=f"{page.stem}-{index}")
    for page in PAGES
    for index, example in enumerate(
        re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )
]
ANCHOR = re.compile(r"^#+ (.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def folder(demo_artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the examples run: two artifacts, and a model of Distill's."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copy(demo_artifact, folder / "ambience.onnx")
    shutil.copy(demo_artifact, folder / "sea.onnx")
    (folder / "ambience.distill").symlink_to(REPOSITORY / "tests/reference/demo/ambience.distill")
    return folder


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_runs(example: str, folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-W", "error", "-c", example], check=True, cwd=folder, timeout=120
    )


def anchors(page: Path) -> set[str]:
    """Return the headings of a page as links name them."""
    titles = ANCHOR.findall(page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name} links to {link}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.name} links to {link}"


def generator(name: str) -> dict[str, Any]:
    return runpy.run_path(str(REPOSITORY / "docs" / name))


def test_the_page_on_the_command_lines_is_up_to_date() -> None:
    page = (REPOSITORY / "docs" / "cli.md").read_text("utf-8")
    assert page == generator("generate_cli.py")["generate"](), "run make docs"


def test_the_table_of_variants_is_what_the_metadata_say(demo_variants: Any) -> None:
    page = generator("generate_variants.py")
    found, expected = (
        [line.strip("| ").split(" | ") for line in table.splitlines()]
        for table in (page["read"](), page["generate"](demo_variants))
    )
    assert len(found) == len(expected) == 5
    for line, up_to_date in zip(found, expected, strict=True):
        # The last two are speeds, of the machine that the table was made on.
        assert line[:-2] == up_to_date[:-2], "run make docs"
    int8 = float(found[-1][-2].removesuffix(" x"))
    assert int8 >= 2, "run make docs where nothing else runs"


def test_the_picture_of_the_rooms_is_up_to_date() -> None:
    picture = (REPOSITORY / "docs" / "rooms.svg").read_text("utf-8")
    assert picture == generator("generate_rooms.py")["generate"](), "run make docs"


def test_where_a_change_goes_is_a_room_and_a_file_that_are_there() -> None:
    page = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \| `([\w/]+)` \| (.+) \|$", page, re.MULTILINE)
    assert len(rows) == 14
    for _, room, files in rows:
        assert (REPOSITORY / room).is_dir(), room
        for name in re.findall(r"`([\w/]+\.py)`", files):
            near = [
                REPOSITORY / room / name,
                REPOSITORY / name,
                REPOSITORY / "distill_export" / name,
            ]
            assert any(path.is_file() for path in near), f"{name} in {room}"
