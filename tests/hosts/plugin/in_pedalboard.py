"""Hosts the VST3 in pedalboard, in a process of its own: `in_pedalboard.py VST3 SCENE OUT.npy`.

What a scene, a JSON file, has: "sets", parameters from the beginning; "rate_hz"; "blocks", of which
each has its "frames", and may have "sets", "notes" (MIDI bytes at its beginning) and a file of the
state: "restore" before it, "save" after it; "again", how often the plug-in is loaded and freed
before. The samples go into a file; what is printed is JSON: parameters, memory and threads.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from pedalboard import VST3Plugin

# pedalboard would ask for a thousand texts of each parameter, and JUCE makes 2,080 of MIDI's: so
# nothing here is set by its attributes.
VST3Plugin.__set_initial_parameter_values__ = lambda *_: None


def parameters(plugin: Any) -> dict[str, Any]:
    """Return all but those of MIDI, by name."""
    return {p.name: p for p in plugin._parameters if not p.name.startswith("MIDI Ch")}


def ends(parameter: Any) -> tuple[str, str]:
    """Return the texts of its lowest and its highest value."""
    return parameter.get_text_for_raw_value(0.0), parameter.get_text_for_raw_value(1.0)


def put(plugin: Any, values: dict[str, str | float]) -> None:
    """Set parameters, to a choice or a number."""
    known = parameters(plugin)
    for name, value in values.items():
        if isinstance(value, str):
            known[name].raw_value = known[name].get_raw_value_for_text(value)
        else:
            least, most = map(float, ends(known[name]))
            known[name].raw_value = (value - least) / (most - least)


def taken() -> dict[str, int]:
    """Return what this process has of memory, in kB, and of threads."""
    status = Path("/proc/self/status").read_text()
    found = {key: int(re.search(rf"{key}:\s+(\d+)", status)[1]) for key in ("VmRSS", "Threads")}
    return {"rss_kb": found["VmRSS"], "threads": found["Threads"]}


def process(plugin: Any, scene: dict[str, Any], block: dict[str, Any], *, reset: bool) -> Any:
    """Play a block; another largest size would have the plug-in begin anew."""
    rate_hz = scene.get("rate_hz", 48_000)
    return plugin.process(
        [(bytes(note), 0.0) for note in block.get("notes", [])],
        duration=block["frames"] / rate_hz,
        sample_rate=rate_hz,
        num_channels=2,
        buffer_size=min(8192, max(block["frames"] for block in scene["blocks"])),
        reset=reset,
    )


def play(plugin: Any, scene: dict[str, Any]) -> np.ndarray:
    """Play a scene."""
    # A reset plays until there is silence: before there is a sound.
    process(plugin, scene, {"frames": 1}, reset=True)
    put(plugin, scene.get("sets", {}))
    heard = []
    for block in scene["blocks"]:
        put(plugin, block.get("sets", {}))
        if "restore" in block:
            VST3Plugin.raw_state.__set__(plugin, Path(block["restore"]).read_bytes())
        heard.append(process(plugin, scene, block, reset=False))
        if "save" in block:
            Path(block["save"]).write_bytes(plugin.raw_state)
    return np.concatenate(heard, axis=1)


def main() -> None:
    """Play the scene."""
    path, scene_file, out = sys.argv[1:]
    scene = json.loads(Path(scene_file).read_text())
    history = []
    for _ in range(scene.get("again", 0)):
        plugin = VST3Plugin(path)
        play(plugin, {**scene, "blocks": scene["blocks"][:1]})
        del plugin
        gc.collect()
        history.append(taken())
    plugins = [VST3Plugin(path) for _ in range(scene.get("instances", 1))]
    heard = []
    for plugin in plugins:
        heard.append(play(plugin, scene))
    np.save(out, np.stack(heard))
    known = parameters(plugins[0])
    answer = {
        "parameters": {name: [*ends(p), p.label, p.num_steps] for name, p in known.items()},
        "values": {name: p.string_value for name, p in known.items()},
        "history": history,
    }
    print(json.dumps(answer), flush=True)
    os._exit(0)  # JUCE has no message loop here to end in


if __name__ == "__main__":
    main()
