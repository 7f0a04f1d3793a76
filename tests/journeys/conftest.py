from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(__file__).parents[1] / "golden" / "lsf"


@pytest.fixture
def lsf(tmp_path: Path) -> Path:
    """A directory for PATH whose bjobs, bhosts and bqueues print what real ones printed."""
    folder = tmp_path / "lsf bin"
    folder.mkdir()
    active = {"STATUS": "Open:Active", "MAX": "-", "PEND": "4", "RUN": "16"}
    queues = [{"QUEUE_NAME": name, **active} for name in ("general", "subscription")]
    answers = {
        "bjobs": (RECORDED / "bjobs-json" / "fields.txt").read_text(),
        "bhosts": (RECORDED / "bhosts-json" / "1.txt").read_text(),
        "bqueues": json.dumps({"COMMAND": "bqueues", "QUEUES": 2, "RECORDS": queues}),
    }
    for name, text in answers.items():
        (folder / f"{name}.json").write_text(text)
        (folder / name).write_text(f'#!/bin/sh\ncat "$(dirname "$0")/{name}.json"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def coverage_environment() -> dict[str, Any]:
    """What a child process needs to be measured, if this run is."""
    return {name: value for name, value in os.environ.items() if name.startswith("COV")}
