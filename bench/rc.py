"""What each call of LSF's Resource Connector costs: any plug-in's scripts side by side with ours, in one run.

Both work on the same sandbox EC2 (loopback, no latency), call by call in turn: A B, then B A, and so on. Each round
launches a fleet, asks for its status, checks it, returns it and asks again. Printed per call: wall seconds (median,
least and most), the ratio to ours without the service, calls of AWS, and the peak memory of the largest process.

``--scripts DIR`` has requestMachines.sh and the others, ``--conf DIR`` is its confPath (with ``conf/``). In a copy of
its configuration @ENDPOINT_URL@, @REGION@, @SUBNET@, @SUBNETS@, @LAUNCH_TEMPLATE@ and @IMAGE@ become those of the
sandbox. ``--check`` ends with 1 when ours misses a bound.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import burst.rc
from burst.aws.client import ec2_client
from burst.rc import install
from burst.shapes import with_shapes
from ris_hybrid.sandbox.aws.child import SandboxAws, end
from ris_hybrid.sandbox.conformance.plugin import Plugin, write_burst_yaml
from ris_hybrid.settings import Budget, BurstSettings, Caps, Gate, Pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IMAGE, TYPE, POOL = "ami-0123456789abcdef0", "c7a.xlarge", "many"
MOST = 500  # machines of one request; a larger fleet is made of several, and then only checked
LIMIT_S = 300.0
SETTLES_S = 5.0  # until the service listens and has had its first look
ALONE, SERVED = "ours", "ours, served"
CREATE, RETURN = "getRequestStatus (create)", "getRequestStatus (return)"
TEMPLATES, REQUEST, CHECK, BACK = (
    "getAvailableTemplates",
    "requestMachines",
    "getReturnRequests",
    "requestReturnMachines",
)
CALLS = (TEMPLATES, REQUEST, CREATE, CHECK, BACK, RETURN)
BOUNDS_S = {(SERVED, 1): 0.10, (SERVED, 500): 1.0, (ALONE, 1): 0.5, (ALONE, 500): 1.5}
CHECK_AT_2000_S = 3.0


@dataclass(slots=True, kw_only=True)
class Contestant:
    """One plug-in with its environment, and what it holds in this round."""

    label: str
    scripts: Path
    env: dict[str, str]
    template: str = POOL
    request_id: str = ""
    return_id: str = ""
    held: list[dict[str, str]] = field(default_factory=list)
    out: str = ""
    """Why it was left out of the rest of a round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One call."""

    call: str
    machines: int
    label: str
    wall_s: float
    aws_calls: int
    peak_mib: float
    failed: str


class Course:
    """The sandbox EC2 and the process that runs the scripts."""

    def __init__(self, aws: SandboxAws, folder: Path) -> None:
        self.aws = aws
        self.figures: list[Figure] = []
        self._folder = folder
        self._count = 0
        program = str(Path(__file__).with_name("rc_child.py"))
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        """End the process."""
        self._child.communicate()

    def network(self) -> tuple[str, tuple[str, ...]]:
        """An empty account with a launch template and three subnets; the same ids every time."""
        self.aws.reset()
        self.aws.timing(pending_s=0, shutting_down_s=0)
        ec2 = ec2_client(_settings("build", self.aws, "", ()))
        vpc = ec2.create_vpc(CidrBlock="10.64.0.0/16")["Vpc"]["VpcId"]
        subnets = tuple(
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.64.{64 * at}.0/18", AvailabilityZone=f"{self.aws.region}{zone}"
            )["Subnet"]["SubnetId"]
            for at, zone in enumerate("abc")
        )
        made = ec2.create_launch_template(
            LaunchTemplateName="node", LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "c7a.xlarge"}
        )
        return made["LaunchTemplate"]["LaunchTemplateId"], subnets

    def call(
        self, who: Contestant, call: str, payload: object, machines: int, *, counted: bool = True
    ) -> dict[str, Any]:
        """One script; its answer, or ``{}`` when it failed."""
        self._count += 1
        path = self._folder / f"in-{self._count:06d}.json"
        path.write_text(json.dumps(payload), encoding="utf-8")
        before = sum(self.aws.calls().values())
        script = str(who.scripts / f"{call.split(maxsplit=1)[0]}.sh")
        said = self._ask(
            {"argv": [script, "-f", str(path)], "env": who.env, "cwd": str(self._folder), "limit_s": LIMIT_S}
        )
        path.unlink()
        answer, failed = _read(said)
        if counted:
            self.figures.append(
                Figure(
                    call=call,
                    machines=machines,
                    label=who.label,
                    wall_s=said["wall_s"],
                    aws_calls=sum(self.aws.calls().values()) - before,
                    peak_mib=said["peak_mib"],
                    failed=failed,
                )
            )
        if failed:
            who.out = f"{call}: {failed}"
        return answer

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(order) + "\n")
        self._child.stdin.flush()
        said = json.loads(self._child.stdout.readline())
        assert isinstance(said, dict)
        return said


def _read(said: dict[str, Any]) -> tuple[dict[str, Any], str]:
    try:
        answer = json.loads(said["stdout"])
    except ValueError:
        return {}, f"exit {said['rc']}, no JSON"
    if said["rc"] != 0 or not isinstance(answer, dict):
        return {}, f"exit {said['rc']}: {answer.get('message', '') if isinstance(answer, dict) else ''}"[:100]
    return answer, ""


def one_round(course: Course, field_: Sequence[Contestant], machines: int) -> None:
    """A fleet's whole life, every call by each in turn."""
    course.network()
    for who in field_:
        who.out = ""
    for call in CALLS:
        for who in field_:
            if not who.out:
                _step(course, who, call, machines)


