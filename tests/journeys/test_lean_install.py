"""The wheel alone in a fresh environment: a site that bursts needs neither the sandbox nor the stacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from burst.rc import conf, templates

TOP = Path(__file__).resolve().parents[2]
BURST_YAML = """\
cluster: c1
provider: aws
region: us-east-1
endpoint_url: {url}
pools:
  - name: cpu
    instance_types: [c6i.4xlarge]
    slots: 8
    memory_mib: 30000
    max_nodes: 4
    launch_template: {template}
    subnets: [{subnet}]
gates:
  - pending_jobs: 1
caps:
  nodes: 4
budget:
  usd_per_month: 100
"""
WHAT_IS_THERE = """
import json
from importlib.metadata import packages_distributions
from importlib.util import find_spec
heavy = [name for name in ("moto", "pulumi", "boto3", "pytest") if find_spec(name)]
rooms = [packages_distributions().get(name) for name in ("ris_hybrid", "onprem", "burst", "stacks", "policies")]
print(json.dumps({"heavy": heavy, "rooms": [sorted(set(names or ())) for names in rooms]}))
"""


def run(*command: str | Path, **options: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(300)
def test_a_lean_install_bursts(tmp_path: Path, sandbox_aws: Any, ec2_settings: Any, lsf: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, TOP)
    (wheel,) = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    programs = tmp_path / "venv" / "bin"
    run(sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet", wheel)
    assert json.loads(run(programs / "python", "-c", WHAT_IS_THERE, cwd=tmp_path)) == {
        "heavy": [],
        "rooms": [["ris-hybrid"]] * 5,
    }

    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / templates.FILE_NAME).write_text(conf.dump(ec2_settings))
    environment = {
        **sandbox_aws.env(),
        "PATH": f"{lsf}:{programs}:{os.defpath}",
        "PRO_CONF_DIR": str(tmp_path),
        "PRO_DATA_DIR": str(tmp_path / "data"),
        "HOME": str(tmp_path),
    }
    request = tmp_path / "in.json"
    request.write_text(json.dumps({"template": {"templateId": "cpu", "machineCount": 2}, "rc_account": "hopper"}))
    scripts = next((tmp_path / "venv" / "lib").glob("python*/site-packages/burst/rc/scripts"))

    offered = json.loads(run(programs / "ris-hybrid-rc", "getAvailableTemplates", "-f", request, env=environment))
    made = json.loads(run(scripts / "requestMachines.sh", "-f", request, env=environment))

    assert [one["templateId"] for one in offered["templates"]] == ["cpu", "spot"]
    assert made["message"] == "2 of 2 machines launched"
    assert len(sandbox_aws.instances()) == 2

    pool = ec2_settings.pools[0]
    (tmp_path / "burst.yaml").write_text(
        BURST_YAML.format(url=sandbox_aws.url, template=pool.launch_template, subnet=pool.subnets[0])
    )
    command = (programs / "ris-hybrid", "burst", "status", "--json", "--conf", tmp_path / "burst.yaml")
    status = json.loads(run(*command, env=environment, cwd=tmp_path))
    assert status["sandbox"] is False
