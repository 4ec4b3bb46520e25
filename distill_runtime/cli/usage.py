"""A command whose refusals are this project's own: one line, about the words that were typed.

typer's messages speak of parameters and types, and change with its version. What goes wrong while
the words are read is told here, in the order: what was found, what was expected, what to do.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

from distill_runtime.errors import DistillError, RequestError

# By a word in typer's message: the kind of value that was expected.
_KINDS = {
    "valid int": "a whole number",
    "int range": "a whole number",
    "float": "a number",
    "number": "a number",
}
_COMMA = re.compile(r"[+-]?\d+,\d+")
# Arguments in Python that a command's parameter has another name than.
_PARAMETERS = {
    "duration_s": "duration",
    "sample_rate_hz": "sample_rate",
    "stereo.mode": "stereo",
    "stereo.width": "width",
    "stereo.depth": "depth",
    "stereo.azimuth_deg": "azimuth",
    "stereo.elevation_deg": "elevation",
    "stereo.distance_m": "distance",
    "fade_in_s": "fade_in",
    "fade_out_s": "fade_out",
    "the blend mode": "blend_mode",
    "the control setting": "control",
    "the slider setting": "slider",
}
# What to do in Python, and the option that does it.
_REMEDIES = {
    "overwrite=True": "force",
    "other_artifacts=True": "force",
    "check_space=False": "no_space_check",
}
# What an option stands for that is given without its value.
_WITHOUT_VALUE = {"--cluster": "local"}
_TYPED = "distill.typed"
LAST_PANEL = "Running"  # of a command's help: what is of no particular command


class OneLineCommand(TyperCommand):
    """A command that says in one line, and in its own words, what is wrong with what was typed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words that follow the command's name.

        Raises:
            RequestError: They are not what the command takes.
        """
        typed = list(args)
        ctx.meta[_TYPED] = typed
        if not ctx.resilient_parsing:
            self._refuse_single_dash(typed)
        ctx.allow_extra_args = True
        try:
            rest: list[str] = super().parse_args(ctx, list(_completed(args, self._options())))
        except Exception as error:
            # Known by its name: typer's exceptions moved between its versions.
            kinds = {kind.__name__ for kind in type(error).__mro__}
            if "UsageError" not in kinds or "NoArgsIsHelpError" in kinds:
                raise
            raise RequestError(f"{self._refusal(error, kinds, typed)} {_help(ctx)}") from None
        if ctx.args and not ctx.resilient_parsing:
            raise RequestError(f"{_too_many(self._first_argument(ctx), ctx.args)} {_help(ctx)}")
        return rest

    def get_help_option(self, ctx: Any) -> Any:
        """Return --help, in the last panel: what a command is for comes first."""
        option = super().get_help_option(ctx)
        panels = {getattr(parameter, "rich_help_panel", None) for parameter in self.params}
        if option is not None and LAST_PANEL in panels:
            option.rich_help_panel = LAST_PANEL
        return option

    def invoke(self, ctx: Any) -> Any:
        """Run the command; its errors speak of options where Python's speak of arguments."""
        try:
            return super().invoke(ctx)
        except DistillError as error:
            error.args = (error.said_with(self._words(ctx)),)
            raise

    def _words(self, ctx: Any) -> dict[str, str]:
        """Return the option for each argument that may be spoken of.

        Only of what was typed: a value may also come from a preset, and is then no option's.
        """
        options = {str(parameter.name): parameter.opts for parameter in self.params}
        words = {
            name: word
            for name, opts in options.items()
            if (word := _as_typed(opts, ctx.meta[_TYPED])) is not None
        }
        words |= {setting: words[name] for setting, name in _PARAMETERS.items() if name in words}
        return words | {
            remedy: options[name][0] for remedy, name in _REMEDIES.items() if name in options
        }

    def _refuse_single_dash(self, typed: Sequence[str]) -> None:
        """Refuse `-duration 3`, which would be read as `-d uration`.

        Raises:
            RequestError: There is a long option with one dash only.
        """
        known = self._options()
        for word in typed:
            if word == "--":
                return
            name = f"-{_name_of(word)}"
            if word.startswith("-") and len(word) > 2 and name in known:
                raise RequestError(f"{word} has one dash, {name} has two: write {name}")

    def _refusal(self, error: Any, kinds: set[str], typed: Sequence[str]) -> str:
        """Return what is wrong, in our own words."""
        parameter = getattr(error, "param", None)
        option = getattr(error, "option_name", None)
        if "NoSuchOption" in kinds:
            near = ["--help"] if option == "-h" else []
            near = near or difflib.get_close_matches(str(option), self._options(), n=1)
            return f"there is no option {option}" + (f": did you mean {near[0]}?" if near else "")
        if "MissingParameter" in kinds and parameter is not None:
            return f"{parameter.metavar or parameter.opts[0]} is missing"
        if parameter is not None:
            return _bad_value(parameter, str(getattr(error, "message", "")), typed)
        for known in self.params:
            if option in known.opts and getattr(known, "is_flag", False):
                return f"{option} takes no value: leave it out"
            if option in known.opts:
                return f"{option} is the last word and needs a value: {option} {known.metavar}"
        return "this command line cannot be read"

    def _first_argument(self, ctx: Any) -> str:
        """Return the value of the command's first argument, empty if it has none."""
        for parameter in self.params:
            if parameter.param_type_name == "argument":
                return str(ctx.params.get(parameter.name) or "")
        return ""

    def _options(self) -> list[str]:
        return [
            name
            for parameter in self.params
            for name in (*parameter.opts, *parameter.secondary_opts)
            if name.startswith("-")
        ] + ["--help"]


