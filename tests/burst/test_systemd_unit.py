"""The units of the resident service and of the broker, as they are shipped."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

import burst.rc
from burst.rc import install

FOLDER = Path(burst.rc.__file__).parent / "systemd"
UNITS = {install.UNIT: ("notify", "LSF_PROFILE"), install.BROKER_UNIT: ("exec", "PROFILE")}


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",), strict=False)
    parser.read_string((FOLDER / name).read_text())
    return parser


@pytest.mark.parametrize(("name", "kind"), UNITS.items())
def test_what_is_filled_in_has_a_name(name: str, kind: tuple[str, str]) -> None:
    found = set(re.findall(r"@([A-Z_]+)@", (FOLDER / name).read_text()))
    assert found == {"PROVIDER", "USER", "DATA", kind[1], "COMMAND", "CONF"}


@pytest.mark.parametrize(("name", "kind"), UNITS.items())
def test_it_is_restarted_and_may_do_little(name: str, kind: tuple[str, str]) -> None:
    service = unit(name)["Service"]
    expected = {
        "Type": kind[0],
        "User": "@USER@",
        "Restart": "on-failure",
        "RestartPreventExitStatus": "2",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ReadWritePaths": "@DATA@",
    }
    assert {key: service[key] for key in expected} == expected
    assert "exec" in service["ExecStart"]  # the command must be the main process: systemd ends, and waits for, that one


def test_the_service_is_watched() -> None:
    assert int(unit(install.UNIT)["Service"]["WatchdogSec"]) > 60
