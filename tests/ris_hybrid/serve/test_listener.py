"""The socket: who may use it, who is cut off, and that nothing a client does ends the service."""

from __future__ import annotations

import json
import logging
import socket
import stat
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from burst.clients import Clients
from ris_hybrid import relay
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.serve.answering import Desk
from ris_hybrid.serve.listener import Bounds, listening
from ris_hybrid.serve.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def echo(line: bytes) -> bytes | None:
    return None if line == b"nothing\n" else b"0 " + line


@contextmanager
def connected(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(relay.reachable(str(path)))
        yield client


def sent(path: Path, data: bytes) -> bytes:
    """What comes back for these bytes, once we have nothing more to say."""
    with connected(path) as client:
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            return client.recv(1 << 20)
        except (BrokenPipeError, ConnectionResetError):
            return b""  # cut off while we still spoke


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "work" / "aws-serve.host.sock"


def test_a_line_is_answered_and_only_its_user_may_ask(path: Path) -> None:
    with listening(path, echo):
        assert sent(path, b"hello\n") == b"0 hello\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


@pytest.mark.parametrize("data", [b"", b"half a line", b"nothing\n"])
def test_what_is_no_request_is_cut_off(path: Path, data: bytes) -> None:
    with listening(path, echo):
        assert sent(path, data) == b""
        assert sent(path, b"next\n") == b"0 next\n"


def test_who_says_too_much_or_nothing_is_cut_off(path: Path) -> None:
    with listening(path, echo, Bounds(most_bytes=1000, line_s=0.2)):
        assert sent(path, b"x" * 2_000_000) == b""
        with connected(path) as silent:
            assert silent.recv(1) == b""
        assert sent(path, b"next\n") == b"0 next\n"


def test_calls_overlap_and_what_is_too_many_is_cut_off(path: Path) -> None:
    both, free = threading.Barrier(3), threading.Event()

    def slow(line: bytes) -> bytes:
        both.wait(10)
        free.wait(10)
        return line

    with listening(path, slow, Bounds(at_once=2)), connected(path) as first, connected(path) as second:
        first.sendall(b"1\n")
        second.sendall(b"2\n")
        both.wait(10)  # both are being answered
        assert sent(path, b"3\n") == b""
        free.set()
        assert (first.recv(9), second.recv(9)) == (b"1\n", b"2\n")


def test_what_runs_at_the_end_is_finished(path: Path) -> None:
    begun, free = threading.Event(), threading.Event()

    def slow(line: bytes) -> bytes:
        begun.set()
        free.wait(10)
        return line

    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        with listening(path, slow):
            client.connect(str(path))
            client.sendall(b"1\n")
            assert begun.wait(10)
            threading.Timer(0.2, free.set).start()
        assert client.recv(9) == b"1\n"


def test_a_bug_costs_one_call(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken(line: bytes) -> bytes:
        return line if line == b"good\n" else bytes(int(line))

    with listening(path, broken), caplog.at_level(logging.ERROR):
        assert sent(path, b"bad\n") == b""
        assert sent(path, b"good\n") == b"good\n"
    assert "a call failed" in caplog.text


def test_there_is_one_service_and_a_dead_one_is_replaced(path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with listening(path, echo):
        with (
            pytest.raises(ConfigError, match=r"a service listens at .*aws-serve\.host\.sock already"),
            listening(path, echo),
        ):
            raise AssertionError
        assert sent(path, b"hello\n") == b"0 hello\n"


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / ("d" * 120) / "aws-serve.host.sock"
    with listening(path, echo):
        assert relay.ask(str(path), b"hello\n") == (0, "hello")


def test_where_nothing_can_be_written_nobody_listens(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SiteUnavailable, match="cannot be opened"), listening(tmp_path / "file" / "x.sock", echo):
        raise AssertionError
    (tmp_path / "x.sock").mkdir()
    with pytest.raises(SiteUnavailable, match="cannot"), listening(tmp_path / "x.sock", echo):
        raise AssertionError


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A service with the real desk, and a folder without any configuration."""
    folder = tmp_path_factory.mktemp("desk")
    path = folder / "aws-serve.host.sock"
    with listening(path, Desk(Clients(), Metrics()).answer):
        yield path, folder


FIELDS = ["verb", "path", "text", "mtime_ns", "problem", "env"]
VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["requestMachines", "policy"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(), inner, max_size=6),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | VALUES.map(lambda value: json.dumps(value).encode() + b"\n"))
def test_garbage_gets_no_answer_and_ends_nothing(desk: tuple[Path, Path], data: bytes) -> None:
    path, folder = desk
    assert sent(path, data) == b""
    request = relay.request("getRequestStatus", relay.Given(path="f", text="{}"), {"PRO_CONF_DIR": str(folder)})
    told = relay.ask(str(path), request)
    assert told is not None
    assert told[0] == 1


@given(st.text(max_size=200), st.sampled_from(["requestMachines", "getRequestStatus", "getReturnRequests", "policy"]))
def test_any_input_is_answered_in_the_verbs_shape(desk: tuple[Path, Path], text: str, verb: str) -> None:
    path, folder = desk
    request = relay.request(verb, relay.Given(path="f", text=text), {"PRO_CONF_DIR": str(folder)})
    told = relay.ask(str(path), request)
    assert told is not None
    code, answer = told[0], json.loads(told[1])
    assert isinstance(answer, dict)
    assert (code, "message" in answer) == ((0 if verb == "policy" else 1), True)
