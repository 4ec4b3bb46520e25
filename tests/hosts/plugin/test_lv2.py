"""The plug-in as an LV2, as lilv reads it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hosts.plugin.conftest import Plugin, environment_of


def lilv(plugin: Plugin, folder: Path, *command: str) -> str:
    if shutil.which(command[0]) is None:
        pytest.skip("needs lilv-utils, a host of LV2")
    (folder / "lv2").mkdir(exist_ok=True)
    (folder / "lv2" / plugin.lv2.name).symlink_to(plugin.lv2)
    environment = {**environment_of(folder), "LV2_PATH": str(folder / "lv2")}
    done = subprocess.run(
        command, env=environment, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_lilv_lists_and_describes_it(plugin: Plugin, tmp_path: Path) -> None:
    said = lilv(plugin, tmp_path, "lv2info", "urn:distill:Distill")
    names = re.findall(r"^\t\tName: +(.*)$", said, re.MULTILINE)
    assert names[-31:-28] == ["Underruns", "Model", "Source"]
    assert names[-3:] == ["Knob 16", "Status", "Load"]
    assert "lv2:InstrumentPlugin" in (plugin.lv2 / "Distill_dsp.ttl").read_text()
