"""The site's side of the data plane beside a running sandbox: a tree of files, Globus, Spectrum Scale (sandbox).

Runs as ``python -m ris_hybrid.sandbox.data_room --root FOLDER``, a process of its own that the first command of the
data plane starts; it ends with the sandbox. ``<sandbox>/data.yaml`` then names its addresses as a site's would.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from ris_hybrid.clocks import CLOCK_VARIABLE, clock
from ris_hybrid.config.load import load_site
from ris_hybrid.config.problems import nearest
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.sandbox.places import Places
from ris_hybrid.sandbox.scenario import example_site
from ris_hybrid.sandbox.site_tree import Trees, make_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ris_hybrid.config.schema import Allocation
    from ris_hybrid.sandbox.site_tree import Made

DATA_YAML = "data.yaml"
_FOLDER, _PORTS, _USER = "data", "ports.json", "ris-hybrid"
_START_S = 60.0
_LOOK_S = 0.5
LOOPBACK = "127.0.0.1"
_MORE_PROJECTS = {"wucci": ("Cryo-EM", "Reference", "Results")}


def opened(places: Places) -> dict[str, str]:
    """Start the room of a running sandbox where it does not run; the environment that leads commands there.

    Raises:
        SiteUnavailable: it did not come up; its log is named.
    """
    with _one_at_a_time(places.root):
        if not places.data_room_pid():
            _start(places)
    env = _read(places.data_room_state).get("env", {})
    return {str(key): str(value) for key, value in env.items()}


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    import fcntl

    (root / _FOLDER).mkdir(exist_ok=True)
    with (root / _FOLDER / "room.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(places: Places) -> None:
    places.data_room_state.unlink(missing_ok=True)
    log = places.root / _FOLDER / "room.log"
    command = [sys.executable, "-m", "ris_hybrid.sandbox.data_room", "--root", str(places.root)]
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **places.client_env()},
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_S
    while not places.data_room_state.exists():
        if child.poll() is not None or time.monotonic() > deadline:
            raise SiteUnavailable("the sandbox's data services did not start", f"their log is {log}")
        time.sleep(0.05)


def planted(places: Places, allocation: str, trees: Trees) -> Made:
    """Give an allocation of a running sandbox another tree in place of its own.

    Raises:
        ConfigError: the example site has no such allocation.
    """
    known = {one.name: one for one in load_site(example_site()).allocations}
    if allocation not in known:
        raise ConfigError(f"no allocation is named {allocation!r}{nearest(allocation, sorted(known))}")
    with _one_at_a_time(places.root):
        _furnished(places.site)
        shutil.rmtree(places.site / "storage1" / "fs1" / allocation)
        return make_tree(
            places.site, allocation, replace(trees, projects=trees.projects or _projects(known[allocation]))
        )


def serve(root: Path, stop: threading.Event) -> None:
    """Run the services until told to stop, or the sandbox is gone."""
    from ris_hybrid.sandbox.aws.child import SandboxAws
    from ris_hybrid.sandbox.globus.server import Order
    from ris_hybrid.sandbox.globus.server import serve as serve_globus
    from ris_hybrid.sandbox.scale.seeding import cluster_of
    from ris_hybrid.sandbox.scale.server import start as start_scale

    places, folder = Places(root=root), root / _FOLDER
    _furnished(places.site)
    ports = _read(folder / _PORTS)
    password = _secret(folder / "scale-password")
    cluster = cluster_of(example_site() / "listing", {_USER: (password, "Administrator")})
    gui = start_scale(cluster, file=folder / "scale.json", port=_free(ports.get("scale")))
    globus = serve_globus(
        Order(
            root=places.site,
            folder=folder / "globus",
            aws=SandboxAws.attach(os.environ["AWS_ENDPOINT_URL"]),
            high_assurance=True,
            now=lambda: clock().now(),
            port=_free(ports.get("globus")),
        )
    )
    try:
        _put(root / DATA_YAML, _yaml(gui.url, places))
        _put(folder / _PORTS, json.dumps({"scale": _port(gui.url), "globus": _port(globus.url)}))
        _put(places.data_room_state, json.dumps({"pid": os.getpid(), "sandbox": True, "env": globus.env()}))
        while not stop.wait(_LOOK_S) and places.service_state.exists():
            os.environ.update(_clock(places))
    finally:
        globus.stop()
        gui.stop()


def _furnished(tree: Path) -> None:
    """A small tree for every allocation of the example site, once."""
    if tree.exists():
        return
    for allocation in load_site(example_site()).allocations:
        made = Trees(projects=_projects(allocation), small=60, large=2, large_bytes=1024**2)
        make_tree(tree, allocation.name, made)


def _projects(allocation: Allocation) -> tuple[str, ...]:
    return _MORE_PROJECTS.get(allocation.name) or tuple(one.name for one in allocation.projects) or ("Data",)


def _clock(places: Places) -> dict[str, str]:
    """The sandbox's virtual time, by which transfers have their deadlines."""
    return {name: value for name, value in places.client_env().items() if name == CLOCK_VARIABLE}


def _free(port: object) -> int:
    """The port of a room that was killed, so that its clients find the next one; 0, any, where somebody has it."""
    if not isinstance(port, int):
        return 0
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((LOOPBACK, port))
        except OSError:
            return 0
    return port


def _port(url: str) -> int:
    return urlsplit(url).port or 0


def _put(path: Path, text: str) -> None:
    """Readers see all or nothing."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(f"{text}\n", encoding="utf-8")
    draft.replace(path)


def _yaml(gui: str, places: Places) -> str:
    """data.yaml of the sandbox."""
    from ris_hybrid.sandbox.globus.service import CLIENT, CLOUD_COLLECTION, SITE_COLLECTION

    told: Mapping[str, Any] = {
        "root": places.site.name,
        "mirror": str(example_site() / "mirror.yaml"),
        "burst": places.burst_yaml.name,
        "gpfs": {
            "file_system": "rdcw-fs1",
            "guis": [gui],
            "user": _USER,
            "password_file": f"{_FOLDER}/scale-password",
            "cache": "cache1",
            "tape": False,
        },
        "globus": {
            "client_id": CLIENT,
            "secret_file": f"{_FOLDER}/globus/secret",
            "site_collection": SITE_COLLECTION,
            "cloud_collection": CLOUD_COLLECTION,
            "high_assurance": True,
            "calls_per_s": 20,
        },
    }
    return "# The sandbox's own data.yaml: addresses of services that run on this host alone.\n" + yaml.safe_dump(
        dict(told), sort_keys=False
    )


def _secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"{secrets.token_urlsafe(18)}\n", encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def main(argv: Sequence[str] | None = None) -> int:
    """The process's own entry."""
    parser = argparse.ArgumentParser(prog="ris_hybrid.sandbox.data_room", description="data services of a sandbox")
    parser.add_argument("--root", type=Path, required=True)
    asked = parser.parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serve(asked.root, stop)
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    raise SystemExit(main())
