"""A cluster behind one GUI node on loopback, and the product's own client of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onprem.gpfs.rest_http import Login, RestHttp
from onprem.gpfs.rest_writes import GpfsRestWrites
from ris_hybrid.sandbox.scale.server import ScaleGui, start
from ris_hybrid.sandbox.scale.state import Scale as Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "pass word:1"


class World:
    """One file system fs1 with fileset lee_active."""

    def __init__(self) -> None:
        self.cluster = Cluster(users={"ris": (PASSWORD, "StorageAdmin"), "looker": (PASSWORD, "Monitor")})
        self.of = self.cluster.add_file_system("fs1", "/fs1")
        self.of.add("lee_active", "/fs1/lee")
        self.gui: ScaleGui = start(self.cluster)
        self.waits: list[float] = []

    def http(self, *guis: str, user: str = "ris", password: str = PASSWORD, timeout_s: float = 5.0) -> RestHttp:
        return RestHttp(guis or (self.gui.url,), lambda: Login(user=user, password=password), timeout_s=timeout_s)

    def writes(self, **login: str) -> GpfsRestWrites:
        return GpfsRestWrites(self.http(**login), wait=self.waits.append)  # type: ignore[arg-type]  # user and password


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.gui.stop()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "lee.keys"
    path.write_text("AKIAEXAMPLE:topsecretvalue\n")
    path.chmod(0o600)
    return path
