"""``ris-hybrid burst offers`` on a burst.yaml that gives as little as it may."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path

BURST_YAML = """\
cluster: c1
provider: aws
region: us-east-1
ncpus: threads
rerunnable_queues: [night]
pools:
  - name: listed
    instance_types: [c7a.4xlarge, c6i.4xlarge]
    max_nodes: 4
    launch_template: lt-1
    subnets: [subnet-1, subnet-2]
  - name: any
    requirements: {vcpus: 16, memory_mib: 60000, vcpus_max: 16, memory_mib_max: 70000, exclude: ["*flex*"]}
    purchase: mixed
    on_demand_ratio: 0.25
    queues: [night]
    max_nodes: 4
    launch_template: lt-2
    subnets: [subnet-1]
gates:
  - pending_jobs: 1
caps:
  nodes: 4
budget:
  usd_per_month: 100
"""


@pytest.fixture
def conf(tmp_path: Path) -> str:
    path = tmp_path / "burst.yaml"
    path.write_text(BURST_YAML)
    return str(path)


def test_the_offers_of_a_pool_and_why_in_this_order(conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "offers", "listed", "--conf", conf]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "listed: 16 slots, 30310 MiB, 0 GPUs a node",
        "  types as listed (c7a.4xlarge, c6i.4xlarge), each in 2 subnets",
        "type         subnets  bought     at most $ per hour",
        "c7a.4xlarge        2  on-demand             0.82112",
        "c6i.4xlarge        2  on-demand                0.68",
    ]


def test_every_offer_as_json(conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "offers", "--conf", conf, "--json"]) == 0
    listed, attributes = json.loads(capsys.readouterr().out)["pools"]
    assert [one["priority"] for one in listed["offers"]] == [0, 0, 1, 1]
    assert (attributes["pool"], attributes["slots"], attributes["left_out"]) == ("any", 16, 0)
    assert {one["purchase"] for one in attributes["offers"]} == {"on-demand", "spot"}
    usd = [one["usd_per_hour"] for one in attributes["offers"]]
    assert usd == sorted(usd)
    assert any(text.startswith("25% on demand") for text in attributes["reasons"])


def test_a_pool_that_does_not_exist(conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "offers", "none", "--conf", conf]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: no pool none in burst.yaml\nhint: there are: listed, any\n"


def test_what_lsf_is_told_of_them(conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "render", "--conf", conf]) == 0
    templates = json.loads(capsys.readouterr().out)["templates"]["templates"]
    told = {row["templateId"]: {key: value for key, (_, value) in row["attributes"].items()} for row in templates}
    assert told["listed"] == {"type": "X86_64", "ncpus": "16", "ncores": "8", "mem": "30310", "awshost": "1"}
    assert (told["any"]["ncpus"], told["any"]["!risspot"]) == ("16", "1")
