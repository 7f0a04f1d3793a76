"""The unit of the resident service, as it is shipped."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import burst.rc

UNIT = Path(burst.rc.__file__).parent / "systemd" / "ris-hybrid-burst.service"


def unit() -> ConfigParser:
    parser = ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",), strict=False)
    parser.read_string(UNIT.read_text())
    return parser


def test_what_is_filled_in_has_a_name() -> None:
    found = set(re.findall(r"@([A-Z_]+)@", UNIT.read_text()))
    assert found == {"PROVIDER", "USER", "DATA", "LSF_PROFILE", "COMMAND", "CONF"}


def test_it_is_watched_restarted_and_may_do_little() -> None:
    service = unit()["Service"]
    expected = {
        "Type": "notify",
        "User": "@USER@",
        "Restart": "on-failure",
        "RestartPreventExitStatus": "2",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ReadWritePaths": "@DATA@",
    }
    assert {key: service[key] for key in expected} == expected
    assert int(service["WatchdogSec"]) > 60
    assert "exec" in service["ExecStart"]  # the command must be the main process: systemd waits for its word
