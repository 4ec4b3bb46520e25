"""What a release is made of: it is built, checked, installed and played, without a network."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import distill_export
import distill_runtime
from tests import environments
from tests.once import Once

REPOSITORY = Path(__file__).parents[1]
BUILDER = REPOSITORY / ".ci" / "dist.py"
PAGE = REPOSITORY / "distill_runtime" / "cli" / "serve" / "page"
PYTHON = environments.python(".venv-dist")
PYTHONS = [
    environments.python(".venv-runtime"),
    *sorted(REPOSITORY.glob(".venv-newer/*/bin/python")),
]
PACKAGES = ["distill_runtime", "distill_export"]
VERSION = distill_runtime.__version__
URL = "https://forge.example/someone/distill"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))

# The top of a clone, and of a source distribution.
FOLDERS = [".ci", "artifacts", "benchmarks", *PACKAGES, "docs", "hosts", "tests"]
PAGES = ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"]
TOP = [*FOLDERS, *PAGES, ".gitignore", "Makefile", "pyproject.toml"]
# What git ignores in these folders: made by a run of the programs, the tests or the benchmarks.
MADE = re.compile(
    r"__pycache__/|node_modules/|^hosts/js/types/|\.tgz$|\bbuild/|\.egg-info/|benchmarks/results/"
    r"|artifacts/(?!README\.md$|ambience\.distill$)"
    r"|cli/serve/page\.new/"
)

pytestmark = environments.needs(PYTHON)


@dataclass(frozen=True)
class Distribution:
    """The two files that a release is made of."""

    wheel: Path
    source: Path

    @property
    def metadata(self) -> Message:
        with zipfile.ZipFile(self.wheel) as wheel:
            (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
            return Parser().parsestr(wheel.read(name).decode())

    def unpack(self, folder: Path) -> Path:
        """Unpack the sources and return where their top is."""
        with tarfile.open(self.source) as archive:
            archive.extractall(folder, filter="data")
        return folder / self.source.name.removesuffix(".tar.gz")


def build(folder: Path, *options: str) -> Distribution:
    done = environments.run(PYTHON, BUILDER, "--output", folder, *options, path=[], folder=folder)
    assert ("links stay relative" in done.stdout) == ("--url" not in options)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Distribution(wheel, source)


@pytest.fixture(scope="module")
def plain(once: Once) -> Distribution:
    return once("distribution", build)


@pytest.fixture(scope="module")
def addressed(once: Once) -> Distribution:
    return once("addressed-distribution", lambda folder: build(folder, "--url", f"{URL}/"))


def files(*folders: str) -> set[str]:
    """Return the files that lie in folders of the repository, but what was made there."""
    paths = (path for folder in folders for path in (REPOSITORY / folder).rglob("*"))
    names = (path.relative_to(REPOSITORY).as_posix() for path in paths if path.is_file())
    return {name for name in names if not MADE.search(name)}


def test_the_oldest_hatchling_that_is_accepted_builds() -> None:
    program = "from importlib.metadata import version; print(version('hatchling'))"
    found = environments.run(PYTHON, "-c", program, path=[], folder=REPOSITORY).stdout
    (required,) = PROJECT["build-system"]["requires"]
    assert re.fullmatch(rf"{required.removeprefix('hatchling>=')}(\.0)?\n", found)


def test_the_wheel_holds_the_two_packages_and_nothing_else(plain: Distribution) -> None:
    assert plain.wheel.name == f"distill_portable-{VERSION}-py3-none-any.whl"
    info = f"distill_portable-{VERSION}.dist-info"
    about = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    with zipfile.ZipFile(plain.wheel) as wheel:
        assert set(wheel.namelist()) == files(*PACKAGES) | {f"{info}/{name}" for name in about}
        for package in PACKAGES:
            assert wheel.read(f"{package}/py.typed") == b""


def test_the_source_distribution_holds_what_a_clone_does(plain: Distribution) -> None:
    with tarfile.open(plain.source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name.partition("/")[0] for name in names} == {*TOP, "PKG-INFO"}
    assert {name for name in names if "/" in name} == files(*FOLDERS)
    assert "artifacts/ambience.distill" in names


@pytest.mark.skipif(not PAGE.is_dir(), reason="not built: make page")
def test_the_page_that_was_built_is_in_the_wheel(plain: Distribution) -> None:
    page = PAGE.relative_to(REPOSITORY).as_posix()
    with zipfile.ZipFile(plain.wheel) as wheel:
        for name in ("index.html", "player.html"):
            assert wheel.read(f"{page}/{name}") == (PAGE / name).read_bytes()
        assert [name for name in wheel.namelist() if re.fullmatch(rf"{page}/.*\.wasm", name)]


def test_the_page_is_in_every_distribution(plain: Distribution, tmp_path: Path) -> None:
    """What git ignores is left out of both, unless it is named: here a page of three files is."""
    page = "distill_runtime/cli/serve/page"
    tree = plain.unpack(tmp_path)
    assert f"\n{page}/\n" in (tree / ".gitignore").read_text("utf-8")
    shutil.rmtree(tree / page, ignore_errors=True)
    for name in ("index.html", "player.html", "assets/runtime.wasm"):
        (tree / page / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / page / name).write_text(name, "utf-8")
    (tree / f"{page}.new").mkdir()
    (tree / f"{page}.new" / "index.html").touch()
    command = ["-m", "build", "--quiet", "--no-isolation", "--outdir", tmp_path / "made", tree]
    environments.run(PYTHON, *command, path=[], folder=tmp_path)
    (wheel,), (source,) = (tmp_path / "made").glob("*.whl"), (tmp_path / "made").glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as made:
        found = {name for name in made.namelist() if re.match(rf"{page}.*/.", name)}
        assert made.read(f"{page}/assets/runtime.wasm") == b"assets/runtime.wasm"
    assert found == {
        f"{page}/{name}" for name in ("index.html", "player.html", "assets/runtime.wasm")
    }
    with tarfile.open(source) as made:
        names = {name.partition("/")[2] for name in made.getnames()}
    assert {name for name in names if re.match(rf"{page}.*/.", name)} == found


def test_the_version_is_in_one_place(plain: Distribution) -> None:
    assert plain.metadata["Version"] == VERSION == distill_export.__version__
    assert PROJECT["project"]["dynamic"] == ["version"]
    elsewhere = [path for path in files(*PACKAGES) if path.endswith(".py")]
    elsewhere.remove("distill_runtime/__init__.py")
    spelt = [name for name in elsewhere if f'"{VERSION}"' in (REPOSITORY / name).read_text("utf-8")]
    assert spelt == []
    changes = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    assert re.search(r"^## (\S+),", changes, re.MULTILINE)[1] == VERSION


def test_the_metadata_say_what_it_is(plain: Distribution) -> None:
    metadata = plain.metadata
    assert (metadata["License-Expression"], metadata["License-File"]) == ("MIT", "LICENSE")
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    classifiers = metadata.get_all("Classifier")
    assert {"Typing :: Typed", "Programming Language :: Python :: 3.11"} <= set(classifiers)
    assert metadata.get_all("Project-URL") is None


@pytest.mark.parametrize("extra", ["export", "cpu"])
def test_what_the_exporter_asks_for_are_its_extras(extra: str) -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    names = {re.split(r"[<>=]", requirement)[0] for requirement in extras[extra]}
    assert names <= set(distill_export.REQUIREMENTS.split())


def test_with_an_address_every_link_is_absolute(addressed: Distribution, tmp_path: Path) -> None:
    metadata = addressed.metadata
    addresses = [line.split(", ")[1] for line in metadata.get_all("Project-URL")]
    assert addresses[0] == URL
    page = metadata.get_payload()
    links = re.findall(r"\]\(([^)\s]+)\)", page)
    addresses += links
    assert len(links) >= 8
    assert not [link for link in links if "://" not in link]
    pictures = re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", page)
    assert f"{URL}/raw/main/docs/data-flow.svg" in pictures
    sources = addressed.unpack(tmp_path)
    assert (sources / "README.md").read_text("utf-8") == page
    for address in addresses:
        if address.startswith(f"{URL}/"):
            kind, branch, path = address.removeprefix(f"{URL}/").split("/", 2)
            assert (kind, branch) == ("raw" if address in pictures else "blob", "main")
            assert (sources / path.partition("#")[0]).exists(), address


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("[a](docs/cli.md)", "[a](SHOWN/docs/cli.md)"),
        ("[a](./docs/cli.md#play)", "[a](SHOWN/docs/cli.md#play)"),
        ("[a](hosts)", "[a](SHOWN/hosts)"),
        ("[a](#install)", "[a](SHOWN/README.md#install)"),
        ("![a](docs/data-flow.svg)", "![a](SENT/docs/data-flow.svg)"),
        ("[![a](docs/data-flow.svg)](LICENSE)", "[![a](SENT/docs/data-flow.svg)](SHOWN/LICENSE)"),
        ('<img src="docs/data-flow.svg">', '<img src="SENT/docs/data-flow.svg">'),
        ('<a href="LICENSE">a</a>', '<a href="SHOWN/LICENSE">a</a>'),
        ("[a][b]\n\n[b]: LICENSE", "[a][b]\n\n[b]: SHOWN/LICENSE"),
        ("[a](https://example.org/LICENSE)", "[a](https://example.org/LICENSE)"),
        ("sliders[index](value)", "sliders[index](value)"),
    ],
)
def test_links_and_pictures_are_made_absolute(page: str, expected: str) -> None:
    absolute_links = runpy.run_path(str(BUILDER))["absolute_links"]
    assert absolute_links(page, "README.md", REPOSITORY, "SHOWN", "SENT") == expected


@pytest.mark.parametrize(
    ("forge", "shown", "sent"),
    [
        ("github", "blob/main", "raw/main"),
        ("gitlab", "-/blob/main", "-/raw/main"),
        ("gitea", "src/branch/main", "raw/branch/main"),
    ],
)
def test_each_forge_has_paths_of_its_own(tmp_path: Path, forge: str, shown: str, sent: str) -> None:
    (tmp_path / "README.md").write_text("[log](CHANGELOG.md) ![it](it.png)", "utf-8")
    for name in ("CHANGELOG.md", "it.png", "pyproject.toml", "PKG-INFO"):
        (tmp_path / name).touch()
    runpy.run_path(str(BUILDER))["give_address"](tmp_path, URL, forge)
    page = (tmp_path / "README.md").read_text("utf-8")
    assert page == f"[log]({URL}/{shown}/CHANGELOG.md) ![it]({URL}/{sent}/it.png)"
    assert tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))["project"]["urls"] == {
        "Homepage": URL,
        "Documentation": f"{URL}/{shown}/README.md",
        "Changelog": f"{URL}/{shown}/CHANGELOG.md",
    }
    assert not (tmp_path / "PKG-INFO").exists()


@pytest.mark.parametrize("url", ["forge.example/distill", "ftp://forge.example", "https://a b"])
def test_an_address_that_is_not_one_is_refused(tmp_path: Path, url: str) -> None:
    options = ["--output", tmp_path / "dist", "--url", url]
    done = environments.run(PYTHON, BUILDER, *options, path=[], folder=tmp_path, code=2)
    assert f"the URL is '{url}', expected one like https://" in done.stderr
    assert not list(tmp_path.iterdir())


def install(wheel: Path, python: Path, folder: Path) -> Path:
    """Install a wheel into a fresh environment and return its programs.

    What the wheel asks for is found among another environment's packages, where pip only looks
    whether it is there: nothing is fetched, and what is missing there fails.
    """
    (packages,) = python.parents[1].glob("lib/python*/site-packages")
    environments.run(python, "-m", "venv", "--without-pip", folder, path=[], folder=folder.parent)
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "packages.pth").write_text(f"{packages}\n", "utf-8")
    pip = ["-m", "pip", "--python", folder / "bin" / "python", "--isolated"]
    what = ["install", "--quiet", "--no-index", "--no-compile", f"{wheel}[cpu]"]
    environments.run(python, *pip, *what, path=[], folder=folder.parent)
    return folder / "bin"


@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: path.parents[1].name)
def test_the_wheel_is_installed_and_plays(
    plain: Distribution, python: Path, demo_artifact: Path, tmp_path: Path
) -> None:
    programs = install(plain.wheel, python, tmp_path / "venv")

    def run(program: str, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        return environments.run(programs / program, *arguments, path=[], folder=tmp_path, code=code)

    where = run("python", "-c", "import distill_runtime as d; print(d.__file__)").stdout
    assert Path(where).is_relative_to(tmp_path)
    for command in (["distill-run"], ["distill-train"], ["python", "-m", "distill_export"]):
        name = command[-1].replace("_", "-")
        assert run(*command, "--version").stdout == f"{name} {VERSION}\n"
    assert run("distill-run", demo_artifact, "-d", 1, "-s", 7).stdout == "ambience_seed7.wav\n"
    assert (tmp_path / "ambience_seed7.wav").stat().st_size > 48_000 * 2
    assert "is whole" in run("distill-run", "verify", demo_artifact).stdout
    refused = run("distill-export", "ambience.distill", code=1).stderr
    assert refused.endswith(f" is not installed: pip install {distill_export.REQUIREMENTS}\n")


def test_the_source_distribution_runs_its_tests(plain: Distribution, tmp_path: Path) -> None:
    sources = plain.unpack(tmp_path)
    some = ["test_architecture.py", "test_readme.py", "distill_runtime/latents/test_trajectory.py"]
    some += ["distill_export/reference/test_mel.py"]
    own = ("PYTEST", "PYTHON", "STRICT")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            *(f"tests/{name}" for name in some),
        ],
        env=variables,
        cwd=sources,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"rootdir: {sources}" in done.stdout