def _step(course: Course, who: Contestant, call: str, machines: int) -> None:
    payload = {
        TEMPLATES: {},
        REQUEST: _asking(who, machines),
        CREATE: {"requests": [{"requestId": who.request_id}]},
        CHECK: {"machines": who.held},
        BACK: {"machines": who.held},
        RETURN: {"requests": [{"requestId": who.return_id}]},
    }[call]
    answer = course.call(who, call, payload, machines)
    if call == REQUEST:
        who.request_id = str(answer.get("requestId"))
    elif call == CREATE:
        who.held = _held(course, who, answer, machines)
    elif call == BACK:
        who.return_id = str(answer.get("requestId"))


def _asking(who: Contestant, machines: int) -> dict[str, object]:
    return {
        "template": {"templateId": who.template, "machineCount": machines},
        "rc_account": "default",
        "userData": {},
    }


def _held(course: Course, who: Contestant, answer: dict[str, Any], machines: int) -> list[dict[str, str]]:
    """The machines of a request, asked for again where the first answer did not have them all."""
    rows: list[dict[str, Any]] = []
    for _ in range(10):
        rows = [row for one in answer.get("requests", []) for row in one.get("machines", [])]
        if len(rows) >= machines:
            return [{"name": row.get("name", ""), "machineId": row["machineId"]} for row in rows]
        time.sleep(0.2)
        asked = {"requests": [{"requestId": who.request_id}]}
        answer = course.call(who, CREATE, asked, machines, counted=False)
    who.out = who.out or f"{CREATE}: {len(rows)} of {machines} machines"
    return []


def large_fleet(course: Course, field_: Sequence[Contestant], machines: int, rounds: int) -> None:
    """getReturnRequests alone, over a fleet that several requests made."""
    course.network()
    for who in field_:
        who.out, held = "", []
        for first in range(0, machines, MOST):
            part = min(MOST, machines - first)
            answer = course.call(who, REQUEST, _asking(who, part), part, counted=False)
            who.request_id = str(answer.get("requestId"))
            held += _held(course, who, {}, part) if not who.out else []
        who.held = held
    for number in range(rounds):
        for who in field_[:: 1 if number % 2 == 0 else -1]:
            if not who.out:
                course.call(who, CHECK, {"machines": who.held}, machines)


