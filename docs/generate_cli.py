"""Writes docs/cli.md from the command lines themselves; `make docs` runs it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from distill_export.cli import app as export_app
from distill_export.training.cli import app as train_app
from distill_runtime.cli.app import app as run_app

HEADING = """# Command lines

Made from the programs by `make docs`; a test compares them. Paths and JSON go to stdout, everything
else to stderr. Exit codes: 0 success; 1 failure (a check that did not hold, a full disk, some of a
batch); 2 misuse (an option, a file that is not there or not what it should be); 130 Ctrl-C.

All three complete their options in the shell: `distill-run --install-completion` sets it up.
"""


def generate() -> str:
    """Return the page."""
    parts = [HEADING]
    group: Any = typer.main.get_command(run_app)
    parts += [f"## distill-run\n\n{_text(group)}\n"]
    for name, command in group.commands.items():
        title = "distill-run ARTIFACT" if name == "play" else f"distill-run {name}"
        parts += [f"## {title}\n\n{_text(command)}\n", *_parameters(command)]
    for name, app in (("distill-export", export_app), ("distill-train", train_app)):
        command = typer.main.get_command(app)
        parts += [f"## {name}\n\n{_text(command)}\n", *_parameters(command)]
    return "\n".join(parts)


def _text(command: Any) -> str:
    return inspect.cleandoc(command.help)


def _parameters(command: Any) -> Iterator[str]:
    yield "| argument or option | meaning |\n|---|---|"
    for parameter in command.params:
        if parameter.name in ("help", "install_completion", "show_completion"):
            continue
        meaning = parameter.help or ""
        if parameter.param_type_name == "argument":
            name = f"`{parameter.metavar}`"
        else:
            takes_value = parameter.metavar and not parameter.is_flag
            name = ", ".join(f"`{option}`" for option in sorted(parameter.opts, key=len))
            name += f" `{parameter.metavar}`".replace("|", "\\|") if takes_value else ""
            if parameter.default not in (None, False, "", ()) and takes_value:
                meaning += f" Default: {parameter.default}."
        yield f"| {name} | {meaning} |"
    yield ""


if __name__ == "__main__":
    Path(__file__).with_name("cli.md").write_text(generate(), encoding="utf-8")