def _completed(words: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    """Yield the words, with values for options that may do without."""
    for index, word in enumerate(words):
        yield word
        if word in _WITHOUT_VALUE and word in known:
            following = words[index + 1] if index + 1 < len(words) else "-"
            if following.startswith("-"):
                yield _WITHOUT_VALUE[word]


def typed_value(context: Any, name: str) -> str | None:
    """Return the value of an option as it was typed, None if it was not."""
    opts = next(parameter.opts for parameter in context.command.params if parameter.name == name)
    return last_value(opts, context.meta[_TYPED])


def _bad_value(parameter: Any, message: str, typed: Sequence[str]) -> str:
    """Return what is wrong with a value."""
    if "not readable" in message:  # typer looks whether a path may be read
        for word in typed:
            if os.path.lexists(word) and not os.access(word, os.R_OK):
                return f"{word} cannot be read: Permission denied"
    kinds = (text for word, text in _KINDS.items() if word in message.lower())
    expected = next(kinds, parameter.metavar or "another value")
    # Typer keeps bounds with the parameter, or with its type.
    for holder in (parameter, getattr(parameter, "type", None)):
        low, high = getattr(holder, "min", None), getattr(holder, "max", None)
        if low is not None and high is not None:
            expected = f"a whole number from {low} to {high}"
    name = _as_typed(parameter.opts, typed) or parameter.metavar or parameter.opts[0]
    value = last_value(parameter.opts, typed)
    if value is None:
        return f"{name} is not right, expected {expected}"
    point = f": write {value.replace(',', '.')}" if _COMMA.fullmatch(value) else ""
    return f"{name} is {value!r}, expected {expected}{point}"


def _too_many(first: str, extra: Sequence[str]) -> str:
    """Return what is wrong with words that no argument is left for, `first` the first argument."""
    for count in range(len(extra), 0, -1):
        whole = " ".join([first, *extra[:count]])
        if first and os.path.lexists(whole):
            return f"the name {whole!r} has spaces: put it between quotes"
    if first and all(os.path.lexists(word) for word in (first, *extra)):
        return f"{_listed([first, *extra])} are {1 + len(extra)} paths, expected one"
    if first and not os.path.lexists(first) and not Path(first).suffix:
        return f"there is no command and no file {first!r}, and {_listed(extra)} follows"
    return f"{_listed(extra)} is more than is expected: put what has spaces between quotes"


def _as_typed(names: Sequence[str], typed: Iterable[str]) -> str | None:
    """Return the name by which an option was called."""
    for word in typed:
        if (name := _name_of(word)) in names:
            return name
        if word[:2] in names:  # -d3
            return word[:2]
    return None


def last_value(names: Sequence[str], typed: Sequence[str]) -> str | None:
    """Return the last value that an option was given, None without one."""
    found = None
    for index, word in enumerate(typed):
        name, equals, value = word.partition("=")
        if name in names:
            following = typed[index + 1] if index + 1 < len(typed) else None
            found = value if equals else following
        elif word[:2] in names and not word.startswith("--"):
            found = word[2:]
    return found


def _name_of(word: str) -> str:
    return word.partition("=")[0]


def _listed(words: Sequence[str]) -> str:
    shown = ", ".join(map(repr, words[:4]))
    return shown + (f" and {len(words) - 4} more" if len(words) > 4 else "")


def _help(ctx: Any) -> str:
    return f"({ctx.command_path} --help shows what there is)"
