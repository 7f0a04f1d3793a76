"""GPFS's commands that fail in parts, and folders with less in them than was hoped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onprem.gpfs.captured_scale import CapturedScale
from onprem.gpfs.commands import GpfsCommands
from onprem.shell import Completed, LocalShell, ReplayShell
from ris_hybrid.errors import ConfigError, SiteUnavailable

GOLDEN = Path(__file__).parents[2] / "golden" / "gpfs"
FILESETS = (
    "mmlsfileset::HEADER:version:reserved:reserved:filesystemName:filesetName:status:path:afmMode:\n"
    "mmlsfileset::0:1:::fs1:root:Linked:%2Ffs1:off:\n"
    "mmlsfileset::0:1:::fs1:wu:Linked:%2Ffs1%2Fwu:single-writer:\n"
)
QUOTAS = (
    "mmrepquota::HEADER:version:reserved:reserved:filesystemName:quotaType:name:blockUsage:blockLimit:\n"
    "mmrepquota::0:1:::fs1:FILESET:wu:1:2:\n"
)
INACTIVE = (
    "Fileset Name    Fileset Target      Cache State    Gateway Node    Queue Length   Queue numExec\n"
    "wu              nfs://home/x        Inactive\n"
)
DIRTY = "mmafmctl:d:HEADER:version:reserved:reserved:filesetName:dirtyData:\n"


def gpfs(answers: dict[str, Completed], *, sudo: bool = False) -> GpfsCommands:
    return GpfsCommands(
        ReplayShell(answers={tuple(words.split()): done for words, done in answers.items()}),
        ("fs1", "", "fs1"),
        now=lambda: 5.0,
        sudo=sudo,
    )


def captured(folder: Path, now: float = 0.0) -> CapturedScale:
    return CapturedScale(folder, now=lambda: now)


def test_a_command_that_fails_leaves_its_part_missing_with_its_own_words() -> None:
    listing = gpfs(
        {
            "mmlsfileset fs1 -L --afm -Y": Completed(rc=0, stdout=FILESETS),
            "mmrepquota -j -Y fs1": Completed(rc=1, stderr="mmrepquota: no\nmmrepquota: 6027-1639 Command failed.\n"),
            "mmlssnapshot fs1 -s all -Y": Completed(rc=0, stderr="No snapshots in file system fs1\n"),
        }
    ).listing()
    assert [one.name for one in listing.filesets] == ["root", "wu"]
    assert [one.part for one in listing.missing] == ["quotas"]
    assert "mmrepquota -j -Y fs1: mmrepquota ended with 1: mmrepquota: 6027-1639" in listing.missing[0].reason
    assert (listing.surface, listing.captured_at, listing.snapshots) == ("command", 5.0, ())


def test_sudo_is_asked_for_the_same_words_every_time_and_not_at_all_for_access_lists() -> None:
    answers = {"sudo -n /usr/lpp/mmfs/bin/mmlsfileset fs1 -L --afm -Y": Completed(rc=0, stdout=FILESETS)}
    acl = (GOLDEN / "acl-active.txt").read_text(encoding="utf-8")
    asked = gpfs({**answers, "mmgetacl -k nfs4 /fs1/x": Completed(rc=0, stdout=acl)}, sudo=True)
    assert [one.part for one in asked.listing().missing] == ["quotas", "snapshots"]
    assert asked.acl("/fs1/x").owner == "root"
    assert asked.allowed() == (
        "/usr/lpp/mmfs/bin/mmlsfileset fs1 -L --afm -Y",
        "/usr/lpp/mmfs/bin/mmrepquota -j -Y fs1",
        "/usr/lpp/mmfs/bin/mmlssnapshot fs1 -s all -Y",
        "/usr/lpp/mmfs/bin/mmafmctl fs1 getstate",
    )


@pytest.mark.parametrize(("row", "health"), [("", "clean"), ("mmafmctl:d:0:1:::wu:4096:\n", "busy")])
def test_a_cache_that_is_not_active_is_checked(row: str, health: str) -> None:
    answers = {
        "mmafmctl fs1 getstate": Completed(rc=0, stdout=INACTIVE),
        "mmafmctl fs1 checkDirty -j wu --dirty-data -Y": Completed(rc=0, stdout=DIRTY + row),
    }
    assert gpfs(answers).cache("fs1", "wu").health == health


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("mmgetacl: /fs1/x: No such file or directory", "compare the name"),
        ("6027-1388 File system fs9 is not known to the GPFS cluster.", "compare the name"),
        ("You must have root privileges to issue this command.", "allow each of them by sudo"),
        ("sudo: a password is required", "allow each of them by sudo"),
        ("6027-1639 Command failed.", "try it by hand"),
    ],
)
def test_a_refusal_says_what_to_do(said: str, hint: str) -> None:
    with pytest.raises(SiteUnavailable, match="mmgetacl ended with 1") as told:
        gpfs({"mmgetacl -k nfs4 /fs1/x": Completed(rc=1, stderr=said)}).acl("/fs1/x")
    assert hint in told.value.hint


def test_an_access_list_is_asked_for_by_its_whole_path() -> None:
    with pytest.raises(ConfigError, match="absolute"):
        gpfs({}).acl("-k")


def test_commands_that_are_not_there_are_told_of_in_gpfs_words(tmp_path: Path) -> None:
    shell = LocalShell(environment={"PATH": str(tmp_path)})
    with pytest.raises(SiteUnavailable, match="cannot run mmgetacl") as told:
        GpfsCommands(shell, ("fs1",), now=lambda: 0.0).acl("/fs1")
    assert "/usr/lpp/mmfs/bin" in told.value.hint


def test_a_folder_tells_of_each_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "filesets.txt").write_text(FILESETS, encoding="utf-8")
    (tmp_path / "quotas.json").write_text("[1]", encoding="utf-8")
    listing = captured(tmp_path).listing()
    assert [one.name for one in listing.filesets] == ["root", "wu"]
    assert [one.part for one in listing.missing] == ["quotas", "snapshots"]
    assert "quotas.json: expected a JSON object" in listing.missing[0].reason
    assert "snapshots.txt: cannot be read" in listing.missing[1].reason


def test_text_is_read_before_json_and_a_torn_one_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "filesets.txt").write_text(FILESETS[:-9], encoding="utf-8")
    (tmp_path / "quotas.txt").write_text(QUOTAS, encoding="utf-8")
    (tmp_path / "filesets.json").write_text("{", encoding="utf-8")
    listing = captured(tmp_path).listing()
    assert listing.filesets == ()
    assert "filesets.txt: line 3: cut off" in listing.missing[0].reason
    (tmp_path / "filesets.txt").unlink()
    assert "filesets.json: not JSON" in captured(tmp_path).listing().missing[0].reason


@pytest.mark.parametrize(("name", "text"), [("acls.txt", "#path:/b\n#NFSv4 ACL\n"), ("acls.json", '{"/b": {}}')])
def test_an_access_list_that_was_not_captured_is_unknown(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(SiteUnavailable, match=r"acls\.txt: cannot be read"):
        captured(tmp_path).acl("/a")
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SiteUnavailable, match="no access list of /a was captured"):
        captured(tmp_path).acl("/a")


@pytest.mark.parametrize(
    ("state", "age_s", "health"),
    [("Active", 60, "clean"), ("Active", 3600, "unknown"), ("Dirty", 3600, "busy"), ("Stopped", 3600, "broken")],
)
def test_a_cache_that_was_clean_a_while_ago_may_not_be_so_now(
    tmp_path: Path, state: str, age_s: float, health: str
) -> None:
    file = tmp_path / "afm-fs1.txt"
    file.write_text(INACTIVE.replace("Inactive", state), encoding="utf-8")
    os.utime(file, (7, 7))
    seen = captured(tmp_path, 7 + age_s).cache("fs1", "wu")
    assert (seen.health, seen.state) == (health, state)
    assert ("60 minutes ago: capture it again" in seen.reason) == (health == "unknown")
