"""The scripts a node gets, run as they are sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.planner_settings import Planner, Steering
from tests.burst.node_place import BASE, Place, install

if TYPE_CHECKING:
    import subprocess

NOTICE = {"action": "terminate", "time": "2027-01-15T08:02:00Z"}
NOTICE_AT = 1_800_000_120


def test_a_machine_becomes_a_host_that_says_whose_it_is(place: Place, make: Any) -> None:
    install(place, make)
    done = place.run("boot.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    said = place.lsf_conf()
    assert said[-1] == (
        'LSF_LOCAL_RESOURCES="[resource site] [resource awshost] [resource docker] [resourcemap wucci*rc_account]'
        " [resourcemap i-0123456789abcdef0*instanceID] [resourcemap c7a.4xlarge*vm_type]"
        ' [resourcemap cpu16*templateID] [resourcemap compute1*clusterName] [resourcemap ris-aws*providerName]"'
    )
    assert {"LSF_GET_CONF=lim", "EGO_DEFINE_NCPUS=cores", 'LSF_SERVER_HOSTS="lsf1 lsf2"', "LSF_LIM_PORT=7869"} <= set(
        said
    )
    keys = [line.partition("=")[0] for line in said]
    assert len(set(keys)) == len(keys)
    assert (place.root / "lsf" / "conf" / "lsf.conf").read_text().startswith(BASE), "the site's own file is left alone"


def test_docker_and_mounts_are_there_before_the_daemons(place: Place, make: Any) -> None:
    install(place, make, node={"registry": "123456789012.dkr.ecr.us-east-1.amazonaws.com"})
    assert place.run("boot.sh").returncode == 0
    calls = place.calls()
    order = ["hostnamectl set-hostname ip-10-80-0-7.ec2.internal", f"mount {place.root}/storage1"]
    order += [
        "systemctl start docker",
        "docker info",
        *(f"{one} -d {place.etc}/lsf" for one in ("lim", "res", "sbatchd")),
    ]
    assert [call for call in calls if call in order] == order
    assert f"env {place.etc}/lsf {place.etc}/docker" in calls
    assert (place.root / ".docker" / "config.json").samefile(place.etc / "docker" / "config.json")
    assert f"nas:/storage1 {place.root}/storage1 nfs4 ro,hard 0 0" in (place.root / "fstab").read_text()
    assert "systemctl start ris-notice.service" not in calls


def test_a_second_boot_says_the_same_and_mounts_nothing_twice(place: Place, make: Any) -> None:
    install(place, make)
    place.run("boot.sh")
    first, fstab = place.lsf_conf(), (place.root / "fstab").read_text()
    assert place.run("boot.sh").returncode == 0
    assert place.lsf_conf() == first
    assert (place.root / "fstab").read_text() == fstab
    assert place.calls().count(f"mount {place.root}/storage1") == 1


def test_a_job_without_a_lab_is_the_default_account(place: Place, make: Any) -> None:
    install(place, make)
    for value in (None, ""):
        place.metadata.values.pop("tags/instance/ris_lab", None)
        if value is not None:
            place.metadata.values["tags/instance/ris_lab"] = value
        assert place.run("boot.sh").returncode == 0
        assert "[resourcemap default*rc_account]" in place.lsf_conf()[-1]


def test_a_spot_machine_of_a_mixed_pool_is_exclusive_and_watched(place: Place, make: Any) -> None:
    install(place, make, purchase="mixed")
    assert place.run("boot.sh").returncode == 0
    assert "risspot" not in place.lsf_conf()[-1]
    place.metadata.values["instance-life-cycle"] = "spot"
    assert place.run("boot.sh").returncode == 0
    assert "[resource awshost] [resource docker] [resource !risspot]" in place.lsf_conf()[-1]
    assert place.calls().count("systemctl start ris-notice.service") == 1


def test_only_chosen_jobs_run_on_the_machine_unless_it_came_without_a_plan(place: Place, make: Any) -> None:
    install(place, make, site={"mode": "planned", "planner": Planner(steering=Steering(way="flag"))})
    assert place.run("boot.sh").returncode == 0
    assert "[resource awshost] [resource docker] [resource !risburst]" in place.lsf_conf()[-1]
    place.metadata.values["tags/instance/ris_open"] = "1"
    assert place.run("boot.sh").returncode == 0
    assert "[resource awshost] [resource docker] [resource risburst]" in place.lsf_conf()[-1]


def test_without_masters_the_image_says_where_they_are(place: Place, make: Any) -> None:
    install(place, make, node={"masters": ()})
    assert place.run("boot.sh").returncode == 0
    assert 'LSF_SERVER_HOSTS="image"' in place.lsf_conf()


@pytest.mark.parametrize(
    ("step", "breaks"),
    [
        ("metadata", {"value": ("instance-id", None)}),
        ("metadata", {"value": ("tags/instance/ris_cluster", None)}),
        ("metadata", {"value": ("tags/instance/ris_lab", "a lab]")}),
        ("name", {"command": ("hostnamectl", "exit 1")}),
        ("mounts", {"command": ("mount", "exit 32")}),
        ("devices", {"pool": {"gpus": 4}, "command": ("nvidia-smi", "echo GPU 0")}),
        ("devices", {"pool": {"efa": True}}),
        ("docker", {"command": ("docker", "exit 1")}),
        ("lsf", {"node": {"lsf_top": "/nonexistent"}}),
        ("daemons", {"command": ("../lsf/etc/lim", "exit 1")}),
    ],
)
def test_a_step_that_fails_is_named_and_no_host_joins(
    place: Place, make: Any, step: str, breaks: dict[str, Any]
) -> None:
    install(place, make, node=breaks.get("node"), **breaks.get("pool", {}))
    if "command" in breaks:
        place.command(*breaks["command"])
    if "value" in breaks:
        path, value = breaks["value"]
        place.metadata.values |= {path: value or ""}
        if value is None:
            del place.metadata.values[path]
    done = place.run("boot.sh")
    assert done.returncode != 0
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"ris-hybrid: {step}: FAILED (")
    assert f"ris-hybrid: {step}: begin" in done.stdout
    assert not any(call.startswith(("res ", "sbatchd ")) for call in place.calls())


def test_devices_a_pool_has_are_looked_for(place: Place, make: Any) -> None:
    install(place, make, gpus=2, efa=True)
    place.command("nvidia-smi", "echo GPU 0: A; echo GPU 1: A")
    (place.root / "sys" / "class" / "infiniband" / "efa_0").mkdir(parents=True)
    done = place.run("boot.sh")
    assert done.returncode == 0, done.stdout


def watch(place: Place, make: Any) -> subprocess.CompletedProcess[str]:
    install(place, make, purchase="spot")
    (place.etc / "lsf").mkdir()
    (place.etc / "lsf" / "lsf.conf").write_text(f"LSF_BINDIR={place.bin}\n")
    return place.run("notice.sh")


TAG = "aws ec2 create-tags --region us-east-1 --resources i-0123456789abcdef0 --tags"
CLOSE = "badmin hclose -C ris-hybrid: spot notice ip-10-80-0-7.ec2.internal"


def test_a_notice_becomes_a_tag_and_closes_the_host(place: Place, make: Any) -> None:
    place.metadata.later["spot/instance-action"] = (3, json.dumps(NOTICE))
    done = watch(place, make)
    assert done.returncode == 0, done.stderr
    assert place.calls() == [f"{TAG} Key=ris_notice,Value={NOTICE_AT}", CLOSE]
    assert f"ris-hybrid: notice: ris_notice={NOTICE_AT}" in done.stdout
    assert {code for _, code in place.metadata.asked} == {200, 404}, "never asked without a token"


def test_a_rebalance_recommendation_is_told_once_and_closes_nothing(place: Place, make: Any) -> None:
    place.metadata.values["events/recommendations/rebalance"] = json.dumps({"noticeTime": "2027-01-15T08:00:00Z"})
    place.metadata.later["spot/instance-action"] = (3, json.dumps(NOTICE))
    watch(place, make)
    rebalance = f"{TAG} Key=ris_rebalance,Value=1800000000"
    assert place.calls() == [rebalance, f"{TAG} Key=ris_notice,Value={NOTICE_AT}", CLOSE]


def test_what_fails_is_tried_again_and_said(place: Place, make: Any) -> None:
    place.metadata.values["spot/instance-action"] = json.dumps(NOTICE)
    for name in ("aws", "badmin"):
        place.command(name, f'[ "$(grep -c "^{name}" "$CALLS")" -ge 3 ]')
    done = watch(place, make)
    assert done.returncode == 0
    assert [sum(call.startswith(name) for call in place.calls()) for name in ("aws", "badmin")] == [3, 3]
    assert done.stdout.count("cannot write ris_notice") == done.stdout.count("cannot close") == 2


def test_another_user_closes_as_the_lsf_administrator(place: Place, make: Any) -> None:
    place.metadata.values["spot/instance-action"] = json.dumps(NOTICE)
    install(place, make, purchase="spot", node={"lsf_admin": "lsfadmin"})
    (place.etc / "lsf").mkdir()
    (place.etc / "lsf" / "lsf.conf").write_text("")
    assert place.run("notice.sh").returncode == 0
    assert f"runuser -u lsfadmin -- {CLOSE}" in place.calls()


def test_a_notice_that_cannot_be_read_means_two_minutes_from_now(place: Place, make: Any) -> None:
    place.metadata.values["spot/instance-action"] = "{}"
    place.command("date", 'case "$*" in +%s) echo 1000 ;; *) exit 1 ;; esac')
    watch(place, make)
    assert f"{TAG} Key=ris_notice,Value=1120" in place.calls()


def test_the_registry_is_logged_in_to_by_a_password_that_is_kept_nowhere(place: Place, make: Any) -> None:
    registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    install(place, make, node={"registry": registry})
    assert json.loads((place.etc / "docker" / "config.json").read_text()) == {"credHelpers": {registry: "ris-ecr"}}
    place.command("aws", "echo the-password")
    done = place.run("../bin/docker-credential-ris-ecr", "get", stdin=registry)
    assert json.loads(done.stdout) == {"ServerURL": registry, "Username": "AWS", "Secret": "the-password"}
    assert place.calls() == ["aws ecr get-login-password --region eu-west-1"]
    assert place.run("../bin/docker-credential-ris-ecr", "store", stdin="x").stdout == ""
