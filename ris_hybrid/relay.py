"""Asks the resident service, if one listens: a line goes in over a Unix socket, a line comes out.

    hook ──{"verb", "path", "text", "mtime_ns", "problem", "env"}──▶ service ──CODE ANSWER──▶ hook

The socket lies in the data directory and carries the host's name: master candidates share that directory, and a
socket answers only on the host of its service. This module is part of every call, so it imports next to nothing:
``_socket`` is what ``socket`` wraps.
"""

from __future__ import annotations

import _socket
import json
import os
from typing import TYPE_CHECKING, NamedTuple

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_S = 0.2
ANSWER_S = 28.0
"""ebrokerd asks every 30 s; the provider's own calls end well before."""
MOST_BYTES = 64 * 1024 * 1024
"""Of one request or answer; 100,000 machines take 20 MB."""
_SENT = ("PRO_CONF_DIR", "PRO_DATA_DIR", "PROVIDER_NAME", "LSF_ENVDIR", "RIS_HYBRID_SANDBOX_CLOCK")
_LONGEST = 107  # bytes of sun_path of unix(7) without its closing zero
_CHUNK = 1 << 16


class Given(NamedTuple):
    """The input file as it was when the call began. No dataclass: importing them takes as long as all of this."""

    path: str
    text: str = ""
    """Its bytes as UTF-8, what is none of it escaped (``surrogateescape``)."""
    mtime_ns: int = 0
    problem: str = ""
    """Why it could not be read."""


def read(path: str) -> Given:
    """The file, or why there is none."""
    try:
        with open(path, "rb") as file:
            text = file.read().decode("utf-8", "surrogateescape")
            return Given(path=path, text=text, mtime_ns=os.fstat(file.fileno()).st_mtime_ns)
    except OSError as error:
        return Given(path=path, problem=error.strerror or type(error).__name__)


def socket_path(data: str, provider: str) -> str:
    """Where the service of a provider listens on this host; empty when that cannot be said."""
    if not data or not provider or "/" in provider:
        return ""
    return f"{data}/{provider}-serve.{os.uname().nodename.partition('.')[0]}.sock"


def request(verb: str, given: Given, env: Mapping[str, str]) -> bytes:
    """The line that asks."""
    sent = {name: env[name] for name in _SENT if name in env}
    return json.dumps({"verb": verb, **given._asdict(), "env": sent}).encode() + b"\n"


def ask(path: str, line: bytes, answer_s: float = ANSWER_S) -> tuple[int, str] | None:
    """The exit code and the text to print; None when no service answers here, or it died over the call.

    Raises ``SiteUnavailable`` when it lives and has not answered in time: what it does may still be going on.
    """
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_S)
        connection.connect(reachable(path))
        connection.settimeout(answer_s)
        connection.sendall(line)
        return _told(_line(connection))
    except TimeoutError as error:
        if connection.gettimeout() == CONNECT_S:
            return None
        raise SiteUnavailable(f"the service at {path} has not answered in {answer_s:g} s", "see its log") from error
    except OSError:
        return None
    finally:
        connection.close()


def reachable(path: str) -> str:
    """The path, or a shorter name of the same file where a socket's address has no room for it (Linux)."""
    if len(os.fsencode(path)) <= _LONGEST:
        return path
    folder, name = os.path.split(path)
    # Left open until the process ends: the name is only good as long as that.
    return f"/proc/self/fd/{os.open(folder, os.O_PATH | os.O_DIRECTORY)}/{name}"


def _line(connection: _socket.socket) -> bytes:
    parts = []
    while chunk := connection.recv(_CHUNK):
        parts.append(chunk)
        if chunk.endswith(b"\n"):
            break
    return b"".join(parts)


def _told(line: bytes) -> tuple[int, str] | None:
    code, _, text = line.partition(b" ")
    if not line.endswith(b"\n") or code not in {b"0", b"1"}:
        return None
    return int(code), text[:-1].decode()