def _settings(provider: str, aws: SandboxAws, template: str, subnets: tuple[str, ...]) -> BurstSettings:
    pool = Pool(
        name=POOL,
        instance_types=(TYPE,),
        slots=4,
        memory_mib=7000,
        max_nodes=10_000,
        launch_template=template,
        subnets=subnets,
    )
    return with_shapes(
        BurstSettings(
            cluster="bench",
            provider=provider,
            region=aws.region,
            pools=(pool,),
            gates=(Gate(pending_jobs=1),),
            caps=Caps(nodes=10_000),
            budget=Budget(usd_per_month=1e9),
            endpoint_url=aws.url,
        )
    )


def ours(label: str, course: Course, folder: Path) -> Contestant:
    """Our scripts, set up for a provider of their own."""
    template, subnets = course.network()
    name = "".join(char if char.isalnum() else "-" for char in label)
    conf = folder / name
    settings = _settings(name, course.aws, template, subnets)
    install.write(settings, conf)
    write_burst_yaml(settings, conf / "burst.yaml")
    env = {"RIS_HYBRID_RC": str(Path(sys.executable).parent / "ris-hybrid-rc")}
    scripts = Path(burst.rc.__file__).with_name("scripts")
    return Contestant(label=label, scripts=scripts, env=_environment(course.aws, folder, name, conf) | env)


def theirs(course: Course, folder: Path, asked: argparse.Namespace) -> Contestant:
    """Somebody else's scripts."""
    template, subnets = course.network()
    facts = {
        "ENDPOINT_URL": course.aws.url,
        "REGION": course.aws.region,
        "SUBNET": subnets[0],
        "SUBNETS": ",".join(subnets),
        "LAUNCH_TEMPLATE": template,
        "IMAGE": IMAGE,
    }
    Plugin(script_path=asked.scripts, conf_path=asked.conf).set_up(folder, facts)
    env = _environment(course.aws, folder, "theirs", folder / "plugin") | {"SCRIPT_OPTIONS": asked.option}
    env |= dict(pair.partition("=")[::2] for pair in asked.env)
    found = Contestant(label=asked.scripts.resolve().parent.name, scripts=asked.scripts.resolve(), env=env)
    offered = course.call(found, TEMPLATES, {}, 0, counted=False).get("templates") or [{"templateId": "none"}]
    found.template = asked.template or str(offered[0].get("templateId"))
    return found


def _environment(aws: SandboxAws, folder: Path, name: str, conf: Path) -> dict[str, str]:
    data = folder / f"{name}-data"
    data.mkdir(exist_ok=True)
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "LSF_ENVDIR": str(folder),
        "PRO_LSF_TOP": str(folder),
        "PRO_LSF_LOGDIR": str(folder),
        "PRO_DATA_DIR": str(data),
        "PRO_CONF_DIR": str(conf),
        "PROVIDER_NAME": name,
        "SCRIPT_OPTIONS": "",
        **aws.env(),
    }


