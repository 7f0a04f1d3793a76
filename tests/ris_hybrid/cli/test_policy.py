"""``ris-hybrid policy``: rules listed and explained, a plan and an account checked."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from policies.examples.good import ACCOUNT, DATA_TAGS
from policies.rules.all_rules import BY_NAME, RULES
from policies.rules.rule import Context
from ris_hybrid import wiring
from ris_hybrid.cli.app import main
from ris_hybrid.clocks import CLOCK_VARIABLE
from ris_hybrid.config.plan_file import plan_text
from ris_hybrid.mirror.values import (
    AllocationPlan,
    BucketPlan,
    BudgetPlan,
    EnvironmentPlan,
    MirrorPlan,
    RegistryPlan,
)
from ris_hybrid.sandbox.apply.clients import SandboxClients

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws

ALLOCATION = AllocationPlan(
    name="neuro_trials",
    lab="neuro_trials",
    owner="ann",
    platform="storage1",
    path="/storage1/fs1/neuro_trials",
    group="storage-neuro_trials",
    environment="prod",
    account=ACCOUNT,
    network="network-prod",
    data_class="phi",
    stage="active",
    removed_on="",
    quota_bytes=None,
    projects=(),
    bucket=BucketPlan(
        name="wustl-ris-neuro",
        prefixes=("Active/",),
        key_alias="alias/wustl-ris-neuro",
        transitions=(),
        object_lock=True,
        writable=True,
    ),
    registry=RegistryPlan(namespace="neuro_trials", repositories=()),
    roles=(),
    budget=BudgetPlan(name="wustl-ris-neuro", usd_per_month=500.0, alerts_percent=(80,)),
    pools=(),
    tags=DATA_TAGS,
)
PLAN = MirrorPlan(
    organization="wustl-ris",
    cluster="compute1",
    environments=(
        EnvironmentPlan(name="prod", account=ACCOUNT, region="us-east-1", partition="aws", data_classes=("phi",)),
    ),
    allocations=(ALLOCATION,),
    phi_accounts=(ACCOUNT,),
)
UNLOCKED = replace(PLAN, allocations=(replace(ALLOCATION, bucket=replace(ALLOCATION.bucket, object_lock=False)),))
WAIVERS = """\
waivers:
  - {rule: bucket-object-lock, resource: bucket wustl-ris-neuro, reason: old, owner: ann, until: %s, ticket: T-1}
"""


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Check a plan; gives exit code, stdout and stderr."""
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path / "sandboxes"))
    monkeypatch.setenv(CLOCK_VARIABLE, repr(1_800_000_000.0))

    def run(plan: MirrorPlan, *options: str, waivers: str = "") -> tuple[int, str, str]:
        file = tmp_path / "mirror.json"
        file.write_text(plan_text(plan))
        extra = []
        if waivers:
            (tmp_path / "waivers.yaml").write_text(waivers)
            extra = ["--waivers", str(tmp_path / "waivers.yaml")]
        code = main(["policy", "check", "--plan", str(file), *extra, *options])
        return (code, *capsys.readouterr())

    return run


def test_a_plan_that_keeps_the_rules_passes_and_says_what_is_left_to_the_stacks(check: Any) -> None:
    code, out, err = check(PLAN)
    assert (code, out) == (0, "")
    assert "broken: 0; waived: 0; not known:" in err
    assert "the stacks decide: see the policy pack and --live for" in err


def test_a_plan_that_breaks_a_mandatory_rule_ends_with_3(check: Any) -> None:
    code, out, err = check(UNLOCKED)
    assert code == 3
    assert out.splitlines()[1].split()[:4] == ["bucket-object-lock", "mandatory", "bucket", "wustl-ris-neuro"]
    assert "error: bucket-object-lock [Security Hub S3.15" in err
    assert "hint: bucket-object-lock: make the bucket anew with object lock" in err


def test_json_has_everything_and_the_same_exit_code(check: Any) -> None:
    code, out, _ = check(UNLOCKED, "--json")
    told = json.loads(out)
    assert code == 3
    assert set(told) == {"violations", "waived", "unknown", "unused_waivers"}
    (violation,) = told["violations"]
    assert (violation["rule"], violation["resource"]) == ("bucket-object-lock", "bucket wustl-ris-neuro")
    assert {one["state"] for one in told["unknown"]} == {"not known"}


