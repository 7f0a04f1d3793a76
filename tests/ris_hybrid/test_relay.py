"""The hook and the service: when a call goes there, and that it is answered here whenever it was not there."""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from burst.rc import conf, templates
from ris_hybrid import hook, relay
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HERE = os.uname().nodename.partition(".")[0]


class Caller:
    """Calls the hook as LSF does, where only what the service says can succeed."""

    def __init__(self, top: Path, settings: Any) -> None:
        self.top = top
        (top / "conf").mkdir()
        (top / "conf" / templates.FILE_NAME).write_text(conf.dump(settings))
        self.env = {"PRO_CONF_DIR": str(top), "PROVIDER_NAME": "aws", "HOME": "not sent"}
        self.socket = relay.socket_path(str(top), "aws")
        self.file = top / "in.json"
        self.file.write_text('{"requests": 5}')

    def __call__(self, verb: str = "getRequestStatus") -> tuple[int, str]:
        return hook.call([verb, "-f", str(self.file)], self.env)


@pytest.fixture
def caller(tmp_path: Path, make: Any) -> Caller:
    return Caller(tmp_path, make.settings())


@contextmanager
def service(path: str, reply: Callable[[socket.socket], None]) -> Iterator[None]:
    """Something that listens and does this with its one connection."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve() -> None:
            with listener.accept()[0] as connection:
                reply(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(10)


def test_the_service_answers_where_there_is_one(caller: Caller) -> None:
    heard: list[Any] = []

    def reply(connection: socket.socket) -> None:
        heard.append(json.loads(connection.recv(1 << 16)))
        connection.sendall(b'1 {"from": ')
        connection.sendall(b'"there"}\n')

    with service(caller.socket, reply):
        assert caller() == (1, '{"from": "there"}')
    assert heard == [
        {
            "verb": "getRequestStatus",
            "path": str(caller.file),
            "text": '{"requests": 5}',
            "mtime_ns": caller.file.stat().st_mtime_ns,
            "problem": "",
            "env": {"PRO_CONF_DIR": str(caller.top), "PROVIDER_NAME": "aws"},
        }
    ]


@pytest.mark.parametrize(
    "said",
    [b"", b"0", b'0 {"half": ', b"9 {}\n", b"{}\n", b"\n"],
    ids=["nothing", "code", "half", "odd", "no", "empty"],
)
def test_a_service_that_dies_over_a_call_is_done_without(caller: Caller, said: bytes) -> None:
    def die(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(said)

    with service(caller.socket, die):
        code, text = caller()
    assert (code, json.loads(text)["message"]) == (1, "requests: expected a list, found 5")


def test_a_dead_services_socket_is_no_obstacle(caller: Caller) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(caller.socket)
    assert json.loads(caller()[1])["message"] == "requests: expected a list, found 5"


@pytest.mark.parametrize(
    ("change", "verb"),
    [
        ({"PROVIDER_NAME": "other"}, "getRequestStatus"),
        ({"PROVIDER_NAME": ""}, "getRequestStatus"),
        ({"PROVIDER_NAME": "../aws"}, "getRequestStatus"),
        ({}, "getAvailableTemplates"),
    ],
)
def test_what_is_not_for_the_service_does_not_go_there(caller: Caller, change: dict[str, str], verb: str) -> None:
    caller.env |= change
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(caller.socket)
        listener.listen()
        listener.settimeout(0)
        caller(verb)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_the_policy_names_its_provider_in_the_request(caller: Caller) -> None:
    del caller.env["PROVIDER_NAME"]
    caller.file.write_text(json.dumps({"request": {"providerName": "aws"}}))

    def reply(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(b"0 {}\n")

    with service(caller.socket, reply):
        assert caller("policy") == (0, "{}")


def test_a_service_that_lives_and_says_nothing_is_not_waited_for_for_ever(caller: Caller) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(caller.socket)
        listener.listen()
        with pytest.raises(SiteUnavailable, match=r"has not answered in 0\.3 s"):
            relay.ask(caller.socket, b"hello\n", answer_s=0.3)


@pytest.mark.parametrize("data", [b"", b"{}\r\n", b"\xff\xfe\x00", '{"a": "ä"}'.encode(), b'"\xed\xa0\x80"'])
def test_a_file_arrives_as_it_is(tmp_path: Path, data: bytes) -> None:
    """Bytes that are no UTF-8 included: the service must say of them what the hook would."""
    (tmp_path / "in").write_bytes(data)
    given = relay.read(str(tmp_path / "in"))
    sent = json.loads(relay.request("policy", given, {}))
    assert sent["text"].encode("utf-8", "surrogateescape") == data
    assert relay.read(str(tmp_path / "none")).problem == "No such file or directory"
    assert relay.read(str(tmp_path)).problem == "Is a directory"
    assert hook.answer("getRequestStatus", given, {})[0] == 1


def test_the_socket_carries_the_hosts_name() -> None:
    """Master candidates share the data directory, and a socket answers on its own host only."""
    assert relay.socket_path("/d", "aws") == f"/d/aws-serve.{HERE}.sock"
    assert relay.socket_path("", "aws") == relay.socket_path("/work", "") == ""
