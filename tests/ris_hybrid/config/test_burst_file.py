from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.config.document import UnusableFile
from ris_hybrid.settings import Budget, BurstSettings, Caps, Gate, Pool, Release

GOOD = """\
cluster: compute1
provider: aws
region: us-east-2
pools:
  - name: general
    instance_types: [c7a.4xlarge, m7a.4xlarge]
    slots: 16
    memory_mib: 30000
    max_nodes: 20
    launch_template: lt-0123
    subnets: [subnet-a, subnet-b]
    queues: [general]
    purchase: spot
gates:
  - pending_jobs: 100
    for_minutes: 10
  - pending_slots: 400
caps:
  nodes: 40
  per_lab: 20
  labs: {wucci: 30}
  step_nodes: 10
  cooldown_s: 120
budget:
  usd_per_month: 5000
  labs: {wucci: 2500.5}
release: {pending_jobs: 20}
prices: {c7a.4xlarge: 0.82}
rerunnable_queues: [general]
"""


def load(folder: Path, text: str) -> BurstSettings:
    file = folder / "burst.yaml"
    file.write_text(text, encoding="utf-8")
    return load_burst(file)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(UnusableFile) as failure:
        load(folder, text)
    assert failure.value.exit_code == 2
    return [str(remark).removeprefix(f"{folder / 'burst.yaml'}:") for remark in failure.value.problems]