def test_a_waiver_that_stands_lets_it_pass_and_stays_in_sight(check: Any) -> None:
    code, out, err = check(UNLOCKED, waivers=WAIVERS % "2027-12-31")
    assert code == 0
    assert "waived" in out
    assert "ann until 2027-12-31 (T-1): old" in out
    assert "waived: 1" in err
    code, out, _ = check(UNLOCKED, "--json", waivers=WAIVERS % "2027-12-31")
    assert json.loads(out)["waived"][0]["waiver"]["owner"] == "ann"


def test_a_waiver_that_is_over_or_waives_nothing_is_told(check: Any) -> None:
    code, out, err = check(UNLOCKED, waivers=WAIVERS % "2020-01-01")
    assert code == 3
    assert "its waiver ended on 2020-01-01" in out
    code, _, err = check(PLAN, waivers=WAIVERS % "2027-12-31")
    assert code == 0
    assert "waivers.yaml:2: the waiver of bucket-object-lock for bucket wustl-ris-neuro waives nothing" in err


def test_live_asks_aws_itself_and_lists_what_is_not_known(check: Any, sandbox_aws: SandboxAws) -> None:
    assert sandbox_aws.url
    code, out, err = check(PLAN, "--live", "--site-cidr", "10.20.0.0/16")
    assert code == 3
    rows = {tuple(line.split()[:2]) for line in out.splitlines()}
    assert {("trail-present", "mandatory"), ("account-recorder", "mandatory"), ("budgets-present", "mandatory")} <= rows
    assert ("pools-planned", "not") in rows
    assert "allocations without their budget: wustl-ris-neuro" in err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--live", "--environment", "dev"], "the plan has no environment 'dev'"),
        (["--site-cidr", "10.20.0.1/16"], "--site-cidr: expected a network such as 10.20.0.0/16"),
        (["--waivers", "/nowhere.yaml"], "/nowhere.yaml:1: cannot be read"),
    ],
)
def test_what_makes_no_sense_ends_with_2(check: Any, options: list[str], told: str) -> None:
    code, _, err = check(PLAN, *options)
    assert code == 2
    assert told in err


def test_strict_ends_with_6_for_advisory_rules(check: Any, sandbox_aws: SandboxAws) -> None:
    """An account has a default VPC, which is nobody's: advisory. Everything mandatory is waived here."""
    assert sandbox_aws.url
    fields = "reason: r, owner: o, until: 2027-12-31, ticket: t"
    things = [f"account {ACCOUNT}", "network vpc-*", "security group default of vpc-*"]
    mandatory = [(rule.name, thing) for rule in RULES if rule.severity == "mandatory" for thing in things]
    waivers = "\n".join(["waivers:", *(f"  - {{rule: {name}, resource: {one}, {fields}}}" for name, one in mandatory)])
    code, out, err = check(PLAN, "--live", "--everything", "--strict", waivers=waivers)
    assert code == 6
    assert "error" not in err
    assert "network-is-ours" in out


def test_strict_ends_with_6_for_what_aws_did_not_say(check: Any, sandbox_aws: SandboxAws) -> None:
    """Nobody told the site's networks, so that a rule cannot be answered; nothing else is wrong."""
    assert sandbox_aws.url
    fields = f"resource: account {ACCOUNT}, reason: r, owner: o, until: 2027-12-31, ticket: t"
    waivers = "\n".join(["waivers:", *(f"  - {{rule: {rule.name}, {fields}}}" for rule in RULES)])
    assert check(PLAN, "--live", waivers=waivers)[0] == 0
    code, out, _ = check(PLAN, "--live", "--strict", waivers=waivers)
    assert (code, "not known" in out) == (6, True)


def test_rules_are_listed_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "list"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("RULE ")
    assert "Nothing is read or written over a connection anyone can listen to." in out
    assert f"rules: {len(RULES)}" in err
    assert main(["policy", "list", "--json"]) == 0
    rules = json.loads(capsys.readouterr().out)["rules"]
    (tls,) = (one for one in rules if one["rule"] == "bucket-tls-only")
    assert {"standard": "Config", "id": "S3_BUCKET_SSL_REQUESTS_ONLY"} in tls["controls"]
    assert (tls["severity"], tls["about"]) == ("mandatory", "bucket")
    assert main(["policy", "list", "--markdown"]) == 0
    assert "| `bucket-tls-only` | mandatory | bucket |" in capsys.readouterr().out


