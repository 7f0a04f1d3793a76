"""Real records of lsb.acct, and made-up ones after them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDED = Path(__file__).parents[2] / "golden" / "lsf" / "acct"
VERSIONS = ("7.06", "9.11", "9.13", "10.1")
PLAIN = {
    "version": "10.113",
    "event": 1_700_000_900,
    "job": 100,
    "asked": 1,
    "submit": 1_700_000_000,
    "start": 1_700_000_300,
    "user": "kim",
    "queue": "general",
    "resreq": "",
    "hosts": '1 "node1"',
    "status": 64,
    "name": "",
    "command": "run",
    "project": "alpha",
    "index": 0,
    "used_kb": 4096,
    "account": "/compute-lee/kim",
    "app": "",
    "extensions": '2 1032 "0" 1110 "default"',
    "usage": "0",
    "limit": 3600,
    "effective": "select[type == any] ",
    "networks": "0",
    "slots": '1 "node1"',
    "ineligible": -1,
    "ranges": "0",
    "requeued": 0,
    "rest": '0 0 1 "schedulingOverhead" "0.00"',
}
LINE = " ".join(
    (
        '"JOB_FINISH" "{version}" {event} {job} 1000 33554438 {asked} {submit} 0 0 {start} "{user}" "{queue}"',
        '"{resreq}" "" "" "login" "/home" "" "" "" "x" 0 {hosts} {status} 60.0 "{name}" "{command}"',
        "-1.000000 -1.000000" + " -1" * 17,
        '"" "{project}" 0 1 "" "" {index} {used_kb} 0 "" "" "" "" 0 "" 0 "" -1 "{account}" "" "{app}" "" -1 "" ""',
        '5136 "" {start} "" "" {extensions} {usage} {limit} 4194304 1024 "{effective}" "" -1 "" -1 0 "" 0 0 "" 3',
        '"/home" {networks} "" 0.000000 0.00 0.00 0.00 0.00 {slots} {ineligible} {ranges} {requeued} {rest}\n',
    )
)


@pytest.fixture(scope="session")
def real() -> Callable[[str], str]:
    """The recorded line of a version."""
    return lambda version: (RECORDED / version).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def line() -> Callable[..., str]:
    """``line(job=7, limit=-1)``: a record of LSF 10.1 with a fix pack."""

    def made(**fields: Any) -> str:
        return LINE.format(**{**PLAIN, **fields})

    return made
