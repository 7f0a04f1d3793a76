"""Somebody else's plug-in under the sandbox: a hostProviders.json is all it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox import lsf_top

COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
TINY = Path(__file__).parent / "tiny"
PLUGIN = (Path(__file__).parents[1] / "golden" / "foreign_plugin" / "plugin.txt").read_text(encoding="utf-8")
VERBS = ("getAvailableTemplates", "requestMachines", "getRequestStatus", "requestReturnMachines", "getReturnRequests")


@pytest.fixture
def host_providers(tmp_path: Path) -> Path:
    """A provider folder as its author would ship it, with paths that are relative to the file."""
    (tmp_path / "ours" / "conf").mkdir(parents=True)
    (tmp_path / "ours" / "scripts").mkdir()
    for verb in VERBS:
        script = tmp_path / "ours" / "scripts" / f"{verb}.sh"
        script.write_text(f"#!{sys.executable} -IS\n{PLUGIN}", encoding="utf-8")
        script.chmod(0o755)
    entry = {
        "name": "foreign",
        "type": "x",
        "confPath": "ours",
        "scriptPath": "ours",
        "scriptOption": "-Dregion=nowhere",
    }
    path = tmp_path / "hostProviders.json"
    path.write_text(json.dumps({"providers": [entry]}), encoding="utf-8")
    return path


def demo(host_providers: Path) -> subprocess.CompletedProcess[str]:
    tried = ("--scenario", str(TINY / "scenario.yaml"), "--burst", str(TINY / "burst.yaml"))
    with tempfile.TemporaryDirectory(prefix="rh-") as root:
        return subprocess.run(
            [COMMAND, "sandbox", "demo", "--json", *tried, "--host-providers", str(host_providers)],
            env=os.environ | {"RIS_HYBRID_SANDBOX": root},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


def test_it_runs_unchanged(host_providers: Path) -> None:
    done = demo(host_providers)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["finished"] == summary["jobs"] == 25
    assert summary["protocol_errors"] == 0
    assert summary["mean_wait_s"] < summary["mean_wait_s_without"]
    assert summary["nodes_launched"] == 0  # of our AWS: this plug-in has a cloud of its own
    assert "nodes of Template-VM-1 for genomics (dir-" in done.stderr


def test_a_demo_with_a_file_that_is_none_is_told(host_providers: Path) -> None:
    host_providers.write_text("{", encoding="utf-8")
    done = demo(host_providers)
    assert done.returncode == 2
    assert f"error: {host_providers}: expected providers with name, confPath and scriptPath" in done.stderr


@pytest.mark.parametrize("text", ["{", "[]", '{"providers": [{"name": "x"}]}'])
def test_every_file_that_is_none_is_told(host_providers: Path, make: Any, text: str) -> None:
    host_providers.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        lsf_top.write(host_providers.parent / "lsf", make.settings(), host_providers)
    assert str(told.value).startswith(f"{host_providers}: expected providers with name, confPath and scriptPath")
