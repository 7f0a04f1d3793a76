"""What a check-up makes of names, owners and LSF's complaints."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from onprem.lsf.conf import places
from onprem.shell import Completed, ReplayShell
from ris_hybrid.checkup import lsf_live, names, owners
from ris_hybrid.model import MachineState
from ris_hybrid.settings import Node

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ris_hybrid.checkup.finding import Finding

ME = pwd.getpwuid(os.getuid()).pw_name


class Table:
    """A resolver that knows these names."""

    def __init__(self, forward: dict[str, str], back: dict[str, str]) -> None:
        self._forward, self._back = forward, back

    def addresses(self, name: str) -> Sequence[str]:
        return [self._forward[name]] if name in self._forward else []

    def name(self, address: str) -> str:
        return self._back.get(address, "")


@pytest.mark.parametrize(
    ("forward", "back", "wrong"),
    [
        ("10.0.0.1", "ip-10-0-0-1", ""),
        ("10.0.0.1", "IP-10-0-0-1.ec2.internal", ""),
        ("", "ip-10-0-0-1", "ip-10-0-0-1 is not known here, the cloud says 10.0.0.1"),
        ("10.9.9.9", "ip-10-0-0-1", "ip-10-0-0-1 is 10.9.9.9 here, the cloud says 10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1 is not known here, the cloud says ip-10-0-0-1"),
        ("10.0.0.1", "pool-1.isp", "10.0.0.1 is pool-1.isp here, the cloud says ip-10-0-0-1"),
    ],
)
def test_a_node_must_be_found_by_its_name_and_back(make: Any, forward: str, back: str, wrong: str) -> None:
    machine = make.machine(1)
    table = Table({machine.name: forward} if forward else {}, {machine.private_ip: back} if back else {})
    (finding,) = names.look([machine], {}, table)
    assert (finding.ok, finding.needed) == (not wrong, True)
    assert finding.text == (wrong or "ip-10-0-0-1 is 10.0.0.1, and back")
    (finding,) = names.look([machine], {"LSF_REG_FLOAT_HOSTS": '"Y"'}, table)
    assert not finding.needed


def test_only_a_node_that_is_up_is_looked_for(make: Any) -> None:
    gone, nameless = make.machine(1, state=MachineState.TERMINATED), make.machine(2, name="")
    assert list(names.look([gone, nameless], {}, Table({}, {}))) == []


def test_this_host_resolves_by_its_own_resolver() -> None:
    assert "127.0.0.1" in names.SystemNames().addresses("localhost")
    assert names.SystemNames().addresses("no such\nname") == ()
    assert names.SystemNames().name("not an address") == ""


def administrator(folder: Path, make: Any, listed: str, ours: str) -> dict[str, Finding]:
    connector = folder / "resource_connector"
    connector.mkdir(exist_ok=True)
    (connector / "hostProviders.json").write_text("{}")
    (folder / "lsf.conf").write_text(f"LSF_TOP={folder}\n")
    text = f"Begin ClusterAdmins\nAdministrators = {listed}\nEnd ClusterAdmins\n" if listed else ""
    (folder / "lsf.cluster.c1").write_text(text)
    settings = replace(make.settings(), node=Node(lsf_admin=ours))
    return {finding.name: finding for finding in owners.look(settings, places.find(folder, "c1"))}


@pytest.mark.parametrize(
    ("listed", "ours", "ok", "needed"),
    [
        (f"{ME} other", ME, True, False),
        ("", ME, True, False),
        (ME, "nobody-we-know", False, True),
        ("nobody-we-know", "nobody-we-know", False, False),
    ],
)
def test_the_administrator_is_one_and_the_same(
    tmp_path: Path, make: Any, *, listed: str, ours: str, ok: bool, needed: bool
) -> None:
    finding = administrator(tmp_path, make, listed, ours)["LSF administrator"]
    assert (finding.ok, finding.needed) == (ok, needed)


def test_the_connectors_files_are_the_administrators(tmp_path: Path, make: Any) -> None:
    assert administrator(tmp_path, make, ME, ME)["owner of resource_connector"].ok
    found = administrator(tmp_path, make, "lsfadmin", "lsfadmin")["owner of resource_connector"]
    assert found.text == f"resource_connector is {ME}'s, hostProviders.json is {ME}'s"
    assert found.hint.startswith("chown -R lsfadmin ")


@pytest.mark.parametrize(
    ("answer", "ok", "text"),
    [
        (Completed(rc=0), True, "nothing"),
        (Completed(rc=0, stdout="No error messages\n"), True, "nothing"),
        (Completed(rc=0, stdout="aws: requestMachines.sh\n  AuthFailure\n"), False, "aws: requestMachines.sh / Auth"),
        (Completed(rc=255, stderr="rc: illegal option\n"), False, "rc: illegal option"),
        (Completed(rc=7), False, "failed (exit code 7)"),
    ],
)
def test_complaints_of_the_connector_are_shown(answer: Completed, ok: bool, text: str) -> None:
    (finding,) = lsf_live.complaints(ReplayShell(answers={("badmin", "rc", "error"): answer}))
    assert (finding.ok, finding.needed) == (ok, False)
    assert finding.text.startswith(text)
