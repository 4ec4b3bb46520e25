"""The app: its commands, and the rule that a first argument which is not one of them is played."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from distill_runtime.cli.bench import bench
from distill_runtime.cli.console import show
from distill_runtime.cli.info import info
from distill_runtime.cli.list import list_artifacts
from distill_runtime.cli.live.command import live
from distill_runtime.cli.play.command import play
from distill_runtime.cli.reproduce import reproduce
from distill_runtime.cli.serve.command import serve
from distill_runtime.cli.usage import OneLineCommand
from distill_runtime.cli.verify import verify
from distill_runtime.errors import ArtifactError, RequestError


class _ArtifactFirst(TyperGroup):
    """A group in which a first argument that is not a command is an artifact to play."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {"--help", *(name for parameter in self.params for name in parameter.opts)}
        if args and args[0] not in self.commands and args[0] not in own:
            self._refuse_misspelt(args[0])
            args = ["play", *args]
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options; those that set the shell up are said at the end of the help."""
        params: list[Any] = super().get_params(ctx)
        for parameter in params:
            if parameter.name in ("install_completion", "show_completion"):
                parameter.hidden = True
        return params

    def _refuse_misspelt(self, word: str) -> None:
        """Tell a mistyped command from the name of a file.

        Raises:
            RequestError: It is nearly a command, and no file has that name.
        """
        if Path(word).suffix or _is_artifact(word):
            return
        if near := difflib.get_close_matches(word.casefold(), self.commands, n=1):
            raise RequestError(
                f"there is no command and no file {word[:40]!r}: did you mean {near[0]}?"
            )


def _is_artifact(word: str) -> bool:
    from distill_runtime.artifact.search import find_artifact  # noqa: PLC0415

    try:
        return os.path.lexists(find_artifact(Path(word)))
    except ArtifactError:
        return False


app = typer.Typer(
    cls=_ArtifactFirst,
    no_args_is_help=True,
    subcommand_metavar="ARTIFACT | COMMAND [ARGS]...",
    rich_markup_mode="markdown",
    help="""Play a Distill artifact: turn an .onnx file into sound.

    Example: `distill-run ambience.onnx -d 10 --seed 7` writes ten seconds to `ambience_seed7.wav`.

    A first argument that is not a command is an artifact to play; `distill-run play --help` shows
    everything that can be set, and `distill-run info ambience.onnx` the sliders to move.
    """,
    epilog="`distill-run --install-completion` lets the shell complete options.",
)
_COMMANDS: dict[str, dict[str, Callable[..., None]]] = {
    "Make a sound": {"play": play, "live": live, "serve": serve, "reproduce": reproduce},
    "Look at an artifact": {
        "info": info,
        "list": list_artifacts,
        "verify": verify,
        "bench": bench,
    },
}
for _panel, _commands in _COMMANDS.items():
    for _name, _command in _commands.items():
        app.command(_name, cls=OneLineCommand, rich_help_panel=_panel)(_command)


def _version(requested: bool) -> None:
    if requested:
        from distill_runtime import __version__  # noqa: PLC0415

        show(f"distill-run {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass
