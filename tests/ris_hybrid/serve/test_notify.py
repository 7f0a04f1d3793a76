"""systemd is told, where there is one."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.serve.notify import READY, Systemd

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("abstract", [False, True])
def test_words_arrive(tmp_path: Path, abstract: bool) -> None:
    name = f"@ris-hybrid-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name[1:]}" if abstract else name)
        Systemd({"NOTIFY_SOCKET": name}).tell(READY, "STATUS=listening")
        assert manager.recv(100) == b"READY=1\nSTATUS=listening"


@pytest.mark.parametrize("env", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nonexistent/socket"}])
def test_without_systemd_nothing_happens(env: dict[str, str]) -> None:
    Systemd(env).tell(READY)
