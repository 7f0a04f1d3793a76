from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.config.data_file import load_data
from ris_hybrid.config.document import UnusableFile
from ris_hybrid.data.settings import (
    Afm,
    Bounds,
    DataSettings,
    DataSync,
    Globus,
    Gpfs,
    Mounted,
    Needs,
    Prices,
)
from ris_hybrid.errors import ConfigError
from ris_hybrid.images.settings import ImageSettings, ImageWaiver

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
gpfs:
  file_system: rdcw-fs1
  listing: captured
  guis: ["https://gui1.example.edu", "https://gui2.example.edu:47443", "http://127.0.0.1:8080"]
  user: risbot
  password_file: secrets/scale
  ca_file: ca.pem
  commands: true
  cache: cache1
  policy_lists: lists
  tape: false
mirror: m.yaml
burst: b.yaml
journal: state/j.db
root: site
globus:
  client_id: 0a1b2c3d-0000-4000-8000-000000000001
  secret_file: secrets/globus
  site_collection: 0a1b2c3d-0000-4000-8000-000000000002
  site_base: /storage1/fs1
  cloud_collection: 0a1b2c3d-0000-4000-8000-000000000003
  high_assurance: true
  gbit_per_s: 8.5
  active_tasks: 2
  pending_tasks: 50
  calls_per_s: 5
afm:
  filesets: {wucci: wucci_cos}
  key_files: {wustl-ris-wucci-0a1b2c: /etc/keys/wucci}
  gbit_per_s: 1.5
datasync:
  agent_arns: ["arn:aws:datasync:us-east-1:123456789012:agent/agent-0b0addbeef44baca3"]
  nfs_host: ces.example.edu
  role_arn: arn:aws:iam::123456789012:role/datasync
  gbit_per_s: 4
  usd_per_gib: 0.015
  high_assurance: true
mounted:
  paths: [/storage1/fs1]
  most_gib: 5
  phi: true
prices:
  egress_usd_per_gb: 0.02
  put_usd_per_thousand: 0.006
  get_usd_per_thousand: 0.0005
  storage_usd_per_gb_month: 0.02
  kms_usd_per_ten_thousand: 0.04
bounds:
  staging_bytes: 1000
  staging_files: 10
  egress_gb_per_month: 1
  usd_per_month: 2
  batch_files: 3
  batch_bytes: 4
  deadline_hours: 0.5
  results_share: 2
needs:
  unknown: go
  roots: [/storage1/fs1]
images:
  default_registry: ghcr.io
  registry: localhost:5000
  copier: crane
  auth_file: secrets/auth.json
  stop_at: HIGH
  old_after_days: 90
  keep: 3
  platform: linux/arm64/v8
  rename: {old.example.edu: new.example.edu}
  waivers:
    - image: quay.io/lab/tool
      reason: no fix yet
      owner: ann
      until: 2027-01-31
      findings: [CVE-2026-1234]
