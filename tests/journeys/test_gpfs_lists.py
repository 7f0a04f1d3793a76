"""``ris-hybrid gpfs policy``, ``drift`` and ``allowed`` on a copy of the example site with captured access lists."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onprem.gpfs.acl_text import render_acl
from onprem.gpfs.acl_wanted import wanted_acls
from ris_hybrid.cli.app import main
from ris_hybrid.clocks import CLOCK_VARIABLE
from ris_hybrid.data.scale import Acl, AclEntry
from ris_hybrid.mirroring.loading import find_files, load, planned
from ris_hybrid.wiring import site_reports

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[1] / "golden" / "gpfs"
NOW = 1_800_000_000.0
DATA = """\
gpfs:
  file_system: rdcw-fs1
  listing: listing
  policy_lists: policy lists
  cache: cache1-fs1
"""


@pytest.fixture
def run(
    example_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, str]]:
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path / "sandboxes"))
    monkeypatch.setenv(CLOCK_VARIABLE, repr(NOW))
    (example_site / "data.yaml").write_text(DATA, encoding="utf-8")

    def command(*arguments: str, code: int = 0) -> tuple[str, str]:
        assert main(["gpfs", *arguments, "--conf", str(example_site / "data.yaml")]) == code, capsys.readouterr().err
        told = capsys.readouterr()
        return told.out, told.err

    return command


@pytest.fixture
def acls(example_site: Path) -> Path:
    """What mmgetacl would print of imaging-core's directories, were they as wanted."""
    plan = planned(load(find_files(example_site, None, None), site_reports), {}, NOW)
    (allocation,) = (one for one in plan.allocations if one.name == "imaging-core")
    file = example_site / "listing" / "acls.txt"
    file.write_text(
        "".join(f"#path:{one.path}\n{render_acl(one)}" for one in wanted_acls(allocation)), encoding="utf-8"
    )
    return file


def test_the_script_lists_every_fileset_of_the_allocation_and_is_one(run: Callable[..., tuple[str, str]]) -> None:
    script, _ = run("policy", "imaging-core")
    assert "FOR FILESET('imaging-core_active', 'imaging-core_archive')" in script
    assert "-I test &&\n" in script
    assert subprocess.run(["sh", "-n"], input=script, text=True, check=False).returncode == 0
    named, _ = run("policy", "imaging-core", "--fileset", "other_name")
    assert "FOR FILESET('other_name')" in named


def test_an_allocation_without_a_fileset_is_told(run: Callable[..., tuple[str, str]]) -> None:
    _, err = run("policy", "nobody", code=4)
    assert "no fileset is linked in /storage1/fs1/nobody" in err


def test_lists_need_a_folder(run: Callable[..., tuple[str, str]], example_site: Path) -> None:
    (example_site / "data.yaml").write_text(DATA.replace("  policy_lists: policy lists\n", ""), encoding="utf-8")
    assert "gpfs.policy_lists" in run("policy", "imaging-core", code=2)[1]


def test_access_lists_as_wanted_are_no_drift(run: Callable[..., tuple[str, str]], acls: Path) -> None:
    out, err = run("drift", "imaging-core")
    assert out == ""
    assert f"{acls.read_text().count('#path:')} access lists are as the groups want them" in err


def test_a_grant_that_nobody_asked_for_is_told_and_exits_with_6(
    run: Callable[..., tuple[str, str]], acls: Path
) -> None:
    eve = render_acl(wanted_of_eve()).split("#group:root\n")[1]
    acls.write_text(f"{acls.read_text()}\n{eve}", encoding="utf-8")
    told = json.loads(run("drift", "imaging-core", "--json", code=6)[0])
    assert [(one["kind"], one["who"]) for one in told] == [("extra", "user:eve")]
    assert "user:eve" in run("drift", "imaging-core", code=6)[0]


def test_access_lists_that_nobody_knows_are_no_agreement(run: Callable[..., tuple[str, str]]) -> None:
    assert "access lists are not known" in run("drift", "imaging-core", code=4)[1]
    assert "no allocation nobody" in run("drift", "nobody", code=2)[1]


def test_sudoers_is_told_each_command(run: Callable[..., tuple[str, str]]) -> None:
    lines = run("allowed")[0].splitlines()
    assert "/usr/lpp/mmfs/bin/mmlsfileset rdcw-fs1 -L --afm -Y" in lines
    assert "/usr/lpp/mmfs/bin/mmafmctl cache1-fs1 getstate" in lines


def test_sudoers_is_told_what_doctor_asks(run: Callable[..., tuple[str, str]]) -> None:
    lines = run("allowed")[0].splitlines()
    assert {"/usr/lpp/mmfs/bin/mmgetstate -a -Y", "/usr/lpp/mmfs/bin/mmdf rdcw-fs1 -Y"} <= set(lines)


def test_where_files_are_kept_is_told_by_mmlsattr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mmlsattr").write_text(f'#!/bin/sh\nexec cat "{GOLDEN / "mmlsattr.txt"}"\n')
    (tmp_path / "mmlsattr").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    assert main(["gpfs", "file", "/storage1/fs1/a", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["residency"], one["pool"], one["encrypted"]) for one in told] == [
        ("migrated", "data", False),
        ("resident", "system", True),
        ("unknown", "system", None),
    ]
    assert main(["gpfs", "file", "/storage1/fs1/a"]) == 0
    assert "migrated" in capsys.readouterr().out
    assert main(["gpfs", "file", "-L"]) != 0
    assert main(["gpfs", "file", "relative"]) == 2


def wanted_of_eve() -> Acl:
    return Acl(path="", entries=(AclEntry(kind="allow", who="user:eve", permissions="rw", flags=""),))
