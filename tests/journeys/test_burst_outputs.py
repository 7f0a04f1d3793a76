"""``ris-hybrid burst outputs``: from the compute stack's parameters to the file burst.yaml names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.parameters import SsmPools
from ris_hybrid.cli.app import main
from ris_hybrid.cli.burst_site import load_settings
from ris_hybrid.config.burst_file import load_burst

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws

BURST_YAML = """\
cluster: c1
provider: aws
region: us-east-1
endpoint_url: URL
outputs: built/outputs.json
pools:
  - {name: cpu, instance_types: [c6i.4xlarge], slots: 8, memory_mib: 30000, max_nodes: 4}
gates:
  - pending_jobs: 1
caps:
  nodes: 4
budget:
  usd_per_month: 100
"""


@pytest.fixture
def conf(tmp_path: Path, sandbox_aws: SandboxAws) -> Path:
    path = tmp_path / "burst.yaml"
    path.write_text(BURST_YAML.replace("URL", sandbox_aws.url))
    (tmp_path / "built").mkdir()
    return path


@pytest.fixture
def stack(conf: Path) -> Callable[..., None]:
    """What the compute stack of ``prod`` writes."""
    client = SsmPools.of(load_burst(conf))._client

    def write(pool: str, value: Any) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        client.put_parameter(Name=f"/ris-hybrid/c1-prod/pools/{pool}", Value=text, Type="String", Overwrite=True)

    return write


def built(template: str = "lt-0123456789abcdef0") -> dict[str, object]:
    return {"launch_template": template, "subnets": ["subnet-a"], "notices": "https://sqs.example/q"}


def run(conf: Path, *options: str) -> int:
    return main(["burst", "outputs", "--environment", "prod", "--conf", str(conf), *options])


def test_what_the_stack_built_is_what_burst_reads(conf, stack, capsys):
    stack("cpu", built())
    stack("gpu", built())
    assert run(conf, "--dry-run") == 0
    assert "would write" in capsys.readouterr().out
    assert not (conf.parent / "built" / "outputs.json").exists()
    assert run(conf) == 0
    seen = capsys.readouterr()
    assert "cpu   launch_template  -       lt-0123456789abcdef0" in seen.out
    assert "built, but not in burst.yaml: gpu" in seen.err
    settings = load_settings(conf)
    assert settings.pools[0].launch_template == "lt-0123456789abcdef0"
    assert settings.pools[0].subnets == ("subnet-a",)
    assert settings.notices == "https://sqs.example/q"


def test_a_second_time_only_what_changed_is_said_and_written(conf, stack, capsys):
    stack("cpu", built())
    assert run(conf) == 0
    capsys.readouterr()
    assert run(conf) == 0
    assert "nothing has changed" in capsys.readouterr().out
    stack("cpu", built("lt-2"))
    assert run(conf, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "sandbox": False,
        "file": str(conf.parent / "built" / "outputs.json"),
        "written": True,
        "changes": [
            {"pool": "cpu", "field": "launch_template", "before": "lt-0123456789abcdef0", "after": "lt-2"},
        ],
        "not_in_burst_yaml": [],
    }


def test_a_pool_that_was_not_built_is_told_and_nothing_is_written(conf, stack, capsys):
    stack("gpu", built())
    assert run(conf) == 2
    seen = capsys.readouterr()
    assert "the stacks of prod have built nothing for pool cpu" in seen.err
    assert "pulumi up --stack compute-prod" in seen.err
    assert not (conf.parent / "built" / "outputs.json").exists()


@pytest.mark.parametrize("value", ["no json", '["a"]', '{"launch_template": 1, "subnets": [], "notices": ""}', "{}"])
def test_a_parameter_nobody_of_ours_wrote_is_told(conf, stack, capsys, value):
    stack("cpu", value)
    assert run(conf) == 5
    assert "parameter /ris-hybrid/c1-prod/pools/cpu cannot be read" in capsys.readouterr().err


def test_a_file_of_no_use_is_written_anew(conf, stack, capsys):
    stack("cpu", built())
    (conf.parent / "built" / "outputs.json").write_text("{")
    assert run(conf) == 0
    assert "it is written anew" in capsys.readouterr().err
    assert load_settings(conf).pools[0].launch_template


def test_burst_yaml_without_outputs_is_told(conf, capsys):
    text = conf.read_text().replace("outputs: built/outputs.json\n", "")
    conf.write_text(text.replace("max_nodes: 4}", "max_nodes: 4, launch_template: lt-1, subnets: [s]}"))
    assert run(conf) == 2
    assert "burst.yaml names no outputs" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_told(conf, stack, capsys):
    stack("cpu", built())
    (conf.parent / "built").rmdir()
    assert run(conf) == 2
    assert "cannot be written: No such file" in capsys.readouterr().err


def test_without_a_site_the_sandbox_that_runs_is_meant(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path))
    monkeypatch.delenv("RIS_HYBRID_CONF", raising=False)
    assert main(["burst", "outputs", "--environment", "sandbox"]) == 2
    assert "no sandbox is running" in capsys.readouterr().err
