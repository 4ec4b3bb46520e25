"""Take the picture of the page as it looks while the demo model plays, docs/page.png.

`make docs` runs it; it needs the artifacts that `make demo` exports, Node, npm and Chromium.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from tests.hosts.page.site import write_site
from tests.hosts.page.static_server import serving

REPOSITORY = Path(__file__).parents[1]
LIBRARY = REPOSITORY / "hosts" / "js"
NAMES = ("ambience.onnx", "ambience_refined.onnx")
PICTURE = REPOSITORY / "docs" / "page.png"


def main() -> None:
    """Build the page, serve it, and take the picture."""
    artifacts = {name: REPOSITORY / "artifacts" / name for name in NAMES}
    if not all(path.is_file() for path in artifacts.values()):
        raise SystemExit("the demo artifacts are not there: make demo first")
    if not (LIBRARY / "node_modules" / "esbuild").is_dir():
        subprocess.run(["npm", "ci", "--silent"], check=True, cwd=LIBRARY)
    with tempfile.TemporaryDirectory() as name:
        page, site = Path(name, "page"), Path(name, "site")
        build = ["npm", "run", "build", "--silent", "--", "--out", str(page)]
        subprocess.run(build, check=True, cwd=LIBRARY)
        with serving(write_site(page, artifacts, site)) as address:
            script = REPOSITORY / "docs" / "page_picture.mjs"
            taken = Path(name, "taken.png")
            subprocess.run(["node", script, address, taken], check=True)
            with Image.open(taken) as picture:  # 256 colours show it as well, in half the bytes
                picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
                    PICTURE, optimize=True
                )


if __name__ == "__main__":
    main()
