"""Recorded LSF answers, and shells that give them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onprem.lsf.read import HOST_FIELDS, JOB_FIELDS, NEWER_FIELDS, QUEUE_FIELDS, LsfScheduler
from onprem.shell import Completed, ReplayShell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RECORDED = Path(__file__).parents[1] / "golden" / "lsf"
OLDER_FIELDS = [name for name in JOB_FIELDS if name not in NEWER_FIELDS]
QUESTIONS = {
    "bjobs": ("bjobs", "-u", "all", "-o", " ".join(JOB_FIELDS), "-json"),
    "older bjobs": ("bjobs", "-u", "all", "-o", " ".join(OLDER_FIELDS), "-json"),
    "bhosts": ("bhosts", "-o", " ".join(HOST_FIELDS), "-json"),
    "bhosts -w": ("bhosts", "-w"),
    "bqueues": ("bqueues", "-o", " ".join(QUEUE_FIELDS), "-json"),
    "bqueues -w": ("bqueues", "-w"),
}


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], str]:
    return lambda name: (RECORDED / f"{name}.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def scheduler() -> Callable[[Mapping[str, Completed]], LsfScheduler]:
    """``scheduler({"bjobs": Completed(...)})``: an LSF that answers these questions and no others."""

    def make(answers: Mapping[str, Completed]) -> LsfScheduler:
        return LsfScheduler(ReplayShell(answers={QUESTIONS[name]: answer for name, answer in answers.items()}))

    return make
