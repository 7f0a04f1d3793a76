"""The provider's entry point with an EC2 that answers from a list, so that a hundred thousand calls take minutes."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore import handlers
from botocore.awsrequest import AWSResponse

from burst.aws import model_cut
from burst.rc import conf, templates
from ris_hybrid import clocks, hook

if TYPE_CHECKING:
    from collections.abc import Iterator

INPUTS = int(os.environ.get("RIS_FUZZ_INPUTS", "2000"))
SEED = int(os.environ.get("RIS_FUZZ_SEED", "1"))

_EC2 = "http://ec2.amazonaws.com/doc/2016-11-15/"


def _instance(number: int, state: str, **tags: str) -> str:
    rows = "".join(f"<item><key>{key}</key><value>{value}</value></item>" for key, value in tags.items())
    return (
        f"<item><instanceId>i-{number:017x}</instanceId><instanceState><code>16</code><name>{state}</name>"
        f"</instanceState><privateDnsName>ip-10-0-0-{number}</privateDnsName><instanceType>c6i.4xlarge</instanceType>"
        f"<launchTime>2027-01-15T07:00:00.000Z</launchTime><tagSet>{rows}</tagSet></item>"
    )


def _described(*instances: str) -> str:
    inside = f"<item><reservationId>r-1</reservationId><instancesSet>{''.join(instances)}</instancesSet></item>"
    return _response("DescribeInstances", f"<reservationSet>{inside}</reservationSet>")


def _response(name: str, inside: str) -> str:
    return f'<{name}Response xmlns="{_EC2}">{inside}</{name}Response>'


_OURS = {"ris_provider": "aws", "ris_cluster": "c1", "ris_pool": "cpu", "ris_lab": "lee", "ris_asked": "2"}
_ID, _SET = "<item>i-00000000000000009</item>", "fleetInstanceSet"
_FAILED = "<instanceId>i-00000000000000001</instanceId><instanceStatus><status>impaired</status></instanceStatus>"
ANSWERS = {
    "DescribeInstances": (
        _response("DescribeInstances", "<reservationSet/>"),
        _described(
            _instance(1, "running", ris_request="add-1799990000-0123456789abcdef", **_OURS),
            _instance(2, "stopped", ris_request="add-1799990000-0123456789abcdef", **_OURS),
            _instance(3, "terminated", ris_return="ret-1799990000-0123456789abcdef", **_OURS),
            _instance(4, "no-such-word", ris_notice="soon", ris_joined="-1"),
        ),
        _described("<item/>"),
        _described("<item><instanceId>i-1</instanceId><launchTime>soon</launchTime></item>"),
        "<html>",
        "",
    ),
    "DescribeInstanceStatus": (
        _response("DescribeInstanceStatus", "<instanceStatusSet/>"),
        _response("DescribeInstanceStatus", "<instanceStatusSet><item/></instanceStatusSet>"),
        _response("DescribeInstanceStatus", f"<instanceStatusSet><item>{_FAILED}</item></instanceStatusSet>"),
    ),
    "DescribeTags": (
        _response("DescribeTags", "<tagSet/>"),
        _response("DescribeTags", "<tagSet><item><resourceId>lt-1</resourceId><key>ris_held</key></item></tagSet>"),
        _response("DescribeTags", "<return>true</return>"),
    ),
    "CreateFleet": (
        _response("CreateFleet", "<fleetId>fleet-1</fleetId>"),
        _response("CreateFleet", f"<{_SET}><item><instanceIds>{_ID}</instanceIds></item></{_SET}>"),
        _response("CreateFleet", f"<{_SET}><item/></{_SET}>"),
        "<a><b></a>",
    ),
    "TerminateInstances": (
        _response("TerminateInstances", "<instancesSet><item/></instancesSet>"),
        _response("TerminateInstances", "<instancesSet><item><instanceId>i-1</instanceId></item></instancesSet>"),
    ),
}
ERROR = (
    "<Response><Errors><Error><Code>{}</Code><Message>said no</Message></Error></Errors><RequestID>1</RequestID>"
    "</Response>"
)


class _Body(AWSResponse):
    def __init__(self, status: int, text: str) -> None:
        super().__init__("http://127.0.0.1/", status, {}, None)
        self._text = text

    @property
    def content(self) -> bytes:
        return self._text.encode()


class Fuzzed:
    """Calls ``hook.run`` and checks what every answer must be."""

    def __init__(self, top: Path, settings: Any, now: float) -> None:
        self.top = top
        self.conf = top / "provider" / "conf"
        self.conf.mkdir(parents=True)
        (top / "conf" / "resource_connector").mkdir(parents=True)
        listed = {"providers": [{"name": "aws", "confPath": str(top / "provider")}]}
        (top / "conf" / "resource_connector" / "hostProviders.json").write_text(json.dumps(listed))
        self.good = conf.dump(settings)
        self.configure(self.good.encode())
        model_cut.write(self.conf)
        self.env = {
            "PRO_CONF_DIR": str(top / "provider"),
            "PRO_DATA_DIR": str(top / "work"),
            "LSF_ENVDIR": str(top / "conf"),
            "PROVIDER_NAME": "aws",
            clocks.CLOCK_VARIABLE: repr(now),
        }
        self.turn = count()
        self.seen = 0

    def configure(self, text: bytes) -> None:
        """The provider's configuration file as it lies there."""
        (self.conf / templates.FILE_NAME).write_bytes(text)

    def call(self, verb: str, content: bytes) -> tuple[int, dict[str, Any]]:
        """One call; it must answer with one JSON object and 0 or 1, whatever it was given."""
        path = self.top / "in.json"
        path.write_bytes(content)
        code, answer = hook.run([verb, "-f", str(path)], self.env)
        self.seen += 1
        assert code in {0, 1}, (verb, content)
        text = json.dumps(answer, allow_nan=False)
        assert isinstance(json.loads(text), dict), (verb, content)
        assert "\n" not in text
        return code, answer

    def answered(self, event_name: str, **_: object) -> _Body:
        """EC2's answer: each in turn, now and then an error."""
        name, turn = event_name.rpartition(".")[2], next(self.turn)
        if turn % 17 == 0:
            return _Body(403, ERROR.format("UnauthorizedOperation"))
        texts = ANSWERS.get(name, (_response(name, "<return>true</return>"),))
        return _Body(200, texts[turn % len(texts)])


