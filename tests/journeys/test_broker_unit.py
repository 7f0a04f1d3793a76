"""``burst unit``: what a site without a Resource Connector gives to systemd."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

SHIPPED = ("PROVIDER", "USER", "DATA", "PROFILE", "COMMAND", "CONF")


def test_the_brokers_unit_is_complete(master: Any) -> None:
    profile = master.conf / "profile.lsf"
    profile.write_text("export LSF_ENVDIR\n")
    (master.top / "work" / "c1").mkdir(parents=True)
    done = master.run("burst", "unit")
    text = done.stdout
    assert not [word for word in SHIPPED if f"@{word}@" in text]
    command = Path(sys.executable).parent / "ris-hybrid"
    assert f'burst run --conf "$$3"\' sh {profile} {command} {master.folder / "burst.yaml"}\n' in text
    assert "\nUser=lsfadmin\n" in text
    data = master.top / "work" / "c1" / "resource_connector"
    assert f"\nReadWritePaths={data}\n" in text
    assert f"make {data} first, as lsfadmin" in done.stderr


def test_a_profile_that_is_not_there_is_refused(master: Any) -> None:
    assert "--profile FILE" in master.run("burst", "unit", code=2).stderr
    assert "/none: no such file" in master.run("burst", "unit", "--profile", "/none", code=2).stderr


def test_beside_the_resource_connector_there_is_none(master: Any) -> None:
    (master.conf / "profile.lsf").touch()
    master.run("burst", "enable")
    assert "there the broker does not run" in master.run("burst", "unit", code=2).stderr
