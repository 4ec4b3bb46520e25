"""Build what a release is made of: the source distribution and, from it, the wheel; check both.

    python .ci/dist.py [--url https://... [--forge github|gitlab|gitea]] [--output dist]

The project knows no address of its own. With `--url` the README's links and pictures lead there,
as they have to on the page of a package index, and the metadata name it; else they stay relative.
"""

from __future__ import annotations

import argparse
import posixpath
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

# Where a forge shows a file of the branch main, and where it sends the file itself.
FORGES = {
    "github": ("blob/main", "raw/main"),
    "gitlab": ("-/blob/main", "-/raw/main"),
    "gitea": ("src/branch/main", "raw/branch/main"),  # and Forgejo
}

# In Markdown and in the HTML that it may hold. The second group is the target.
_PICTURE = re.compile(r'(!\[[^\]]*\]\(|\bsrc=")([^)\s"]+)')
_LINK = re.compile(r'(\]\(|\bhref="|^\[[^\]]+\]:[ ]+)([^)\s"]+)', re.MULTILINE)
_ADDRESS = re.compile(r"https?://[^\s/]+(/[^\s/]+)*")


def absolute_links(page: str, name: str, tree: Path, shown: str, sent: str) -> str:
    """Return a page whose links and pictures lead to a repository on the web.

    What names no file of the tree stays as it is: code that looks like a link, other sites.

    Args:
        page: Markdown.
        name: Of the page, in the tree's root; a link that is only an anchor leads there.
        tree: The sources.
        shown: The address under which a forge shows files, for links.
        sent: The address under which it sends them, for pictures.
    """

    def leading_to(address: str) -> Callable[[re.Match[str]], str]:
        def lead(link: re.Match[str]) -> str:
            path, hash_sign, anchor = link[2].partition("#")
            path = posixpath.normpath(path or name)
            if not (tree / path).exists():
                return link[0]
            return f"{link[1]}{address}/{path}{hash_sign}{anchor}"

        return lead

    return _LINK.sub(leading_to(shown), _PICTURE.sub(leading_to(sent), page))


def give_address(tree: Path, url: str, forge: str) -> None:
    """Write an address into the README and the metadata of sources that were unpacked."""
    shown, sent = (f"{url}/{path}" for path in FORGES[forge])
    readme, project = tree / "README.md", tree / "pyproject.toml"
    page = readme.read_text("utf-8")
    readme.write_text(absolute_links(page, readme.name, tree, shown, sent), "utf-8")
    urls = (
        "\n[project.urls]\n"
        f'Homepage = "{url}"\n'
        f'Documentation = "{shown}/README.md"\n'
        f'Changelog = "{shown}/CHANGELOG.md"\n'
    )
    project.write_text(project.read_text("utf-8") + urls, "utf-8")
    (tree / "PKG-INFO").unlink()  # says what the metadata were before


def run(*command: object) -> None:
    """Run a Python module of this environment.

    Raises:
        SystemExit: It failed, and has said why.
    """
    done = subprocess.run([sys.executable, "-m", *map(str, command)], cwd=REPOSITORY, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def build(tree: Path, output: Path, *kinds: str) -> list[Path]:
    """Build from sources: both kinds, the wheel from the source distribution, unless one is named.

    The packages that build are this environment's, so that nothing is fetched.
    """
    run("build", "--quiet", "--no-isolation", *kinds, "--outdir", output, tree)
    return sorted(output.iterdir())


def build_with_address(url: str, forge: str, output: Path) -> list[Path]:
    """Build both kinds from a copy of the sources that knows its address."""
    with tempfile.TemporaryDirectory() as folder:
        (plain,) = build(REPOSITORY, Path(folder) / "plain", "--sdist")
        with tarfile.open(plain) as archive:
            archive.extractall(folder, filter="data")
        tree = Path(folder) / plain.name.removesuffix(".tar.gz")
        give_address(tree, url, forge)
        return build(tree, output)


def main() -> None:
    """Build, check and say what was made."""
    parser = argparse.ArgumentParser(description="Build and check the distributions.")
    parser.add_argument("--url", help="where the repository is on the web")
    parser.add_argument("--forge", choices=FORGES, default="github", help="whose paths it has")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "dist", help="an empty folder")
    arguments = parser.parse_args()
    url, output = arguments.url, arguments.output.absolute()
    if url is not None and not _ADDRESS.fullmatch(url := url.rstrip("/")):
        parser.error(f"the URL is {url!r}, expected one like https://example.org/distill-portable")
    if output.exists() and any(output.iterdir()):
        parser.error(f"{output} holds something already: empty it, or name another folder")

    made = build_with_address(url, arguments.forge, output) if url else build(REPOSITORY, output)
    run("twine", "check", "--strict", *made)
    run("check_wheel_contents", *output.glob("*.whl"))
    if not (REPOSITORY / "distill_runtime/cli/serve/page/index.html").is_file():
        print("The page is not in it: for a release, make page first (it needs Node and npm)")
    if not url:
        print("The README's links stay relative: for a release, make dist URL=https://...")


if __name__ == "__main__":
    main()
