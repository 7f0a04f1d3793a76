from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.rcconf import RcConf, read_rc_conf

if TYPE_CHECKING:
    from pathlib import Path

PROVIDER = {"name": "a", "type": "awsProv", "confPath": "resource_connector/a", "scriptPath": "resource_connector/a"}


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "conf" / "resource_connector").mkdir(parents=True)
    write(tmp_path, lsf="", providers=[PROVIDER])
    return tmp_path


def write(top: Path, lsf: str | None = None, providers: object = None, policies: object = None) -> None:
    folder = top / "conf" / "resource_connector"
    if lsf is not None:
        (top / "conf" / "lsf.conf").write_text(lsf)
    if providers is not None:
        (folder / "hostProviders.json").write_text(json.dumps({"providers": providers}))
    if policies is not None:
        (folder / "policy_config.json").write_text(json.dumps(policies))


def test_defaults_are_those_of_lsf(top: Path) -> None:
    conf = read_rc_conf(top)
    assert (conf.update_interval_s, conf.query_interval_s, conf.idle_s, conf.ttl_s) == (30, 30, 3600, 0)
    assert (conf.template_delay_s, conf.requeue_buffer_s, conf.max_requests) == (600, 30, 300)
    assert (conf.abnormal_soft_s, conf.abnormal_hard_s) == (600, 3600)
    assert (conf.max_new_demand, conf.host_flags, conf.policy_script, conf.policies) == (None, frozenset(), None, ())
    assert conf.data_dir("c1") == top / "work" / "c1" / "resource_connector"
    assert conf.conf_dir == top / "conf"


def test_lsf_conf_forms(top: Path) -> None:
    write(
        top,
        lsf="""
# a comment
  LSB_RC_UPDATE_INTERVAL = 15   # seconds
LSB_RC_EXTERNAL_HOST_FLAG="awshost gpuhost" # two
LSF_LOGDIR='/var/log/lsf logs'
LSB_SHAREDIR=/share/work
LSB_RC_EXTERNAL_HOST_IDLE_TIME=5
LSB_RC_EXTERNAL_HOST_IDLE_TIME=8
LSB_RC_EXTERNAL_HOST_ABNORMAL_TIME=2:9
LSB_RC_MAX_NEWDEMAND=50
LSF_EMPTY=
LSB_RC_QUERY_INTERVAL=
""",
    )
    conf = read_rc_conf(top)
    assert conf.update_interval_s == 15
    assert conf.host_flags == {"awshost", "gpuhost"}
    assert str(conf.log_dir) == "/var/log/lsf logs"
    assert str(conf.share_dir) == "/share/work"
    assert (conf.idle_s, conf.abnormal_soft_s, conf.abnormal_hard_s) == (480, 120, 540)
    assert (conf.max_new_demand, conf.query_interval_s) == (50, 30)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("LSB_RC_UPDATE_INTERVAL=soon", "lsf.conf:2: LSB_RC_UPDATE_INTERVAL: expected a whole number from 1"),
        ("LSB_RC_QUERY_INTERVAL=0", "LSB_RC_QUERY_INTERVAL: expected a whole number from 1"),
        ("LSB_RC_EXTERNAL_HOST_ABNORMAL_TIME=10", "expected SOFT:HARD"),
        ("not an assignment", "lsf.conf:2: expected KEY=VALUE"),
    ],
)
def test_a_bad_line_is_named(top: Path, line: str, expected: str) -> None:
    write(top, lsf=f"# first\n{line}\n")
    with pytest.raises(ConfigError, match=expected):
        read_rc_conf(top)


def test_providers_and_their_paths(top: Path) -> None:
    other = {**PROVIDER, "name": "b", "confPath": "/etc/b", "scriptPath": "/opt/b", "scriptOption": "-Dx=y"}
    write(top, providers=[PROVIDER, {**other, "provHostTimeOut": "15"}, {**PROVIDER, "type": "twice"}])
    conf = read_rc_conf(top)
    first, second = conf.providers
    assert first.conf_dir == top / "conf" / "resource_connector" / "a"
    assert first.script_dir == top / "10.1" / "resource_connector" / "a"
    assert (first.host_timeout_s, first.script_option) == (600, "")
    assert (str(second.conf_dir), str(second.script_dir)) == ("/etc/b", "/opt/b")
    assert (second.host_timeout_s, second.script_option) == (900, "-Dx=y")
    assert conf.warnings == (f"{first_file(conf)}: providers[2].name: 'a' is there already; this entry is ignored",)


def first_file(conf: RcConf) -> Path:
    return conf.top / "conf" / "resource_connector" / "hostProviders.json"


@pytest.mark.parametrize(
    ("providers", "expected"),
    [
        ([{**PROVIDER, "name": ""}], r"providers\[0\].name: expected text"),
        ([{**PROVIDER, "scriptPath": 7}], r"providers\[0\].scriptPath: expected text"),
        ([{**PROVIDER, "provHostTimeOut": "ten"}], "provHostTimeOut: expected a whole number"),
        (["a"], "providers: expected a list of objects"),
        ({}, "providers: expected a list of objects"),
    ],
)
def test_a_bad_provider_is_named(top: Path, providers: object, expected: str) -> None:
    write(top, providers=providers)
    with pytest.raises(ConfigError, match=expected):
        read_rc_conf(top)


def test_policy_config(top: Path) -> None:
    consumer = {"rcAccount": ["albert"], "templateName": "all", "provider": ["a", "b"]}
    policies = [
        {"Name": "cap", "Consumer": consumer, "MaxNumber": "100"},
        {"Name": "step", "StepValue": "5:20", "MaxNumber": 7},
    ]
    write(top, policies={"UserDefinedScriptPath": "/opt/policy", "Policies": policies})
    conf = read_rc_conf(top)
    assert str(conf.policy_script) == "/opt/policy"
    cap, step = conf.policies
    assert (cap.consumer.accounts, cap.consumer.templates, cap.consumer.providers) == (("albert",), (), ("a", "b"))
    assert (cap.max_number, cap.step) == (100, None)
    assert (step.max_number, step.step, step.step_s) == (7, 5, 1200)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ({"UserDefinedScriptPath": "/x"}, "Policies: expected a list"),
        ({"UserDefinedScriptPath": 1, "Policies": []}, "UserDefinedScriptPath: expected text"),
        ({"Policies": [{"MaxNumber": 1}]}, r"Policies\[0\].Name: expected text"),
        ({"Policies": [{"Name": "x", "StepValue": "5"}]}, "StepValue: expected MACHINES:MINUTES"),
        ({"Policies": [{"Name": "x", "Consumer": []}]}, "Consumer: expected an object"),
        ({"Policies": [{"Name": "x", "Consumer": {"rcAccount": [1]}}]}, "Consumer.rcAccount: expected 'all' or"),
        ([], "expected a JSON object"),
    ],
)
def test_a_bad_policy_is_named(top: Path, policies: object, expected: str) -> None:
    write(top, policies=policies)
    with pytest.raises(ConfigError, match=expected):
        read_rc_conf(top)


def test_broken_json_names_file_and_line(top: Path) -> None:
    (top / "conf" / "resource_connector" / "hostProviders.json").write_text('{\n"providers": [\n')
    with pytest.raises(ConfigError, match=r"hostProviders.json:3: expected JSON"):
        read_rc_conf(top)


def test_not_an_lsf_top(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"lsf.conf: cannot be read") as caught:
        read_rc_conf(tmp_path)
    assert "LSF_TOP" in caught.value.hint
