from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.sandbox.lsf.calls import Scripts
from ris_hybrid.sandbox.lsf.rcconf import Provider, RcConf

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0


@pytest.fixture
def conf(tmp_path: Path) -> RcConf:
    scripts = tmp_path / "10.1" / "p" / "scripts"
    scripts.mkdir(parents=True)
    provider = Provider(
        name="aws1", type="x", conf_dir=tmp_path / "conf" / "p", script_dir=scripts.parent, script_option="-Da=b"
    )
    return RcConf(top=tmp_path, log_dir=tmp_path / "log", share_dir=tmp_path / "work", providers=(provider,))


def script(conf: RcConf, name: str, text: str, mode: int = 0o755) -> None:
    path = conf.providers[0].script_dir / "scripts" / f"{name}.sh"
    path.write_text(text)
    path.chmod(mode)


def run(conf: RcConf, name: str, payload: dict[str, object] | None = None):
    env = {"PATH": os.environ["PATH"], "INHERITED": "yes", "PROVIDER_NAME": "not this"}
    return Scripts(conf, "compute1", env).provider(conf.providers[0], name, payload or {}, NOW)


def test_arguments_environment_and_dated_input(conf: RcConf) -> None:
    script(
        conf,
        "verb",
        "#!/bin/sh\n"
        'echo "$#|$1|$(basename "$2")|$(stat -c %Y "$2")|$(cat "$2")"\n'
        'echo "$PRO_LSF_TOP|$PRO_DATA_DIR|$PRO_LSF_LOGDIR|$PROVIDER_NAME|$PRO_CONF_DIR|$SCRIPT_OPTIONS"\n'
        'echo "$LSF_ENVDIR|$INHERITED"\n'
        'test -d "$PRO_DATA_DIR" && test -d "$PRO_LSF_LOGDIR" && echo there; cat\n'
        "echo said >&2; exit 1\n",
    )
    call = run(conf, "verb", {"a": [1]})
    top = conf.top
    assert call.stdout.splitlines() == [
        f'2|-f|in-000001.json|{NOW:.0f}|{{"a": [1]}}',
        f"{top}|{top}/work/compute1/resource_connector|{top}/log|aws1|{top}/conf/p|-Da=b",
        f"{top}/conf|yes",
        "there",
    ]
    assert (call.verb, call.input, call.rc, call.stderr, call.problem) == ("verb", {"a": [1]}, 1, "said\n", "")
    assert call.wall_s > 0
    assert not list((top / "work" / "compute1" / "rc_input").iterdir())


def test_the_inherited_environment_is_read_at_each_call(conf: RcConf) -> None:
    script(conf, "clock", '#!/bin/sh\necho "$CLOCK"\n')
    env = {"CLOCK": "1"}
    scripts = Scripts(conf, "compute1", env)
    env["CLOCK"] = "2"
    assert scripts.provider(conf.providers[0], "clock", {}, NOW).stdout == "2\n"


def test_a_script_without_a_first_line_runs_through_the_shell(conf: RcConf) -> None:
    script(conf, "plain", 'echo "{}"\n')
    assert run(conf, "plain").stdout == "{}\n"


@pytest.mark.parametrize(("mode", "name"), [(0o755, "other"), (0o755, "bad")])
def test_a_script_that_cannot_start_is_a_problem(conf: RcConf, mode: int, name: str) -> None:
    script(conf, "bad", "#!/no/such/interpreter\n", mode)
    call = run(conf, name)
    assert call.rc == 127
    assert call.problem.startswith("cannot be started:")


def test_no_answer_in_time(conf: RcConf) -> None:
    script(conf, "slow", "#!/bin/sh\necho early\nsleep 30 & wait\n")
    call = run(replace(conf, call_timeout_s=0.3), "slow")
    assert call.problem == "no answer within 0.3 s"
    assert call.stdout == "early\n"
    assert call.wall_s < 5


def test_a_process_left_behind_that_holds_stdout(conf: RcConf) -> None:
    script(conf, "leaves", "#!/bin/sh\nsleep 30 &\necho '{}'\n")
    call = run(replace(conf, call_timeout_s=0.3), "leaves")
    assert call.problem == "a process it left behind still held stdout after 0.3 s"


def test_a_process_left_behind_that_does_not_hold_stdout_is_fine(conf: RcConf) -> None:
    script(conf, "leaves", "#!/bin/sh\nsleep 1 >/dev/null &\necho '{}'\n")
    assert run(conf, "leaves").problem == ""


def test_output_that_is_not_text_does_not_stop_the_call(conf: RcConf) -> None:
    script(conf, "odd", "#!/bin/sh\nprintf '\\377'\n")
    assert run(conf, "odd").stdout == "\ufffd"


def test_the_policy_script_gets_one_file_and_merged_output(conf: RcConf) -> None:
    script(conf, "policy", '#!/bin/sh\necho "$#|$LSF_ENVDIR|$PRO_DATA_DIR|$PROVIDER_NAME"; echo log >&2; cat "$1"\n')
    path = conf.providers[0].script_dir / "scripts" / "policy.sh"
    call = Scripts(conf, "c1", {"PATH": os.environ["PATH"]}).policy(path, {"request": {}}, NOW)
    assert call is not None
    first, second, third = call.stdout.splitlines()
    assert first == f"1|{conf.top}/conf|{conf.top}/work/c1/resource_connector|"
    assert (second, json.loads(third), call.stderr) == ("log", {"request": {}}, "")


def test_a_missing_or_not_executable_policy_script_is_no_call(conf: RcConf) -> None:
    script(conf, "policy", "#!/bin/sh\n", 0o644)
    folder = conf.providers[0].script_dir / "scripts"
    scripts = Scripts(conf, "c1", {})
    assert scripts.policy(folder / "policy.sh", {}, NOW) is None
    assert scripts.policy(folder / "nothing", {}, NOW) is None
