"""Marks of pools on OpenStack: the description of a security group of ours for each pool, attached to nothing.

Nova has nothing that outlives servers and takes a note; Neutron's groups have a description of 255 characters, and a
revision by which a change that another made meanwhile is seen (extension ``revision-if-match``).

    held=1800000600 NoValidHost;join_failures=3;boot_s=212;spent=2027-01 1234.50;off=why
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from burst.libcloud.openstack_server import LONGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.libcloud.calls import Calls
    from burst.libcloud.openstack_driver import Services

_PREFIX = "ris-hybrid-marks-"
_KEY = "ris_"
_PATH = "/v2.0/security-groups"


class SecurityGroupShelf:
    """The groups of one project."""

    def __init__(self, calls: Calls[Services]) -> None:
        self._calls = calls

    def read(self) -> Mapping[str, Mapping[str, str]]:
        """From one list of all groups."""
        return {pool: read_marks(str(row["description"] or "")) for pool, row in self._rows().items()}

    def write(self, pool: str, marks: Mapping[str, str]) -> None:
        """Read, change, and write if nobody else has written meanwhile; else once more."""
        if marks:
            self._calls.again(lambda services: _change(services, pool, marks))

    def _rows(self) -> dict[str, dict[str, Any]]:
        return self._calls.again(_ours)


def is_ours(name: str) -> bool:
    """Whether a security group is one of these."""
    return name.startswith(_PREFIX)


def read_marks(text: str) -> dict[str, str]:
    """The marks in a description; what is not one of them is passed over."""
    pairs = (one.partition("=") for one in text.split(";"))
    return {f"{_KEY}{key}": value for key, equals, value in pairs if key and equals and value}


def written_marks(marks: Mapping[str, str]) -> str:
    """A description; the longest value stands last, and is cut where it does not fit."""
    rows = sorted(marks.items(), key=lambda row: (len(row[1]), row[0]))
    text = ";".join(f"{key.removeprefix(_KEY)}={value.replace(';', ',')}" for key, value in rows if value)
    return text[:LONGEST]


def _ours(services: Services) -> dict[str, dict[str, Any]]:
    """By pool. Two callers may have made a group at once: the one with the smaller id counts."""
    found: dict[str, dict[str, Any]] = {}
    for row in sorted(services.security_groups(), key=lambda row: str(row["id"])):
        if is_ours(str(row["name"])):
            found.setdefault(str(row["name"]).removeprefix(_PREFIX), row)
    return found


def _change(services: Services, pool: str, marks: Mapping[str, str]) -> None:
    row = _ours(services).get(pool)
    before = read_marks(str(row["description"] or "")) if row else {}
    text = written_marks({**before, **marks})
    if row is None:
        body = {"security_group": {"name": f"{_PREFIX}{pool}", "description": text}}
        services.network(_PATH, "POST", body)
    elif text != row["description"]:
        body = {"security_group": {"description": text}}
        services.network(f"{_PATH}/{row['id']}", "PUT", body, row.get("revision_number"))