@contextmanager
def served(who: Contestant) -> Iterator[Contestant | None]:
    """The same with the resident service beside it; None where this version has no service."""
    conf = Path(who.env["PRO_CONF_DIR"])
    command = [str(Path(sys.executable).parent / "ris-hybrid"), "burst", "serve", "--conf", str(conf / "burst.yaml")]
    if subprocess.run([*command, "--help"], capture_output=True, check=False).returncode != 0:
        yield None
        return
    service = subprocess.Popen(
        command, env=who.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(SETTLES_S)
        yield who
    finally:
        end(service)


def rows_of(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """Figures by call, size and plug-in, with the ratio to ours without the service."""
    found: dict[tuple[str, int, str], list[Figure]] = {}
    for one in figures:
        found.setdefault((one.call, one.machines, one.label), []).append(one)
    rows = []
    for (call, machines, label), same in found.items():
        walls = [one.wall_s for one in same]
        base = [one.wall_s for one in found.get((call, machines, ALONE), [])]
        rows.append(
            {
                "call": call,
                "machines": machines,
                "plug_in": label,
                "median_s": statistics.median(walls),
                "min_s": min(walls),
                "max_s": max(walls),
                "ratio": statistics.median(walls) / statistics.median(base) if base else None,
                "aws_calls": statistics.median(one.aws_calls for one in same),
                "peak_mib": max(one.peak_mib for one in same),
                "failed": next((one.failed for one in same if one.failed), ""),
            }
        )
    return sorted(rows, key=lambda row: (row["machines"], CALLS.index(row["call"])))


def missed(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The bounds that ours does not keep."""
    found = []
    for row in rows:
        bound = BOUNDS_S.get((row["plug_in"], row["machines"]))
        if row["call"] == CHECK and row["machines"] == 2000 and row["plug_in"] in {ALONE, SERVED}:
            bound = CHECK_AT_2000_S
        where = f"{row['plug_in']}: {row['call']} at {row['machines']}: "
        if bound is not None and row["failed"]:
            found.append(f"{where}{row['failed']}")
        elif bound is not None and row["median_s"] > bound:
            found.append(f"{where}{row['median_s']:.2f} s > {bound:g} s")
    return found


def table(rows: Sequence[dict[str, Any]]) -> None:
    """Print the rows."""
    head = ("call", "machines", "plug-in", "wall s (min-max)", "ratio", "AWS calls", "peak MiB", "")
    lines = [
        (
            row["call"],
            str(row["machines"]),
            row["plug_in"],
            f"{row['median_s']:.3f} ({row['min_s']:.3f}-{row['max_s']:.3f})",
            "-" if row["ratio"] is None else f"{row['ratio']:.2f}",
            f"{row['aws_calls']:g}",
            f"{row['peak_mib']:.0f}",
            row["failed"],
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    for line in (head, *lines):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scripts", type=Path, help="another plug-in's scripts")
    parser.add_argument("--conf", type=Path, help="its confPath; needed with --scripts")
    parser.add_argument("--option", default="", help="its scriptOption")
    parser.add_argument("--env", action="append", default=[], help="KEY=VALUE for its scripts")
    parser.add_argument("--template", default="", help="its template; else the first it offers")
    parser.add_argument("--machines", default="1,500,2000", help="sizes of the fleet")
    parser.add_argument("--n", type=int, default=5, help="rounds")
    parser.add_argument("--check", action="store_true", help="end with 1 when ours misses a bound")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.scripts is not None and asked.conf is None:
        parser.error("--scripts needs --conf")
    if asked.scripts is not None and not (asked.scripts / f"{TEMPLATES}.sh").is_file():
        parser.error(f"{asked.scripts}: expected {TEMPLATES}.sh and the other scripts there")
    with tempfile.TemporaryDirectory(prefix="rc-") as name:
        rows = rows_of(measured(Path(name), asked))
    short = missed(rows)
    if asked.json:
        print(json.dumps({"rounds": asked.n, "rows": rows, "missed": short}))
    else:
        table(rows)
        print("\n".join(["", "bounds missed:", *short] if short else ["", "every bound kept"]))
    return 1 if asked.check and short else 0


def measured(folder: Path, asked: argparse.Namespace) -> list[Figure]:
    """Every figure of a run."""
    aws = SandboxAws.start(folder / "aws.json")
    os.environ.update(aws.env())
    course = Course(aws, folder)
    try:
        field_ = [ours(ALONE, course, folder)]
        if asked.scripts is not None:
            field_.append(theirs(course, folder, asked))
        with served(ours(SERVED, course, folder)) as second:
            field_ += [second] if second is not None else []
            for size in map(int, asked.machines.split(",")):
                if size > MOST:
                    large_fleet(course, field_, size, asked.n)
                    continue
                for number in range(asked.n):
                    one_round(course, field_[:: 1 if number % 2 == 0 else -1], size)
    finally:
        course.close()
        aws.stop()
    for who in field_:
        if who.out:
            print(f"{who.label} was left out: {who.out}", file=sys.stderr)
    return course.figures


if __name__ == "__main__":
    raise SystemExit(main())
