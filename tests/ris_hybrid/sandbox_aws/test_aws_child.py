from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import botocore.session
import pytest

from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.sandbox.aws import child, server
from ris_hybrid.sandbox.aws.child import SandboxAws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def listens(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def until(done: object, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def state_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox") / "aws.json"


@pytest.fixture(scope="module")
def aws(state_file: Path) -> Iterator[SandboxAws]:
    sandbox = SandboxAws.start(state_file, seed=3)
    yield sandbox
    sandbox.stop()
    assert not listens(sandbox.url)


def test_the_state_file_says_where_it_listens(aws: SandboxAws, state_file: Path) -> None:
    told = json.loads(state_file.read_text())
    assert (told["url"], told["sandbox"]) == (aws.url, True)
    assert aws.url == f"http://127.0.0.1:{told['port']}"
    assert aws.health()["pid"] == told["pid"] != os.getpid()
    assert aws.health()["seed"] == 3
    assert not list(state_file.parent.glob(".aws.json*"))


def test_its_environment_is_all_a_client_needs(aws: SandboxAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "at-work")
    for name, value in aws.env().items():
        monkeypatch.setenv(name, value)
    ec2 = botocore.session.Session().create_client("ec2")
    aws.reset()
    aws.set_clock(1_800_000_000)
    aws.timing(pending_s=5, shutting_down_s=5)
    aws.capacity({"c7a.large": {"us-east-1a": 2}})
    ec2.run_instances(ImageId="ami-0b", InstanceType="c7a.large", MinCount=1, MaxCount=5)
    aws.faults([{"match": "Terminate", "do": {"error": {"code": "Nope", "status": 400}}}])
    with pytest.raises(ec2.exceptions.ClientError, match="Nope"):
        ec2.terminate_instances(InstanceIds=["i-0"])
    assert aws.clock() == 1_800_000_000
    assert [(one["state"], one["type"], one["ended"]) for one in aws.instances()] == [
        ("pending", "c7a.large", None)
    ] * 2
    assert aws.calls() == {"ec2:RunInstances": 1, "ec2:TerminateInstances": 1}
    ec2.close()


def test_one_can_attach_to_it(aws: SandboxAws) -> None:
    assert SandboxAws.attach(aws.url + "/").calls() == aws.calls()


def test_a_refusal_is_a_configuration_error(aws: SandboxAws) -> None:
    with pytest.raises(ConfigError, match="refused faults: rule 1"):
        aws.faults([{"match": "x"}])


def test_other_addresses_are_no_sandbox() -> None:
    for url in ("https://127.0.0.1:1", "http://10.0.0.1:80", "http://ec2.us-east-1.amazonaws.com"):
        with pytest.raises(ConfigError, match="no sandbox address"):
            SandboxAws.attach(url)


def answering(body: bytes, status: bytes = b"200 OK") -> tuple[str, threading.Thread]:
    """A server that gives one answer."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(4096)
            head = b"HTTP/1.0 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
            connection.sendall(head + body)

    thread = threading.Thread(target=answer)
    thread.start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}", thread


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{}", b"200 OK", "is not a sandbox"),
        (b"hello", b"200 OK", "does not answer"),
        (b"oops", b"500 No", "refused health: oops"),
        (b"[1]", b"500 No", r"refused health: \[1\]"),
    ],
)
def test_something_else_at_the_address_is_told_apart(body: bytes, status: bytes, words: str) -> None:
    url, thread = answering(body, status)
    with pytest.raises((SiteUnavailable, ConfigError), match=words):
        SandboxAws.attach(url)
    thread.join()


def test_nothing_at_the_address_is_not_an_empty_sandbox() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SiteUnavailable, match="does not answer"):
        SandboxAws.attach(f"http://127.0.0.1:{port}")


def test_a_port_in_use_ends_the_start_with_its_reason(tmp_path: Path) -> None:
    words = "ended as it started"
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SiteUnavailable, match=words) as caught:
        SandboxAws.start(tmp_path / "aws.json", port=taken.getsockname()[1])
    assert str(tmp_path) in caught.value.hint


def test_a_start_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(SiteUnavailable, match="did not listen"):
        SandboxAws.start(tmp_path / "aws.json", wait_s=0.0)


def test_it_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    state = tmp_path / "aws.json"
    program = (
        "import sys, time, pathlib; from ris_hybrid.sandbox.aws.child import SandboxAws\n"
        "SandboxAws.start(pathlib.Path(sys.argv[1])); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(state)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        url = json.loads(state.read_text())["url"]
        assert listens(url)
        parent.kill()
    assert until(lambda: not listens(url))


def test_one_that_was_attached_to_ends_on_sigterm(tmp_path: Path) -> None:
    state = tmp_path / "aws.json"
    command = [sys.executable, "-m", "ris_hybrid.sandbox.aws.server", "--state", str(state), "--watch-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"still here")
        process.stdin.flush()
        assert until(state.exists, 60)
        SandboxAws.attach(json.loads(state.read_text())["url"]).stop()
        assert process.wait(10) == 0


def test_one_that_does_not_end_is_killed() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        child.end(process, 0.1)
        assert process.returncode == -signal.SIGKILL


def test_the_product_starts_without_moto() -> None:
    program = "import sys, ris_hybrid.sandbox.aws.child, ris_hybrid.sandbox.aws.server; print('moto' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"False\n"
    assert server.LOOPBACK == "127.0.0.1"