def test_a_rule_is_explained_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "bucket-object-lock", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rule"], told["severity"]) == ("bucket-object-lock", "mandatory")
    assert (told["keeps"], told["breaks"]) == ({"object_lock": True}, {"object_lock": False})


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_rule_can_be_told_as_data(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", name, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["keeps"] != told["breaks"]
    assert told["keeps"].keys() == told["breaks"].keys()


def test_a_rule_is_explained_with_both_examples(capsys: pytest.CaptureFixture[str], golden: Any) -> None:
    assert main(["policy", "explain", "role-reader-reads"]) == 0
    golden("policy/explain.stdout", capsys.readouterr().out)
    assert main(["policy", "explain", "trail-present"]) == 0
    assert capsys.readouterr().out.endswith("breaks it:\n  trails = nothing\n")


def test_a_rule_there_is_not_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "bucket-tls"]) == 2
    assert "no rule is named 'bucket-tls' (did you mean bucket-tls-only?)" in capsys.readouterr().err


def test_what_the_site_waives_does_not_stop_an_apply_and_is_told(tmp_path: Path) -> None:
    file, told = tmp_path / "waivers.yaml", list[str]()
    file.write_text(WAIVERS % "2026-12-31")
    assert wiring.judge(UNLOCKED, Context(), file, "2026-11-28", told.append) == ()
    (line,) = told
    assert line.startswith("waived by ann until 2026-12-31 (T-1): bucket-object-lock")
    (broken,) = wiring.judge(UNLOCKED, Context(), file, "2027-01-01", told.append)
    assert "its waiver ended on 2026-12-31" in broken
    assert wiring.judge(UNLOCKED, Context(), None, "2026-11-28", told.append)[0].startswith("bucket-object-lock")


@pytest.fixture
def check_site(
    example_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Check what a copy of the example site becomes; gives exit code, stdout and stderr."""
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path / "sandboxes"))
    monkeypatch.setenv(CLOCK_VARIABLE, repr(1_800_000_000.0))

    def run(*options: str) -> tuple[int, str, str]:
        code = main(["policy", "check", "--site", str(example_site), *options])
        return (code, *capsys.readouterr())

    return run


def test_without_a_plan_that_of_the_sites_files_is_checked(check_site: Any, tmp_path: Path) -> None:
    code, _, err = check_site("--offline")
    assert (code, "broken: 0" in err) == (0, True)
    (tmp_path / "site" / "waivers.yaml").write_text(WAIVERS % "2026-12-31")
    assert "waives nothing" in check_site("--offline", "--environment", "sandbox")[2]
    assert "no environment is named prod" in check_site("--offline", "--environment", "prod")[2]


def test_live_the_sites_plan_is_made_of_the_same_reading(check_site: Any, sandbox_aws: SandboxAws) -> None:
    before = sandbox_aws.calls().get("s3:ListBuckets", 0)
    code, out, _ = check_site("--live", "--json")
    assert sandbox_aws.calls()["s3:ListBuckets"] == before + 1
    assert (code, bool(json.loads(out)["violations"])) == (3, True)


def test_the_sites_networks_are_those_of_mirror_yaml_unless_others_are_named(
    check_site: Any, tmp_path: Path, sandbox_aws: SandboxAws
) -> None:
    ours = [{"Key": "ris_managed", "Value": "ris-hybrid"}, {"Key": "ris_env", "Value": "sandbox"}]
    with closing(SandboxClients(sandbox_aws.url, sandbox_aws.region)) as aws:
        told = [{"ResourceType": "security-group", "Tags": ours}]
        aws.get("ec2").create_security_group(GroupName="nodes", Description="of nodes", TagSpecifications=told)
    settings = tmp_path / "site" / "mirror.yaml"
    assert _open_questions(check_site) >= {"group-lsf-ports-only"}
    assert "group-lsf-ports-only" not in _open_questions(check_site, "--site-cidr", "10.20.0.0/16")
    settings.write_text(f"{settings.read_text()}site_cidrs: [10.20.0.0/16]\n")
    assert "group-lsf-ports-only" not in _open_questions(check_site)


def _open_questions(check_site: Any, *options: str) -> set[str]:
    """The rules that cannot be answered."""
    _, out, _ = check_site("--live", "--everything", "--json", *options)
    return {one["rule"] for one in json.loads(out)["unknown"]}


def test_live_without_a_site_there_must_be_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path))
    assert main(["policy", "check", "--live"]) == 2
    assert "none is running" in capsys.readouterr().err
