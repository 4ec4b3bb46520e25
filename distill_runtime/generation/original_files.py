"""Files that Distill itself leaves on a disk: its index of presets, the sidecar of a sound.

The index, `presets.json`, holds all presets of one model, in folders of one level. A sidecar,
`<sound>.json`, holds the request in Distill's own words, and figures in which Python writes a bare
`Infinity`; it knows its model by name alone.
"""

from __future__ import annotations

from typing import Any

from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.slider_fit import KeptSliders, listed
from distill_runtime.latents.seeds import SEED_LIMIT

_BIT_DEPTHS = {"16-bit": 16, "24-bit": 24, "32-bit": 32, "32-bit float": 32, "32-float": 32}


def is_preset_index(fields: JsonFields) -> bool:
    """Whether a document is Distill's index of presets."""
    return "presets" in fields and "format" not in fields


def preset_in_index(fields: JsonFields, name: str | None) -> tuple[KeptSliders, int | None]:
    """Return the positions and the seed of a preset in an index; without a seed, one is drawn.

    Args:
        fields: The index.
        name: "Dawn", or "Night/Deep water" where it lies in a folder.

    Raises:
        RequestError: There is no such preset or there are several, or the index is damaged.
    """
    _check_version(fields, "this index of presets")
    presets = fields.section("presets")
    entries = [presets.section(key) for key in presets.names()]
    titles = [_title(entry) for entry in entries]
    if name is None:
        raise RequestError(
            f"it holds {len(entries)} presets, {listed(titles)}: name one, as in presets.json:NAME"
        )
    wanted = name.casefold()
    fitting = [
        index
        for index, entry in enumerate(entries)
        if wanted in (titles[index].casefold(), entry.text("name").casefold())
    ]
    if len(fitting) != 1:
        found = f"{len(fitting)} presets are" if fitting else "no preset is"
        among = [titles[index] for index in fitting] if fitting else titles
        raise RequestError(f"{found} called {brief(name)}, expected one of {listed(among)}")
    entry = entries[fitting[0]]
    positions = entry.numbers("slider_positions", entry.integer("n_components", 1, 4096))
    kept = KeptSliders(
        model_name="",
        model_id=fields.text("model_id"),
        positions=dict(enumerate(positions)),
        fingerprint=None,
    )
    return kept, entry.optional_integer("seed", 0, SEED_LIMIT - 1)


def _title(entry: JsonFields) -> str:
    folder, name = entry.text("folder"), entry.text("name")
    return f"{folder}/{name}" if folder else name


def is_sidecar(fields: JsonFields) -> bool:
    """Whether a document is the sidecar of a sound that Distill wrote."""
    return "generation" in fields and "format" not in fields


def read_sidecar(fields: JsonFields) -> tuple[str, GenerationConfig, AudioFormat]:
    """Return the model's name, the request and the file's format.

    Raises:
        RequestError: The sidecar is damaged, or asks for what Distill alone can do.
    """
    _check_version(fields, "this sidecar")
    generation = fields.section("generation")
    settings: dict[str, Any] = {
        "duration_s": generation.number("duration_s"),
        "seed": fields.integer("seed", 0, SEED_LIMIT - 1),
        "mode": generation.text("concat_mode"),
        "latent_vector": generation.optional_numbers("latent_vector"),
        "evolution": generation.number("evolution_amount"),
        "sample_rate_hz": generation.integer("sample_rate", 1, 2**31),
        "nearness": 0.0,  # which Distill does not have
    }
    stereo = generation.plain(("stereo_mode", "stereo_width", "spatial"))
    container, depth = generation.text("export_format"), generation.text("bit_depth")
    with fields.about():
        config = GenerationConfig(**settings, stereo=StereoSettings.from_legacy(stereo))
        has_depth = AudioFormat(container).bit_depth is not None
        audio_format = AudioFormat(container, _BIT_DEPTHS.get(depth) if has_depth else None)
    return fields.text("model_name"), config, audio_format


def _check_version(fields: JsonFields, document: str) -> None:
    version = fields.integer("version", 1, 2**31)
    if version != 1:
        raise RequestError(f"{document} is of Distill's version {version}, expected 1")
