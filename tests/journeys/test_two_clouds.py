"""What a person asks of a burst.yaml of two clouds before anything is started: the example, by the real commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from ris_hybrid.cli.app import main
from ris_hybrid.clocks import CLOCK_VARIABLE

EXAMPLES = Path(__file__).parents[2] / "examples"
EXAMPLE = EXAMPLES / "clouds" / "burst.yaml"
CLASSES = "classes: [{name: light, jobs: 16, slots: 1, memory_mib: 1000}]\n"


@pytest.fixture
def conf(tmp_path: Path) -> str:
    path = tmp_path / "burst.yaml"
    shutil.copy(EXAMPLE, path)
    built = {"cpu8": {"launch_template": "lt-1", "subnets": ["subnet-1"]}}
    (tmp_path / "outputs.json").write_text(json.dumps(built))
    return str(path)


def out(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    assert main(list(command)) == 0
    return capsys.readouterr().out


def test_the_offers_of_both(conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert out(capsys, "burst", "offers", "campus8", "--conf", conf).splitlines() == [
        "campus8 of cloud research: 8 slots, 15000 MiB, 0 GPUs a node",
        "  types as listed (research/m1.xlarge, research/m1.2xlarge), each in 2 zones as listed (nova-1, nova-2)",
        "type                 zones  bought     at most $ per hour",
        "research/m1.xlarge       2  on-demand                 0.3",
        "research/m1.2xlarge      2  on-demand                 0.6",
    ]
    second, ec2 = json.loads(out(capsys, "burst", "offers", "--conf", conf, "--json"))["pools"]
    assert (second["cloud"], {one["subnet"] for one in second["offers"]}) == ("research", {"nova-1", "nova-2"})
    assert (ec2["cloud"], {one["subnet"] for one in ec2["offers"]}) == ("", {"subnet-1"})


def test_lsf_is_told_of_both(conf: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = json.loads(out(capsys, "burst", "render", "--conf", conf))
    assert [row["templateId"] for row in body["templates"]["templates"]] == ["campus8", "cpu8"]
    (tmp_path / "burst.yaml").write_text(EXAMPLE.read_text().replace("https://keystone", "http://keystone"))
    assert main(["burst", "render", "--conf", conf]) == 0
    line = 1 + EXAMPLE.read_text()[: EXAMPLE.read_text().index("auth_url")].count("\n")
    warned = f"warning: {conf}:{line}: clouds[0].auth_url: passwords and tokens go there in the clear: write https://\n"
    assert capsys.readouterr().err == warned


def test_the_stacks_are_told_of_ec2s_alone(conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(out(capsys, "burst", "userdata", "--conf", conf, "--json"))
    assert [pool["name"] for pool in told["pools"]] == ["cpu8"]


def test_where_no_pool_is_ec2s_no_outputs_are_read_or_fetched(
    conf: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = yaml.safe_load(EXAMPLE.read_text())
    data |= {"pools": data["pools"][:1], "region": ""}
    (tmp_path / "burst.yaml").write_text(yaml.safe_dump(data))
    (tmp_path / "outputs.json").unlink()
    assert [one["pool"] for one in json.loads(out(capsys, "burst", "offers", "--conf", conf, "--json"))["pools"]] == [
        "campus8"
    ]
    assert main(["burst", "outputs", "--environment", "prod", "--conf", conf]) == 2
    assert capsys.readouterr().err == (
        "error: no pool of burst.yaml is EC2's\nhint: the stacks build nothing for pools of other clouds\n"
    )


def test_a_mix_weighs_both_clouds_types_by_price(conf: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classes = tmp_path / "classes.yaml"
    classes.write_text(CLASSES)
    mixed = ("burst", "mix", "--conf", conf, "--classes", str(classes), "--json", "--seconds", "0")
    both = json.loads(out(capsys, *mixed, "--type", "c7a.2xlarge", "--type", "research/*"))
    assert both["counts"] == [{"type": "research/m1.xlarge", "lab": None, "nodes": 2}]
    assert both["usd_per_hour"] == 0.6
    spot = json.loads(out(capsys, *mixed, "--type", "c7a.2xlarge", "--type", "research/*", "--spot", "0.9"))
    assert [row["type"] for row in spot["counts"]] == ["c7a.2xlarge"]  # dearer, but the other is not sold as spot


@pytest.mark.parametrize("together", [True, False])
def test_a_job_over_several_nodes_goes_where_a_pool_says_all_or_none(
    conf: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, together: bool
) -> None:
    classes = tmp_path / "classes.yaml"
    classes.write_text("classes: [{name: wide, jobs: 1, slots: 16, memory_mib: 1000, span: nodes}]\n")
    if together:
        (tmp_path / "burst.yaml").write_text(
            EXAMPLE.read_text().replace("slots: 8 # what", "all_or_none: true\n    slots: 8 #")
        )
    told = out(
        capsys, "burst", "mix", "--conf", conf, "--classes", str(classes), "--type", "research/*", "--seconds", "0"
    )
    assert ("each 2 nodes in one zone, all or none" in told) is together
    assert ("it needs whole nodes that work together" in told) is not together


@pytest.mark.parametrize(
    ("labs", "code", "told"),
    [
        ("[wucci]", 0, ""),
        ("[wucci, neuro_trials]", 3, "campus8 (neuro_trials)"),
        ("[wucci, hidden]", 3, "campus8 (hidden)"),  # whose allocation is not mirrored
        ("[]", 3, "campus8 (it names no labs)"),
    ],
)
def test_labs_with_phi_stay_off_the_second_cloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], labs: str, code: int, told: str
) -> None:
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path / "sandboxes"))
    monkeypatch.setenv(CLOCK_VARIABLE, repr(1_800_000_000.0))
    shutil.copytree(EXAMPLES / "site", tmp_path / "site")
    hidden = tmp_path / "site" / "services" / "storage" / "allocations" / "storage1" / "hidden.yml"
    hidden.write_text("allocation: {wustlkey: hidden, secure: true, backend: tape}\n")
    burst = tmp_path / "two.yaml"
    campus, never = "labs: [wucci, imaging-core, genomics] # never", f"labs: {labs} # never"
    burst.write_text(EXAMPLE.read_text().replace(campus, never))
    check = ["policy", "check", "--site", str(tmp_path / "site"), "--burst", str(burst), "--offline"]
    assert main(check) == code
    said = capsys.readouterr()
    assert told in said.out
    assert ("hint: phi-stays-off-second-clouds: name the pool's labs" in said.err) == bool(code)
    if code:
        waivers = tmp_path / "waivers.yaml"
        why = "resource: burst.yaml, reason: agreed, owner: ann, until: 2027-12-31, ticket: T-1"
        waivers.write_text(f"waivers: [{{rule: phi-stays-off-second-clouds, {why}}}]\n")
        assert main([*check, "--waivers", str(waivers)]) == 0