def test_every_key_arrives_in_the_settings(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == BurstSettings(
        cluster="compute1",
        provider="aws",
        region="us-east-2",
        pools=(
            Pool(
                name="general",
                instance_types=("c7a.4xlarge", "m7a.4xlarge"),
                slots=16,
                memory_mib=30000,
                max_nodes=20,
                launch_template="lt-0123",
                subnets=("subnet-a", "subnet-b"),
                queues=("general",),
                purchase="spot",
            ),
        ),
        gates=(Gate(pending_jobs=100, for_minutes=10), Gate(pending_slots=400)),
        caps=Caps(nodes=40, per_lab=20, labs={"wucci": 30}, step_nodes=10, cooldown_s=120),
        budget=Budget(usd_per_month=5000, labs={"wucci": 2500.5}),
        release=Release(pending_jobs=20),
        prices={"c7a.4xlarge": 0.82},
        rerunnable_queues=("general",),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cluster: compute1\n", "", "1: cluster: expected a value, found nothing"),
        ("cluster: compute1", "cluster: ' '", "1: cluster: expected a name, found nothing"),
        ("provider: aws", "provider: a_b", "2: provider: expected letters, digits and hyphens, found 'a_b'"),
        ("provider: aws", "zone: x", "1: provider: expected a value, found nothing"),
        ("region: us-east-2", "", "1: region: expected a name, found nothing"),
        (
            "provider: aws",
            "provider: aws\nendpoint_url: x",
            "3: endpoint_url: expected http://... or https://..., found 'x'",
        ),
        ("slots: 16", "slots: '16'", "7: pools[0].slots: expected a whole number, found '16'"),
        ("slots: 16", "slots: true", "7: pools[0].slots: expected a whole number, found true"),
        ("slots: 16", "slots: -1", "7: pools[0].slots: expected 0 or more, found -1"),
        ("slots: 16", "slots: 010", "7: pools[0].slots: expected a whole number, found '010'"),
        ("slots: 16", "slot: 16", "7: pools[0].slot: expected a known key, found 'slot' (did you mean slots?)"),
        ("slots: 16", "slots: 16\n    boot_s: 0.5", "8: pools[0].boot_s: expected 1 or more, found 0.5"),
        (
            "[c7a.4xlarge, m7a.4xlarge]",
            "[]",
            "6: pools[0].instance_types: expected at least one, none of them empty (or requirements in their place)",
        ),
        ("[c7a.4xlarge, m7a.4xlarge]", "c7a", "6: pools[0].instance_types: expected a list, found 'c7a'"),
        (
            "[subnet-a, subnet-b]",
            "['']",
            "11: pools[0].subnets: expected at least one, none of them empty (or the key outputs at the top)",
        ),
        (
            "lt-0123",
            "''",
            "10: pools[0].launch_template: expected a launch template (or the key outputs at the top), found nothing",
        ),
        (
            "purchase: spot",
            "purchase: sopt",
            "13: pools[0].purchase: expected 'on-demand', 'spot' or 'mixed', found 'sopt'",
        ),
        (
            "name: general",
            "name: big_mem",
            (
                "5: pools[0].name: expected letters, digits and hyphens (it is LSF's templateId, which has no"
                " underscore), found 'big_mem'"
            ),
        ),
        (
            "  - pending_slots: 400",
            "  - for_minutes: 5",
            (
                "17: gates[1]: expected at least one of pending_jobs, pending_slots, expected_wait_minutes, found none:"
                " it would always be met"
            ),
        ),
        ("pending_jobs: 100", "pending_jobs: 0", "15: gates[0].pending_jobs: expected a figure above zero, found 0"),
        ("for_minutes: 10", "for_minutes: -1", "16: gates[0].for_minutes: expected 0 or more, found -1.0"),
        ("nodes: 40", "nodes: 0", "19: caps.nodes: expected 1 or more, found 0"),
        ("per_lab: 20", "per_lab: 0", "20: caps.per_lab: expected 1 or more, found 0"),
        ("{wucci: 30}", "{wucci: -1}", "21: caps.labs.wucci: expected 0 or more, found -1"),
        ("{wucci: 30}", "30", "21: caps.labs: expected keys and values, found 30"),
        ("cooldown_s: 120", "cooldown_s: -1", "23: caps.cooldown_s: expected 0 or more, found -1.0"),
        (
            "usd_per_month: 5000",
            "usd_per_month: 0",
            "25: budget.usd_per_month: expected a figure above zero, found 0.0",
        ),
        ("usd_per_month: 5000", "usd_per_month: .inf", "25: budget.usd_per_month: expected a number, found '.inf'"),
        ("usd_per_month: 5000", "usd_per_month: nan", "25: budget.usd_per_month: expected a number, found 'nan'"),
        ("2500.5", "-3", "26: budget.labs.wucci: expected 0 or more, found -3.0"),
        ("{pending_jobs: 20}", "{pending_jobs: -1}", "27: release.pending_jobs: expected 0 or more, found -1"),
        ("0.82", "0", "28: prices.c7a.4xlarge: expected a figure above zero, found 0.0"),
        (
            "nodes: 40",
            "nodes: 40\n  nodes: 50",
            "20: caps.nodes: expected the key once, found it on line 19 and on line 20",
        ),
        ("compute1", "!vault abc", "1: cluster: expected a plain value, found one with the tag !vault"),
    ],
)
def test_each_mistake_is_said_with_line_and_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    assert problems(tmp_path, GOOD.replace(old, new, 1))[0] == message


def test_an_unknown_key_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    text = GOOD.replace("budget:\n", "budget:\n  usd: 3\n").replace("slots: 16", "slots: 16\n    slot: 16")
    assert problems(tmp_path, f"{text}pool: 1\n") == [
        "8: pools[0].slot: expected a known key, found 'slot' (did you mean slots?)",
        "26: budget.usd: expected a known key, found 'usd'",
        "32: pool: expected a known key, found 'pool' (did you mean pools?)",
    ]


def test_a_waiting_time_without_jobs_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("  - pending_slots: 400", "  - {pending_slots: 400, for_minutes: 5}")
    assert problems(tmp_path, text) == [
        "17: gates[1].for_minutes: expected pending_jobs beside it, found none: it counts only those jobs"
    ]


PATHS = """\
    labs: [wucci]
    paths:
      - path: /storage1/fs1/wucci/Active
        kind: s3
        source: ris-prod-wucci
        prefix: Active/
        owner_gid: 1200
      - {path: /cache1, kind: nfs, source: "ces:/cache1", options: [sec=krb5p]}
gates:
"""