"""


def load(folder: Path, text: str) -> DataSettings:
    path = folder / "data.yaml"
    path.write_text(text, encoding="utf-8")
    return load_data(path)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(UnusableFile) as failure:
        load(folder, text)
    return [str(remark).removeprefix(f"{folder / 'data.yaml'}:") for remark in failure.value.problems]


def test_every_key_arrives_in_the_settings(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == DataSettings(
        gpfs=Gpfs(
            file_system="rdcw-fs1",
            listing="captured",
            guis=("https://gui1.example.edu", "https://gui2.example.edu:47443", "http://127.0.0.1:8080"),
            user="risbot",
            password_file="secrets/scale",
            ca_file="ca.pem",
            commands=True,
            cache="cache1",
            policy_lists="lists",
            tape=False,
        ),
        mirror="m.yaml",
        burst="b.yaml",
        journal="state/j.db",
        root="site",
        globus=Globus(
            client_id="0a1b2c3d-0000-4000-8000-000000000001",
            secret_file="secrets/globus",
            site_collection="0a1b2c3d-0000-4000-8000-000000000002",
            site_base="/storage1/fs1",
            cloud_collection="0a1b2c3d-0000-4000-8000-000000000003",
            high_assurance=True,
            gbit_per_s=8.5,
            active_tasks=2,
            pending_tasks=50,
            calls_per_s=5,
        ),
        afm=Afm(
            filesets={"wucci": "wucci_cos"},
            key_files={"wustl-ris-wucci-0a1b2c": "/etc/keys/wucci"},
            gbit_per_s=1.5,
        ),
        datasync=DataSync(
            agent_arns=("arn:aws:datasync:us-east-1:123456789012:agent/agent-0b0addbeef44baca3",),
            nfs_host="ces.example.edu",
            role_arn="arn:aws:iam::123456789012:role/datasync",
            gbit_per_s=4,
            usd_per_gib=0.015,
            high_assurance=True,
        ),
        mounted=Mounted(paths=("/storage1/fs1",), most_gib=5, phi=True),
        prices=Prices(
            egress_usd_per_gb=0.02,
            put_usd_per_thousand=0.006,
            get_usd_per_thousand=0.0005,
            storage_usd_per_gb_month=0.02,
            kms_usd_per_ten_thousand=0.04,
        ),
        bounds=Bounds(
            staging_bytes=1000,
            staging_files=10,
            egress_gb_per_month=1,
            usd_per_month=2,
            batch_files=3,
            batch_bytes=4,
            deadline_hours=0.5,
            results_share=2,
        ),
        needs=Needs(unknown="go", roots=("/storage1/fs1",)),
        images=ImageSettings(
            default_registry="ghcr.io",
            registry="localhost:5000",
            copier="crane",
            auth_file="secrets/auth.json",
            stop_at="HIGH",
            old_after_days=90,
            keep=3,
            platform="linux/arm64/v8",
            rename={"old.example.edu": "new.example.edu"},
            waivers=(
                ImageWaiver(
                    image="quay.io/lab/tool",
                    reason="no fix yet",
                    owner="ann",
                    until="2027-01-31",
                    findings=("CVE-2026-1234",),
                ),
            ),
        ),
    )


def test_a_file_system_and_one_way_to_ask_are_enough(tmp_path: Path) -> None:
    plain = DataSettings(gpfs=Gpfs(file_system="fs1", commands=True))
    assert load(tmp_path, "gpfs: {file_system: fs1, commands: true}\n") == plain
    assert replace(plain.gpfs).tape


WRONG = (
    ("file_system: rdcw-fs1", "file_system: /dev/fs1"),
    ("cache: cache1", "cache: a b"),
    ("https://gui1.example.edu", "http://gui1.example.edu"),
    ("https://gui1.example.edu", "https://ann:pw1@gui1.example.edu"),
    ("https://gui1.example.edu", "https://ann@gui1.example.edu"),
    ("https://gui1.example.edu", "https://gui1.example.edu/scalemgmt"),
    ("https://gui1.example.edu", "https://gui1.example.edu:port"),
    ("https://gui1.example.edu", "https://["),
    ("user: risbot", 'user: ""'),
    ("password_file: secrets/scale", "password: topsecret"),
    ("listing: captured", "listings: captured"),
    ("listing: captured", "listing: 7"),
    ("mirror: m.yaml", 'mirror: " "'),
    ("journal: state/j.db", 'journal: "a\\tb"'),
    ("root: site", "root: [site]"),
    ("client_id: 0a1b2c3d", "client_id: xyz"),
    ("secret_file: secrets/globus", "secret_file: q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="),
    ("secret_file: secrets/globus", 'secret_file: ""'),
    ("site_base: /storage1/fs1", "site_base: storage1"),
    ("000000000003\n", "000000000002\n"),
    ("gbit_per_s: 8.5", "gbit_per_s: 0"),
    ("active_tasks: 2", "active_tasks: 4"),
    ("pending_tasks: 50", "pending_tasks: 0"),
    ("calls_per_s: 5", "calls_per_s: 21"),
    ("wucci_cos", "wucci/cos"),
    ("wustl-ris-wucci-0a1b2c", "Wucci"),
    ("/etc/keys/wucci", "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("gbit_per_s: 1.5", "gbit_per_s: fast"),
    ('["arn:aws:datasync:us-east-1:123456789012:agent/agent-0b0addbeef44baca3"]', "[]"),
    ("arn:aws:datasync:us-east-1", "arn:aws:ec2:us-east-1"),
    ("ces.example.edu", "ces.example.edu:/vol"),
    ("role/datasync", "user/datasync"),
    ("gbit_per_s: 4", "gbit_per_s: -4"),
    ("usd_per_gib: 0.015", "usd_per_gib: -1"),
    ("paths: [/storage1/fs1]", "paths: []"),
    ("paths: [/storage1/fs1]", "paths: [/storage1/../etc]"),
    ("most_gib: 5", "most_gib: -5"),
    ("egress_usd_per_gb: 0.02", "egress_usd_per_gb: -0.02"),
    ("kms_usd_per_ten_thousand: 0.04", "kms_usd_per_ten_thousand: -1"),
    ("staging_bytes: 1000", "staging_bytes: 0"),
    ("staging_bytes: 1000", "staging_bytes: 10TB"),
    ("usd_per_month: 2", "usd_per_month: -2"),
    ("deadline_hours: 0.5", "deadline_hours: 0"),
    ("unknown: go", "unknown: maybe"),
    ("  roots: [/storage1/fs1]", '  roots: [""]'),
    ("default_registry: ghcr.io", 'default_registry: ""'),
    ("registry: localhost:5000", "registry: https://ecr"),
    ("old.example.edu", "old/example"),
    ("keep: 3", "keep: 0"),
    ("old_after_days: 90", "old_after_days: 0"),
    ("linux/arm64/v8", "linux"),
    ("stop_at: HIGH", "stop_at: SEVERE"),
    ("owner: ann", 'owner: ""'),
    ("until: 2027-01-31", "until: 2027-02-30"),
    ("until: 2027-01-31", "until: soon"),
    ("CVE-2026-1234", "all of them"),
    ("burst: b.yaml", "mirror: m2.yaml"),
    ("auth_file: secrets/auth.json", "auth_file: !vault x"),
    ("auth_file: secrets/auth.json", "token: {github: x}"),
)


def test_what_is_wrong_is_said_at_its_line_and_no_secret_is_repeated(tmp_path: Path, golden: Any) -> None:
    told = []
    for old, new in WRONG:
        assert old in GOOD, old
        text = "\n".join(problems(tmp_path, GOOD.replace(old, new, 1)))
        told.append(f"# {new.strip() if 'AKIA' not in new and 'q83' not in new else '(a key)'}\n{text}\n")
    text = "\n".join(told)
    for secret in ("topsecret", "pw1", "AKIA", "EXAMPLEKEY", "q83v"):
        assert secret not in "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    golden("data/unusable.txt", text)


ODD = ("", "~", "[]", "{}", "-1", "0", "true", "1e9", '"\\0"', "é", "!x y", "*a", "{a: {b: [c]}}", '"://:@"', "9" * 30)


@given(st.integers(0, GOOD.count("\n") - 1), st.sampled_from(ODD), st.integers(0, GOOD.count("\n") - 1))
def test_a_file_with_odd_values_is_settings_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, at: int, odd: str, without: int
) -> None:
    lines = GOOD.splitlines()
    lines[at] = f"{lines[at].partition(':')[0]}: {odd}"
    del lines[without]
    with suppress(ConfigError):
        load(tmp_path_factory.getbasetemp(), "\n".join(lines))


def test_nobody_to_ask_is_said(tmp_path: Path) -> None:
    assert problems(tmp_path, "gpfs: {file_system: fs1}\n") == [
        "1: gpfs: expected at least one of listing, guis and commands, found none: nobody could be asked"
    ]
    assert problems(tmp_path, "") != []


def test_a_folder_without_the_file_is_told_what_one_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_data(tmp_path / "data.yaml")
    assert caught.value.message == f"{tmp_path / 'data.yaml'}: cannot be read: No such file or directory"
    assert caught.value.hint == "expected a data.yaml; docs/data.md says what is in it, examples/site has one"


def test_a_path_is_no_secret_however_long(tmp_path: Path) -> None:
    path = "/etc/keys/" + "a" * 30
    assert load(tmp_path, GOOD.replace("/etc/keys/wucci", path)).afm == Afm(
        filesets={"wucci": "wucci_cos"}, key_files={"wustl-ris-wucci-0a1b2c": path}, gbit_per_s=1.5
    )


def test_the_example_is_good_and_so_is_what_it_has_as_remarks(example_site: Path, tmp_path: Path) -> None:
    example = example_site / "data.yaml"
    assert load_data(example).globus is None
    lines = example.read_text(encoding="utf-8").splitlines()
    parts = [
        line.removeprefix("# ") if line.startswith(("#  ", "# globus", "# data", "# mount")) else line for line in lines
    ]
    whole = load(
        tmp_path, "\n".join(line.replace("  # ", "  ", 1) if line.startswith("  # ") else line for line in parts)
    )
    assert whole.globus
    assert whole.datasync
    assert whole.mounted
    assert whole.gpfs.cache == "cache1"
