"""``ris-hybrid burst userdata`` with a burst.yaml of one's own, before any stack was built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from burst.aws.userdata import user_data
from ris_hybrid.cli.app import main
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.config.pools_file import read_pools
from ris_hybrid.config.user_data import MOST_BYTES

BURST_YAML = """\
cluster: c1
provider: aws
region: us-east-1
outputs: not-built-yet.json
pools:
  - {name: cpu, instance_types: [c6i.4xlarge], slots: 8, memory_mib: 30000, max_nodes: 4}
gates:
  - pending_jobs: 1
caps:
  nodes: 4
budget:
  usd_per_month: 100
node:
  lsf_top: /software/lsf
  masters: [lsf1, lsf2]
  mounts: ["nas:/storage1 /storage1 nfs4 ro,hard 0 0"]
  docker_options: [--security-opt label=disable]
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "burst.yaml"
    path.write_text(BURST_YAML)
    return path


def test_what_is_printed_is_what_the_stacks_read(conf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "userdata", "--pool", "cpu", "--conf", str(conf)]) == 0
    settings = load_burst(conf)
    text = capsys.readouterr().out
    assert text == user_data(settings.pools[0], settings)
    assert "RIS_LSF_TOP=/software/lsf\n" in text
    assert main(["burst", "userdata", "--pool", "cpu", "--conf", str(conf), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "pool": "cpu",
        "bytes": len(text.encode()),
        "most_bytes": MOST_BYTES,
        "user_data": text,
    }


def test_a_pool_that_is_not_there_is_told(conf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "userdata", "--pool", "gpu", "--conf", str(conf)]) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "no pool gpu" in seen.err
    assert "burst.yaml has cpu" in seen.err


def test_without_a_pool_all_of_them_are_the_file_the_stacks_read(
    conf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["burst", "userdata", "--conf", str(conf), "--json"]) == 0
    path = tmp_path / "pools.json"
    path.write_text(capsys.readouterr().out)
    (node,) = read_pools(path).pools
    settings = load_burst(conf)
    assert node.user_data == user_data(settings.pools[0], settings)
    assert (node.name, node.instance_type, node.multi_node, node.labs) == ("cpu", "c6i.4xlarge", False, ())


def test_neither_a_pool_nor_json_is_told(conf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "userdata", "--conf", str(conf)]) == 2
    assert "expected --pool NAME, or --json for all pools" in capsys.readouterr().err


def test_a_pool_of_a_second_cloud_is_told_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    conf = Path(__file__).parents[2] / "examples" / "clouds" / "burst.yaml"
    assert main(["burst", "userdata", "--pool", "campus8", "--conf", str(conf), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["bytes"], said["most_bytes"]) == (len(said["user_data"].encode()), 49149)
    assert "RIS_CLOUD=research\n" in said["user_data"]
    assert main(["burst", "userdata", "--conf", str(conf), "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["pools"]] == ["cpu8"], "the stacks build EC2's"
