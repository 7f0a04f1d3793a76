"""The virtual LSF behind a Unix socket, and the commands on PATH that ask it (sandbox).

One JSON line ``{"argv": [...], "env": {...}}`` in, one JSON line ``{"rc": 0, "stdout": "", "stderr": ""}`` out.
"""

from __future__ import annotations

import json
import shlex
import socketserver
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf import shim
from ris_hybrid.sandbox.lsf.commands import COMMANDS, no_rc_rows, run_command
from ris_hybrid.sandbox.lsf.reply import FAILED, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.lsf.ebrokerd import RcRow

_LONGEST_SOCKET_PATH = 107  # sun_path of unix(7) without its closing zero
_POLL_S = 0.02  # how soon a stop is noticed


class CommandServer:
    """What answers the commands; ``down`` makes it answer as if LSF were down."""

    def __init__(self, cluster: Cluster, rc_rows: Callable[[], Sequence[RcRow]] = no_rc_rows) -> None:
        self.down = False
        self._cluster = cluster
        self._rc_rows = rc_rows

    def answer(self, line: bytes) -> bytes:
        """The reply line to a request line; what is not a request is answered with code 255."""
        return json.dumps(self._reply(line)._asdict()).encode() + b"\n"

    def _reply(self, line: bytes) -> Reply:
        if self.down:
            return Reply(rc=FAILED, stderr=shim.DOWN)
        try:
            request = json.loads(line)
            argv, env = [str(word) for word in request["argv"]], dict(request["env"])
        except (ValueError, TypeError, KeyError):
            return Reply(rc=FAILED, stderr="expected one JSON line with argv and env\n")
        return run_command(self._cluster, argv, env, self._rc_rows)


@contextmanager
def serving(server: CommandServer, socket_path: Path) -> Iterator[None]:
    """Answer commands at the socket, a thread for each, until the block ends; then the socket is gone."""
    if len(str(socket_path).encode()) > _LONGEST_SOCKET_PATH:
        raise ConfigError(f"{socket_path}: expected at most {_LONGEST_SOCKET_PATH} bytes", "use a shorter path")
    listener = _Listener(str(socket_path), server.answer)
    thread = Thread(target=listener.serve_forever, args=(_POLL_S,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
        socket_path.unlink(missing_ok=True)


class _Listener(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: str, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer
        super().__init__(path, _Connection)


class _Connection(socketserver.StreamRequestHandler):
    server: _Listener

    def handle(self) -> None:
        line = self.rfile.readline()
        if line:
            self.wfile.write(self.server.answer(line))


def install_commands(bin_dir: Path, socket_path: Path) -> tuple[Path, ...]:
    """Write bsub, bjobs and the others as small executables that ask the server at ``socket_path``."""
    bin_dir.mkdir(parents=True, exist_ok=True)
    start = shlex.join([sys.executable, "-I", "-S", str(Path(shim.__file__).resolve()), str(socket_path)])
    written = []
    for command in COMMANDS:
        path = bin_dir / command
        path.write_text(f'#!/bin/sh\nexec {start} {command} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
        written.append(path)
    return tuple(written)
