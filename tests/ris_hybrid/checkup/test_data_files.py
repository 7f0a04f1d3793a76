"""Secrets by their modes alone, and how old what was captured is."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.checkup import data_files
from ris_hybrid.data.settings import Afm, DataSettings, Globus, GlobusGateway, Gpfs
from ris_hybrid.images.settings import ImageSettings

if TYPE_CHECKING:
    from ris_hybrid.checkup.finding import Finding

NOW = 1_800_000_000.0
GPFS = Gpfs(file_system="fs1", guis=("https://gui",), user="ris", password_file="gui")
SECRET = "topsecret"
CAPTURED = Path(__file__).parents[2] / "golden" / "gpfs"


def found(folder: Path, gpfs: Gpfs = GPFS, **parts: object) -> dict[str, Finding]:
    settings = replace(DataSettings(gpfs=gpfs), **parts)  # type: ignore[arg-type]  # parts by name
    told = {one.name: one for one in data_files.look(settings, folder, NOW)}
    assert not any(SECRET in f"{one}" for one in told.values())
    return told


def secret(path: Path, mode: int = 0o600, text: str = SECRET) -> None:
    path.write_text(text)
    path.chmod(mode)


@pytest.mark.parametrize(
    ("mode", "text", "said"),
    [
        (0o600, SECRET, "mode 0600"),
        (0o400, SECRET, "mode 0400"),
        (0o640, SECRET, "others may read or write it (mode 0640)"),
        (0o602, SECRET, "others may read or write it (mode 0602)"),
        (0o600, "", "is no file with anything in it"),
    ],
)
def test_a_secret_is_its_owners_alone(tmp_path: Path, mode: int, text: str, said: str) -> None:
    secret(tmp_path / "gui", mode, text)
    (finding,) = found(tmp_path).values()
    assert (finding.name, finding.needed) == ("secret gpfs.password_file", True)
    assert finding.text == f"{tmp_path / 'gui'}: {said}"
    assert finding.ok == said.startswith("mode")


def test_every_file_with_a_secret_is_looked_at(tmp_path: Path) -> None:
    gateway = GlobusGateway(address="a.b", key_file="gateway")
    globus = Globus(client_id="c", secret_file="globus", site_collection="s", cloud_collection="t", gateway=gateway)
    told = found(
        tmp_path,
        replace(GPFS, ca_file="ca.pem"),
        globus=globus,
        afm=Afm(key_files={"bucket": "keys"}),
        images=ImageSettings(auth_file="auth.json"),
    )
    assert {name: one.text.rpartition("/")[2] for name, one in told.items()} == {
        "secret gpfs.password_file": "gui: No such file or directory",
        "secret globus.secret_file": "globus: No such file or directory",
        "secret globus.gateway.key_file": "gateway: No such file or directory",
        "secret afm.key_files of bucket": "keys: No such file or directory",
        "secret images.auth_file": "auth.json: No such file or directory",
        "gpfs.ca_file": "ca.pem: cannot be read",
    }
    (tmp_path / "ca.pem").write_text("certificate")
    assert found(tmp_path, replace(GPFS, ca_file="ca.pem"))["gpfs.ca_file"].ok
    other = GlobusGateway(address="a.b")
    assert set(found(tmp_path, Gpfs(file_system="fs1"), globus=replace(globus, gateway=other))) == {
        "secret globus.secret_file"
    }


@pytest.mark.parametrize(("days", "ok"), [(1, True), (3, False)])
def test_the_age_of_a_listing_is_told(tmp_path: Path, days: int, ok: bool) -> None:
    for name, form in (("filesets", "mmlsfileset-old"), ("quotas", "mmrepquota"), ("snapshots", "mmlssnapshot")):
        (tmp_path / f"{name}.txt").write_bytes((CAPTURED / f"{form}.txt").read_bytes())
        os.utime(tmp_path / f"{name}.txt", (0, NOW - days * 86400))
    told = found(tmp_path, Gpfs(file_system="fs1", listing="."))["captured listing"]
    assert (told.ok, told.needed) == (ok, False)
    assert told.text.endswith(f" filesets, {days}.0 days old")
    (tmp_path / "quotas.txt").unlink()
    assert found(tmp_path, Gpfs(file_system="fs1", listing="."))["captured listing"].needed
    commands = Gpfs(file_system="fs1", listing=".", commands=True)
    assert not found(tmp_path, commands)["captured listing"].needed


def test_policy_lists_are_told_by_the_oldest(tmp_path: Path) -> None:
    lists = Gpfs(file_system="fs1", policy_lists="lists")
    assert found(tmp_path, lists)["policy lists"].text == f"{tmp_path / 'lists'}: no list of any allocation"
    (tmp_path / "lists").mkdir()
    for name, days in (("lee", 1), ("wucci", 4)):
        (tmp_path / "lists" / f"{name}.list").write_text("")
        os.utime(tmp_path / "lists" / f"{name}.list", (0, NOW - days * 86400))
    told = found(tmp_path, lists)["policy lists"]
    assert (told.ok, told.needed, told.text) == (False, False, "2, the oldest (wucci) 4.0 days old")