@contextmanager
def _answering(fuzzed: Fuzzed) -> Iterator[None]:
    one = ("before-send", fuzzed.answered)
    handlers.BUILTIN_HANDLERS.append(one)
    try:
        yield
    finally:
        handlers.BUILTIN_HANDLERS.remove(one)


@pytest.fixture
def fuzzed(tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fuzzed]:
    """No AWS and no LSF is asked: EC2 answers from a list, LSF's commands print what lies in a file."""
    commands = tmp_path / "bin"
    commands.mkdir()
    monkeypatch.setenv("PATH", str(commands))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sandbox")
    made = Fuzzed(tmp_path / "top", make.settings(), make.now)
    with _answering(made):
        yield made


@pytest.fixture(scope="session")
def inputs() -> int:
    """How many inputs the whole of the fuzz tests may use."""
    return INPUTS


@pytest.fixture(scope="session")
def seed() -> int:
    return SEED


@pytest.fixture(scope="session")
def corpus() -> dict[str, list[bytes]]:
    """Inputs by verb: good ones, and some that once broke a plug-in; ``conf`` holds configuration files."""
    found: dict[str, list[bytes]] = {}
    for path in sorted((Path(__file__).parent / "corpus").iterdir()):
        found.setdefault(path.name.partition("-")[0], []).append(path.read_bytes())
    return found


@pytest.fixture(scope="session")
def lsf_texts() -> dict[str, bytes]:
    """What bjobs, bhosts and bqueues printed somewhere."""
    recorded = Path(__file__).parents[1] / "golden" / "lsf"
    queues = [{"QUEUE_NAME": "general", "STATUS": "Open:Active", "MAX": "-", "PEND": "4", "RUN": "16"}]
    return {
        "jobs": (recorded / "bjobs-json" / "fields.txt").read_bytes(),
        "hosts": (recorded / "bhosts-json" / "1.txt").read_bytes(),
        "queues": json.dumps({"COMMAND": "bqueues", "QUEUES": 1, "RECORDS": queues}).encode(),
    }
