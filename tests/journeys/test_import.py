"""``burst import``: what IBM's AWS plug-ins were told, as a burst.yaml our own reader accepts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.rc.ibm.document import imported
from burst.rc.ibm.read import Installation
from ris_hybrid.cli.app import main
from ris_hybrid.config.burst_file import load_burst

IBM = Path(__file__).parent / "ibm"


def test_an_installation_becomes_a_burst_yaml(tmp_path: Path, golden: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "burst.yaml"
    assert main(["burst", "import", str(IBM), "-o", str(path), "--cluster", "c1"]) == 0
    told = capsys.readouterr()
    assert told.out == f"written {path}\n"
    golden("import/burst.yaml", path.read_text())
    golden("import/told.txt", told.err)

    settings = load_burst(path)
    assert {pool.name: pool.max_nodes for pool in settings.pools} == {
        "Template-VM-1": 0,
        "cpu": 20,
        "cpu-2": 1,
        "mixed": 10,
        "other": 5,
    }
    assert settings.caps.nodes == 36
    mixed = settings.pool("mixed")
    assert mixed is not None
    assert (mixed.purchase, mixed.on_demand_ratio, mixed.gpus) == ("mixed", 0.25, 4)
    assert mixed.instance_types == ("g5.12xlarge", "g4dn.12xlarge")

    assert main(["burst", "import", str(IBM), "-o", str(path)]) == 2  # it may have been edited
    assert "is there already" in capsys.readouterr().err


def test_what_is_not_carried_is_listed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "import", str(IBM / "conf" / "awsprov_templates.json"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["renamed"] == [
        {"template": "Template_VM_1", "pool": "Template-VM-1"},
        {"template": "cpu_", "pool": "cpu-2"},
    ]
    rows = {(row["template"], row["key"]) for row in told["not_carried"]}
    assert {(None, "SOMETHING_NEW"), ("Template_VM_1", "imageId"), ("other", "ec2FleetConfig")} <= rows
    tags = [row["reason"].split(":")[0] for row in told["not_carried"] if row["key"] == "instanceTags"]
    assert tags == ["group=project1", "owner=bob", "group=project2", "owner=eve"]


def test_templates_without_a_configuration_are_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(IBM / "conf" / "awsprov_templates.json", tmp_path)
    assert main(["burst", "import", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "region: us-east-1 # EDIT: was not given" in text
    (tmp_path / "burst.yaml").write_text(text)
    assert load_burst(tmp_path / "burst.yaml").cluster == "cluster1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is not JSON"),
        ("[]", "expected a JSON object"),
        ('{"templates": 1}', "templates: expected a list of objects"),
        ('{"templates": []}', "at least one"),
    ],
)
def test_what_is_no_installation_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, words: str
) -> None:
    if text is not None:
        (tmp_path / "awsprov_templates.json").write_text(text)
    assert main(["burst", "import", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err


odd = st.none() | st.booleans() | st.integers(-5, 99) | st.text(max_size=5) | st.lists(st.integers(0, 9), max_size=2)
attributes = st.dictionaries(
    st.sampled_from(["ncpus", "mem", "awshost", "x"]), odd | st.tuples(st.text(), odd).map(list)
)
override = st.dictionaries(st.sampled_from(["InstanceType", "SubnetId", "Priority", "MaxPrice"]), odd)
config = st.fixed_dictionaries(
    {}, optional={"Overrides": odd | st.lists(override, max_size=3), "LaunchTemplateSpecification": odd}
)
fleet = st.fixed_dictionaries({}, optional={"LaunchTemplateConfigs": odd | st.lists(config, max_size=2), "Type": odd})
plain = [
    *("templateId", "vmType", "subnetId", "launchTemplateId", "priority", "spotPrice", "instanceTags"),
    *("onDemandTargetCapacityRatio", "gpuextend", "interfaceType", "placementGroupName", "never heard of"),
]
keys = {
    **dict.fromkeys(plain, odd),
    "maxNumber": st.none() | st.integers(-1, 99),
    "attributes": odd | attributes,
    "ec2FleetConfig": st.just("fleet.json"),
}


@given(
    templates=st.lists(st.fixed_dictionaries({}, optional=keys), min_size=1, max_size=3),
    config=st.dictionaries(st.sampled_from(["AWS_REGION", "LogLevel", "INSTANCE_CREATION_TIMEOUT"]), odd),
    fleet=fleet,
)
def test_whatever_the_templates_say_our_reader_accepts_what_is_made(
    tmp_path_factory: pytest.TempPathFactory, templates: Any, config: Any, fleet: Any
) -> None:
    found = Installation(config=config, templates=tuple(templates), fleets={"fleet.json": fleet})
    path = tmp_path_factory.mktemp("made") / "burst.yaml"
    path.write_text(imported(found, cluster="", provider="ris-aws").text, encoding="utf-8")
    most = [one.get("maxNumber") for one in templates]
    allowed = [1 if number is None or number < 0 else number for number in most]
    assert [pool.max_nodes for pool in load_burst(path).pools] == allowed
