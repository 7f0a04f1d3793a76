from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.holdings.actions import actions_for
from ris_hybrid.sandbox.aws.child import SandboxAws
from stacks.environment import Environment
from stacks.identity.controller_policy import burst_statements
from stacks.identity.reading_policy import reading_statements

if TYPE_CHECKING:
    from collections.abc import Callable

MASTER = Path(__file__).parent / "master"
RECORDED = Path(__file__).parents[1] / "golden" / "lsf"


@pytest.fixture
def lsf(tmp_path: Path) -> Path:
    """A directory for PATH whose bjobs, bhosts and bqueues print what real ones printed."""
    folder = tmp_path / "lsf bin"
    folder.mkdir()
    active = {"STATUS": "Open:Active", "MAX": "-", "PEND": "4", "RUN": "16"}
    queues = [{"QUEUE_NAME": name, **active} for name in ("general", "subscription")]
    answers = {
        "bjobs": (RECORDED / "bjobs-json" / "fields.txt").read_text(),
        "bhosts": (RECORDED / "bhosts-json" / "1.txt").read_text(),
        "bqueues": json.dumps({"COMMAND": "bqueues", "QUEUES": 2, "RECORDS": queues}),
    }
    for name, text in answers.items():
        (folder / f"{name}.json").write_text(text)
        (folder / name).write_text(f'#!/bin/sh\ncat "$(dirname "$0")/{name}.json"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def beyond_policy() -> Callable[[str], set[str]]:
    """Of a sandbox's address: what the product did there that the controller's policy does not allow."""
    place = Environment(
        cluster="c1", provider="aws", organization="site", env="e", account="123456789012", region="us-east-1"
    )
    statements = (*burst_statements(place, ["c1-e-node"]), *reading_statements())
    allowed = {action for one in statements for action in one["Action"]}

    def beyond(url: str) -> set[str]:
        made = SandboxAws.attach(url).calls_by_key()["sandbox"]
        return {action for operation in made for action in actions_for(operation)} - allowed

    return beyond


@pytest.fixture
def coverage_environment() -> dict[str, Any]:
    """What a child process needs to be measured, if this run is."""
    return {name: value for name, value in os.environ.items() if name.startswith("COV")}


@pytest.fixture
def master(tmp_path: Path, coverage_environment: dict[str, str]) -> Master:
    return Master(tmp_path, coverage_environment)


def written(folder: Path) -> Path:
    """An LSF_TOP as a site has it, burst.yaml, and administrator's commands that only note what they were asked."""
    top = folder / "lsf"
    shutil.copytree(MASTER, folder, dirs_exist_ok=True)
    conf = top / "conf" / "lsf.conf"
    conf.write_text(conf.read_text().replace("TOP/", f"{top}/").replace("=TOP", f"={top}"))
    (folder / "bin").mkdir()
    for name in ("badmin", "lsadmin"):
        script = folder / "bin" / name
        script.write_text(
            f'#!/bin/sh\necho "{name} $*" >> "{folder}/asked"\n'
            f'case "$1" in ckconfig) test ! -e "{folder}/broken" || {{ echo "lsb.queues: bad line"; '
            'echo "There are fatal errors."; exit 1; };; esac\n'
        )
        script.chmod(0o755)
    return top


class Master:
    """An LSF master in a folder of the test."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.top = folder, written(folder)
        self.conf = self.top / "conf"
        self.queues = self.conf / "lsbatch" / "c1" / "configdir" / "lsb.queues"
        self.environment = environment

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "ris-hybrid"), *arguments, "--conf", str(self.folder / "burst.yaml")],
            env={
                "PATH": f"{self.folder / 'bin'}:{os.defpath}",
                "HOME": str(self.folder),
                "LSF_ENVDIR": str(self.conf),
                "AWS_ACCESS_KEY_ID": "k",
                "AWS_SECRET_ACCESS_KEY": "s",
                "AWS_EC2_METADATA_DISABLED": "true",
                **self.environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        return done

    def asked(self) -> list[str]:
        """What LSF's administrator commands were asked, and forget it."""
        path = self.folder / "asked"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line for line in lines if not line.endswith("-V")]

    def plain(self, text: str) -> str:
        commands = str(Path(sys.executable).parent)
        text = text.replace(str(self.top), "TOP").replace(commands, "BIN").replace(str(self.folder), "FOLDER")
        text = re.sub(r"^(\+User=).*$", r"\1OWNER", text, flags=re.MULTILINE)
        return re.sub(r"botocore-[0-9a-f.-]+", "botocore-VERSION", text)