def test_paths_are_read_with_their_pool(tmp_path: Path) -> None:
    path = tmp_path / "burst.yaml"
    path.write_text(GOOD.replace("gates:\n", PATHS))
    one, other = load_burst(path).pools[0].paths
    assert (one.kind, one.prefix, one.owner_gid, one.exports) == ("s3", "Active/", 1200, True)
    assert (other.path, other.options) == ("/cache1", ("sec=krb5p",))


def test_faults_of_paths_name_their_line(tmp_path: Path) -> None:
    text = (
        GOOD.replace("gates:\n", PATHS)
        .replace("labs: [wucci]\n", "labs: [wucci, lee]\n")
        .replace("kind: nfs", "kind: smb")
    )
    assert problems(tmp_path, text) == ["21: pools[0].paths[1].kind: expected 'lustre', 's3' or 'nfs', found 'smb'"]
    assert problems(tmp_path, text.replace("kind: smb", "kind: nfs").replace("/cache1, kind", "/storage1, kind")) == [
        (
            "18: pools[0].paths[0].source: expected a pool whose labs name one alone: its nodes get that lab's role;"
            " found one for 2 labs"
        ),
        (
            "21: pools[0].paths[1].path: expected a path outside of every other, found '/storage1' beside"
            " /storage1/fs1/wucci/Active of this pool"
        ),
    ]


def test_two_pools_of_one_name_are_refused(tmp_path: Path) -> None:
    data = yaml.safe_load(GOOD)
    data["pools"] = data["pools"] * 2
    assert any(
        "expected a name of its own, found 'general' again" in line for line in problems(tmp_path, yaml.dump(data))
    )


def test_what_the_stacks_build_may_come_from_their_outputs(tmp_path: Path) -> None:
    text = GOOD.replace("    launch_template: lt-0123\n    subnets: [subnet-a, subnet-b]\n", "")
    (pool,) = load(tmp_path, f"{text}outputs: outputs.json\n").pools
    assert (pool.launch_template, pool.subnets) == ("", ())
    assert [line.split(":")[1] for line in problems(tmp_path, text)] == [
        " pools[0].launch_template",
        " pools[0].subnets",
    ]


def test_a_number_may_be_written_with_all_its_digits(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD + "planner: {value: 0.10, labs: {wucci: 0.250}}\n").planner.value == 0.1
    with pytest.raises(UnusableFile, match="expected a number, found 'ten'"):
        load(tmp_path, GOOD + "planner: {value: ten, labs: {wucci: 0.250}}\n")


def test_the_example_site_has_settings_that_load() -> None:
    site = Path(__file__).resolve().parents[3] / "examples" / "site"
    assert load_burst(site / "burst.yaml").cluster == "compute1"


def test_no_pool_and_no_gate_are_refused(tmp_path: Path) -> None:
    data = yaml.safe_load(GOOD) | {"pools": [], "gates": []}
    said = problems(tmp_path, yaml.safe_dump(data, sort_keys=False))
    assert said == [
        "4: pools: expected at least one pool, found none",
        "5: gates: expected at least one gate, found none: nothing would ever be launched",
    ]


@pytest.mark.parametrize(("text", "shown"), [("", "nothing"), ("- a\n", "a list"), ("a", "'a'")])
def test_a_file_without_keys_is_refused(tmp_path: Path, text: str, shown: str) -> None:
    assert problems(tmp_path, text) == [f"1: expected keys and values, found {shown}"]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="cannot be read"):
        load_burst(tmp_path / "none.yaml")


@settings(max_examples=40, deadline=None)
@given(
    line=st.integers(0, GOOD.count("\n") - 1), value=st.sampled_from(["", "[]", "{}", "-1", "x", "[{}]", "~", "!t 1"])
)
def test_any_line_changed_gives_settings_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, line: int, value: str
) -> None:
    lines = GOOD.splitlines()
    lines[line] = f"{lines[line].partition(':')[0]}: {value}"
    nodes, refusal = 1, "burst.yaml:"
    try:
        nodes = load(tmp_path_factory.getbasetemp(), "\n".join(lines)).caps.nodes
    except UnusableFile as error:
        refusal = error.message
    assert nodes >= 1
    assert "burst.yaml:" in refusal
