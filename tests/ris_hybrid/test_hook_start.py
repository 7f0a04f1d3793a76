"""What a call of a script must not load: it is started hundreds of times an hour."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from burst.rc import conf, templates

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import json, sys
from ris_hybrid import hook
code, answer = hook.run(sys.argv[1:], {"PRO_CONF_DIR": sys.argv[3].rpartition("/")[0]})
print(json.dumps([code, sorted(name.partition(".")[0] for name in sys.modules), sorted(sys.modules)]))
"""


@pytest.mark.parametrize(
    ("verb", "code", "never"),
    [
        ("getAvailableTemplates", 0, {"botocore", "pydantic", "yaml", "typer", "subprocess", "burst.rc.verbs"}),
        ("getRequestStatus", 1, {"pydantic", "yaml", "typer", "rich", "statistics", "onprem"}),
    ],
)
def test_a_call_loads_nothing_it_does_not_need(
    tmp_path: Path, make: Any, verb: str, code: int, never: set[str]
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / templates.FILE_NAME).write_text(conf.dump(make.settings(endpoint_url="http://127.0.0.1:1")))
    (tmp_path / "in.json").write_text('{"requests": 1}')
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, verb, "-f", str(tmp_path / "in.json")],
        capture_output=True,
        text=True,
        check=True,
    )
    got, packages, modules = json.loads(done.stdout)
    assert got == code
    assert never.isdisjoint([*packages, *modules])


POLICY = """
import json, sys
from ris_hybrid import hook
from burst.rc import policy, verbs
hook.run(["policy", "-f", sys.argv[1]], {"LSF_ENVDIR": "/nonexistent"})
print(json.dumps(sorted(sys.modules)))
"""


def test_the_policy_script_decides_by_a_plan_without_what_makes_one(tmp_path: Path) -> None:
    """The plan is made by the service: the script reads a file."""
    (tmp_path / "in.json").write_text('{"request": {}}')
    done = subprocess.run(
        [sys.executable, "-c", POLICY, str(tmp_path / "in.json")], capture_output=True, text=True, check=True
    )
    modules = json.loads(done.stdout)
    packages = {name.partition(".")[0] for name in modules}
    assert {"burst.rc.policy", "burst.plan_file"} <= set(modules)
    assert {"numpy", "numba", "scipy", "pydantic", "rich"}.isdisjoint(packages)
    assert {"burst.planner.live", "burst.planner.kernel", "burst.planning", "burst.steering.turn"}.isdisjoint(modules)
