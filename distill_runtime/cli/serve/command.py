"""`distill-run serve`: a page in the browser that plays the artifacts of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from distill_runtime.cli.arguments import TrustOption
from distill_runtime.cli.console import say, show, show_path
from distill_runtime.errors import DependencyError, RequestError
from distill_runtime.files.paths import is_folder
from distill_runtime.files.shown import shown

if TYPE_CHECKING:
    from distill_runtime.cli.serve.library import Library

DEFAULT_HOST = "127.0.0.1"


def serve(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to look.")] = Path(),
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65535,
            metavar="N",
            help="Where to listen; 0 takes any that is free. Without it 8048 or, if that is in "
            "use, the next.",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="NAME",
            help="A name or address of this machine. With another than its own 127.0.0.1, other "
            "machines can connect, and need the token that is then in the address.",
        ),
    ] = DEFAULT_HOST,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address and open no browser.")
    ] = False,
    site: Annotated[
        Path | None,
        typer.Option(
            "--export-site",
            metavar="FOLDER",
            help="Write the page and the artifacts into a new folder, for any web server, and end.",
        ),
    ] = None,
    api: Annotated[
        bool,
        typer.Option(
            "--api",
            help="Serve no page, but sounds over HTTP and WebSockets to programs: the models are "
            "played here (docs/scale.md). Variables DISTILL_SERVING_... set limits and a token.",
        ),
    ] = False,
    trust: TrustOption = False,
) -> None:
    """Play the artifacts of a folder in the browser: all sound is made there, by the artifact.

    Example: `distill-run serve sounds/` opens the page; Ctrl-C ends it.
    """
    from distill_runtime.cli.serve.library import Library  # noqa: PLC0415
    from distill_runtime.cli.serve.page_files import page_files  # noqa: PLC0415
    from distill_runtime.cli.serve.static_site import export_site  # noqa: PLC0415

    if not is_folder(folder):
        raise RequestError(
            f"{shown(folder)} is not a folder: give the folder that holds the artifacts"
        )
    if api:
        if site is not None:
            raise RequestError("--api serves and --export-site writes a page: give one of them")
        from distill_runtime.cli.serve.api import serve_api  # noqa: PLC0415

        serve_api(folder, port, host, trust=trust)
        return
    library = Library(folder, trust=trust, say=say)
    if site is not None:
        page = page_files()
        count = export_site(site, page, library)
        say(f"{_counted(count)}; README.txt says what a web server has to send with them")
        show_path(site)
        return
    _serve(library, port, host, opens=not no_browser)


def _serve(library: Library, port: int | None, host: str, *, opens: bool) -> None:
    """Listen, say where, and answer until Ctrl-C."""
    try:
        from distill_runtime.cli.serve.connections import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        name = str(error.name)
        raise DependencyError.missing(
            name, needed_by="distill-run serve", install="uvicorn"
        ) from None
    from distill_runtime.cli.serve.access import Access  # noqa: PLC0415
    from distill_runtime.cli.serve.application import Application  # noqa: PLC0415
    from distill_runtime.cli.serve.browser import open_browser  # noqa: PLC0415
    from distill_runtime.cli.serve.listening import (  # noqa: PLC0415
        DEFAULT_PORT,
        address_of,
        listen,
        shown_address,
    )
    from distill_runtime.cli.serve.page_files import page_files  # noqa: PLC0415

    page = page_files()
    count = len(library.entries())
    with listen(host, port) as listening:
        address, taken = address_of(listening)
        access = Access.of_address(host, address)
        if port is None and taken != DEFAULT_PORT:
            say(
                f"port {DEFAULT_PORT} is in use, so it is {taken}: what a browser keeps for the "
                "page (history, presets) it keeps for each port"
            )
        if access.token is not None:
            say(
                "warning: whoever can reach this machine and has the address can read these "
                "models, and the connection is not encrypted"
            )
        say(f"{_counted(count)} of {shown(library.folder)}; Ctrl-C ends it")
        where = shown_address(host, address, taken, access.start())
        show(where)
        if opens:
            open_browser(where)
        run(Application(page, library, access), listening)


def _counted(count: int) -> str:
    if not count:
        return "no artifact yet"
    return "one artifact" if count == 1 else f"{count} artifacts"
