"""A MIDI mapping kept in a file.

    {
      "format": "distill.live-mapping",
      "version": 1,
      "channel": null,
      "notes": true,
      "first_seed": 0,
      "controllers": [
        {"controller": 21, "channel": 1, "moves": "slider", "name": "PC1 (Brightness)",
         "from": -10, "to": 10}
      ]
    }

Names are of one model; those that another model lacks are kept, and do nothing there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distill_runtime.cli.live.fader import KINDS
from distill_runtime.cli.live.midi.mapping import CHANNELS, MAX_CONTROLLER, Binding, MidiMapping
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.input_file import read_text
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.files.output_file import replacing
from distill_runtime.files.shown import shown
from distill_runtime.latents.seeds import SEED_LIMIT
from distill_runtime.latents.written_steps import plain_position

FORMAT = "distill.live-mapping"
VERSION = 1
MAX_FILE_BYTES = 2**20
_MAX_FIRST_SEED = SEED_LIMIT - 1 - MAX_CONTROLLER  # every key has a seed
_DOCUMENT = ("format", "version", "channel", "notes", "first_seed", "controllers")
_CONTROLLER = ("controller", "channel", "moves", "name", "from", "to")


def load_mapping(path: Path) -> MidiMapping:
    """Read a mapping.

    Raises:
        RequestError: There is no such file, it is not a mapping, one of a newer version, or a field
            is missing, unknown, of the wrong type or out of range.
    """
    try:
        text = read_text(path, kind="a mapping", max_bytes=MAX_FILE_BYTES, error=RequestError)
        return _mapping(JsonFields.parse(text, document="the mapping", error=RequestError))
    except RequestError as error:
        raise RequestError(f"{shown(path)}: {error}") from None


def save_mapping(mapping: MidiMapping, path: Path) -> None:
    """Write a mapping, whole or not at all, in the place of the one that is there.

    Raises:
        RequestError: The path cannot be used.
        OutputError: The file could not be written.
    """
    text = json.dumps(_document(mapping), indent=2, ensure_ascii=False, allow_nan=False)
    with replacing(path, overwrite=True) as temporary:
        temporary.write_bytes(f"{text}\n".encode())


def _document(mapping: MidiMapping) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "channel": mapping.channel,
        "notes": mapping.notes,
        "first_seed": mapping.first_seed,
        "controllers": [
            {
                "controller": each.controller,
                "channel": each.channel,
                "moves": each.moves,
                "name": each.name,
                "from": plain_position(each.low),
                "to": plain_position(each.high),
            }
            for each in mapping.bindings
        ],
    }


def _mapping(fields: JsonFields) -> MidiMapping:
    fields.expect_format(FORMAT, VERSION)
    _refuse_unknown(fields, _DOCUMENT)
    return MidiMapping(
        channel=fields.optional_integer("channel", 1, CHANNELS),
        notes=fields.boolean("notes"),
        first_seed=fields.integer("first_seed", 0, _MAX_FIRST_SEED),
        bindings=tuple(map(_binding, fields.sections("controllers"))),
    )


def _binding(fields: JsonFields) -> Binding:
    _refuse_unknown(fields, _CONTROLLER)
    return Binding(
        controller=fields.integer("controller", 0, MAX_CONTROLLER),
        channel=fields.optional_integer("channel", 1, CHANNELS),
        moves=fields.one_of("moves", KINDS),
        name=fields.text("name"),
        low=fields.number("from"),
        high=fields.number("to"),
    )


def _refuse_unknown(fields: JsonFields, known: Sequence[str]) -> None:
    if unknown := [brief(name) for name in fields.names() if name not in known]:
        listed = ", ".join(unknown[:4]) + (f" and {len(unknown) - 4} more" * (len(unknown) > 4))
        raise RequestError(f"the mapping has unknown fields, {listed}: remove them")
