"""A site in a temporary directory: an LSF_TOP, a virtual cluster, and plug-ins that are real programs."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.ebrokerd import Ebrokerd
from ris_hybrid.sandbox.lsf.rcconf import read_rc_conf
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, JobRequest, QueueSpec

if TYPE_CHECKING:
    from pathlib import Path

START = 1_800_000_000.0
VERBS = ("getAvailableTemplates", "requestMachines", "getRequestStatus", "requestReturnMachines", "getReturnRequests")

# Answers what the test says: each verb is a shell fragment in $PRO_CONF_DIR/canned, every input is logged.
CANNED = """#!/bin/sh
verb=${0##*/}; verb=${verb%.sh}
{ cat "$2"; echo; } >> "$PRO_DATA_DIR/$PROVIDER_NAME.$verb.asked"
. "$PRO_CONF_DIR/canned/$verb"
"""


def template(name: str = "node8", slots: int = 8, most: int = 10, **more: object) -> dict[str, object]:
    return {
        "templateId": name,
        "maxNumber": most,
        "attributes": {
            "type": ["String", "X86_64"],
            "ncpus": ["Numeric", str(slots)],
            "awshost": ["Boolean", "1"],
        },
        **more,
    }


def machine(machine_id: str, result: str = "succeed", **more: object) -> dict[str, object]:
    return {"machineId": machine_id, "name": f"cloud-{machine_id}", "result": result, "status": "running", **more}


class Site:
    """One LSF_TOP with its providers; ``start`` makes the cluster and ebrokerd."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.events: list[object] = []
        self.rc_dir = top / "conf" / "resource_connector"
        self.rc_dir.mkdir(parents=True)
        self.providers: list[dict[str, object]] = []
        self.lsf_conf(LSB_RC_EXTERNAL_HOST_FLAG='"awshost"')
        self.call_timeout_s = 20.0

    def lsf_conf(self, **values: object) -> None:
        lines = [f"{key}={value}" for key, value in values.items()]
        (self.top / "conf" / "lsf.conf").write_text("\n".join(["# sandbox", *lines, ""]))

    def add_provider(self, name: str, **more: object) -> Path:
        """An entry of hostProviders.json and the folder its scripts go to."""
        entry = {"name": name, "type": "testProv", "confPath": f"resource_connector/{name}"}
        self.providers.append({**entry, "scriptPath": f"resource_connector/{name}", **more})
        (self.rc_dir / "hostProviders.json").write_text(json.dumps({"providers": self.providers}))
        scripts = self.top / "10.1" / "resource_connector" / name / "scripts"
        scripts.mkdir(parents=True)
        (self.rc_dir / name / "conf").mkdir(parents=True)
        return scripts

    def add_canned(self, name: str = "cloud", templates: list[dict[str, object]] | None = None, **more: object) -> None:
        scripts = self.add_provider(name, **more)
        (self.rc_dir / name / "canned").mkdir()
        for verb in VERBS:
            self.program(scripts / f"{verb}.sh", CANNED)
        self.answer("getAvailableTemplates", {"templates": templates or [template()]}, provider=name)
        self.answer("requestMachines", {"requestId": "r1", "message": "ok"}, provider=name)
        self.status("r1", "running", provider=name)
        self.answer("getReturnRequests", {"status": "complete", "requests": []}, provider=name)
        self.answer("requestReturnMachines", {"requestId": "back1", "message": "ok"}, provider=name)

    def grant(self, *machine_ids: str, **conf: object) -> Site:
        """A provider that has the machines named ready at the first query; idle hosts go back after two minutes."""
        self.lsf_conf(LSB_RC_EXTERNAL_HOST_IDLE_TIME=2, **conf)
        self.add_canned()
        self.status("r1", "complete", *[machine(machine_id) for machine_id in machine_ids])
        return self

    def program(self, path: Path, text: str) -> Path:
        path.write_text(text)
        path.chmod(0o755)
        return path

    def answer(self, verb: str, body: object, rc: int = 0, provider: str = "cloud") -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.fragment(verb, f"cat <<'END'\n{text}\nEND\nexit {rc}\n", provider)

    def fragment(self, verb: str, shell: str, provider: str = "cloud") -> None:
        (self.rc_dir / provider / "canned" / verb).write_text(shell)

    def status(self, request_id: str, status: str, *machines: object, provider: str = "cloud", **more: object) -> None:
        entry = {"requestId": request_id, "status": status, "machines": list(machines), "message": "", **more}
        self.answer("getRequestStatus", {"requests": [entry]}, provider=provider)

    def policy(self, script: str = "", policies: list[object] | None = None) -> None:
        body: dict[str, object] = {"Policies": policies or []}
        if script:
            body["UserDefinedScriptPath"] = str(self.program(self.top / "policy.sh", script))
        (self.rc_dir / "policy_config.json").write_text(json.dumps(body))

    def start(self, *queues: QueueSpec, slots: int = 4, room: object = None, boot_s: float = 60.0) -> Site:
        spec = ClusterSpec(
            name="compute1",
            hosts=(HostSpec(prefix="onprem", count=1, slots=slots),),
            queues=queues or (QueueSpec(name="general", rc_hosts="awshost"),),
            default_queue=(queues[0].name if queues else "general"),
        )
        self.cluster = Cluster(spec, START)
        conf = replace(read_rc_conf(self.top), call_timeout_s=self.call_timeout_s)
        self.ebrokerd = Ebrokerd(self.cluster, conf, dict(os.environ), self.events.append, room, boot_s)
        return self

    def submit(self, *slots: int, run_s: float = 10_000.0, **more: object) -> None:
        for count in slots:
            self.cluster.submit(JobRequest(run_s=run_s, slots=count, **more))

    def run(self, seconds: float) -> None:
        """Drive the cluster and ebrokerd up to so many seconds after the start."""
        end = START + seconds
        while (due := self.ebrokerd.next_tick()) <= end:
            self.cluster.advance(due)
            self.ebrokerd.tick()
            assert self.ebrokerd.next_tick() > due
        self.cluster.advance(end)

    def asked(self, verb: str, provider: str = "cloud") -> list[dict[str, object]]:
        """The inputs a canned script has seen."""
        log = self.top / "work" / "compute1" / "resource_connector" / f"{provider}.{verb}.asked"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def seen(self, kind: type) -> list[object]:
        return [event for event in self.events if isinstance(event, kind)]

    def breaches(self) -> list[tuple[str, str]]:
        return [(error.verb, error.what) for error in self.ebrokerd.protocol_errors]

    def stages(self) -> dict[str, str]:
        return {holding.machine_id: holding.stage.value for holding in self.ebrokerd.holdings()}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "lsf top")


@pytest.fixture
def make_template():
    return template


@pytest.fixture
def make_machine():
    return machine


@pytest.fixture
def python_program():
    """A program in Python that starts quickly."""

    def build(path: Path, text: str) -> Path:
        path.write_text(f"#!{sys.executable} -IS\n{text}")
        path.chmod(0o755)
        return path

    return build
