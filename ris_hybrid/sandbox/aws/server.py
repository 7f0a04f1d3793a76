"""The sandbox's AWS as a process of its own: ``python -m ris_hybrid.sandbox.aws.server --state FILE --seed N``.

Once it listens, FILE holds ``{"pid", "port", "url", "sandbox": true}``. It ends on SIGTERM, and with
``--watch-stdin`` when its standard input closes, so it never outlives the process that started it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.mirroring.collecting import seldom

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOPBACK = "127.0.0.1"
_POLL_S = 0.1  # how soon it sees that it is to end


def make_server(*, seed: int, port: int = 0, host: str = LOOPBACK) -> Any:
    """A listening werkzeug server over the layer; ``port`` 0 takes a free one (``.server_port`` tells).

    Raises ``ConfigError`` for any address but 127.0.0.1: the sandbox checks no signature and serves anybody.
    """
    if host != LOOPBACK:
        raise ConfigError(f"the sandbox listens on {LOOPBACK} only, not on {host}", "leave the address out")
    from ris_hybrid.sandbox.aws.moto_import import import_moto

    import_moto()
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server as werkzeug_server

    from ris_hybrid.sandbox.aws.layer import Layer

    class Quiet(MotoRequestHandler):
        """Writes no access log: the layer counts the calls."""

        def log(self, *_: object) -> None:
            """Say nothing."""

        def connection_dropped(self, *_: object) -> None:
            """A connection that was reset has no next request to wait for."""
            self.close_connection = True

    return werkzeug_server(host, port, Layer(seed=seed), threaded=True, request_handler=Quiet)


def write_state(path: Path, port: int) -> None:
    """Say in one step where the sandbox listens; a reader sees the whole file or none."""
    state = {"pid": os.getpid(), "port": port, "url": f"http://{LOOPBACK}:{port}", "sandbox": True}
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(state) + "\n", encoding="utf-8")
    draft.replace(path)


def _until_closed(descriptor: int, ended: threading.Event) -> None:
    # os.read, not sys.stdin: a thread that holds the buffered reader's lock would break the interpreter's exit.
    while os.read(descriptor, 1024):
        pass
    ended.set()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="ris_hybrid.sandbox.aws.server", description="AWS sandbox on loopback")
    parser.add_argument("--state", type=Path, required=True, help="file that says where the sandbox listens")
    parser.add_argument("--seed", type=int, default=0, help="same seed and same calls give the same ids")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input closes")
    asked = parser.parse_args(argv)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    if asked.watch_stdin:
        threading.Thread(target=_until_closed, args=(sys.stdin.fileno(), ended), daemon=True).start()
    server = make_server(seed=asked.seed, port=asked.port)
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True)
    thread.start()
    write_state(asked.state, server.server_port)
    ended.wait()
    server.shutdown()
    thread.join()
    server.server_close()
    return 0


if __name__ == "__main__":
    with seldom():  # what moto is, stays
        code = main()
    os._exit(code)  # nothing is left to keep, and to take moto's modules apart takes the interpreter half a second
