"""The sandbox's Globus on loopback: ``python -m ris_hybrid.sandbox.globus.server --root DIR --state FOLDER ...``.

Once it listens it prints its address, and ``FOLDER/globus.json`` holds ``{"pid", "url", "sandbox": true, "env"}``. The
client's secret is in ``FOLDER/secret`` (made on first start, 0600). AWS is the environment's, as for every client of
the sandbox. In a process of others ``serve`` does the same.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ris_hybrid.clocks import SystemClock, clock
from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.globus.bucket import Bucket
from ris_hybrid.sandbox.globus.service import FakeGlobus, Seeds
from ris_hybrid.sandbox.globus.work import WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LOOPBACK = "127.0.0.1"
STATE, SECRET, RECORDS = "globus.json", "secret", "globus.db"
_POLL_S = 0.1


def s3(aws: SandboxAws) -> Bucket:
    """The sandbox's S3 as the end of transfers; the environment must be its client's."""
    import botocore.session
    from botocore.config import Config

    config = Config(max_pool_connections=WORKERS, retries={"mode": "standard", "total_max_attempts": 3})
    client = botocore.session.Session().create_client(
        "s3",
        region_name=aws.region,
        endpoint_url=aws.url,
        config=config,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106 - the sandbox checks none
    )
    return Bucket(client, aws)


class Served:
    """A FakeGlobus that listens; ``url`` tells where, ``env`` what sends the SDK there."""

    def __init__(self, globus: FakeGlobus, port: int = 0) -> None:
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            """Writes no access log, and keeps connections."""

            protocol_version = "HTTP/1.1"

            def log(self, *_: object) -> None:
                """Say nothing."""

        self.globus = globus
        self._server = make_server(LOOPBACK, port, globus, threaded=True, request_handler=Quiet)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), daemon=True)
        self._thread.start()

    def env(self) -> dict[str, str]:
        """Environment that sends the SDK's services to the sandbox."""
        return {f"GLOBUS_SDK_SERVICE_URL_{name}": f"{self.url}/" for name in ("TRANSFER", "AUTH", "GROUPS")}

    def stop(self) -> None:
        """Listen no more, end after the slice of files under way."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.globus.close()


def secret_of(folder: Path) -> Path:
    """The file with the client's secret; made when it is not there."""
    path = folder / SECRET
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"{secrets.token_urlsafe(24)}\n", encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a Globus is served over."""

    root: Path
    """The site collection's root."""
    folder: Path
    """For records, the client's secret, and where it listens."""
    aws: SandboxAws
    now: Callable[[], float] = SystemClock().now
    high_assurance: bool = False
    guests: tuple[str, ...] = ()
    """Allocations with a guest collection."""
    port: int = 0
    """0 takes a free one."""


def serve(order: Order) -> Served:
    """Start the services and let transfers run; what was under way when a service was killed goes on."""
    secret = secret_of(order.folder).read_text(encoding="utf-8").strip()
    seeds = Seeds(secret=secret, high_assurance=order.high_assurance, guests=order.guests)
    globus = FakeGlobus(order.root, s3(order.aws), seeds, order.now, order.folder / RECORDS)
    served = Served(globus, order.port)
    globus.begin()
    state = {"pid": os.getpid(), "url": served.url, "sandbox": True, "env": served.env()}
    draft = order.folder / f".{STATE}.new"
    draft.write_text(json.dumps(state) + "\n", encoding="utf-8")
    draft.replace(order.folder / STATE)
    return served


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="ris_hybrid.sandbox.globus.server", description="Globus sandbox on loopback")
    parser.add_argument("--root", type=Path, required=True, help="the site collection's root")
    parser.add_argument("--state", type=Path, required=True, help="folder for records, secret and where it listens")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--high-assurance", action="store_true", help="both collections are")
    parser.add_argument("--guest", action="append", default=[], help="an allocation with a guest collection")
    asked = parser.parse_args(argv)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())

    served = serve(
        Order(
            root=asked.root,
            folder=asked.state,
            aws=SandboxAws.attach(os.environ.get("AWS_ENDPOINT_URL", "")),
            now=lambda: clock().now(),
            high_assurance=asked.high_assurance,
            guests=tuple(asked.guest),
            port=asked.port,
        )
    )
    sys.stdout.write(f"{served.url}\n")
    sys.stdout.flush()
    ended.wait()
    served.stop()
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    raise SystemExit(main())
