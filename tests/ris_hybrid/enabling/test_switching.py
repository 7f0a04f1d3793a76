"""Switching on and off, ended after any write: the next run completes it, and nothing is half written."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import JSONFileLoader

from burst.shapes import with_shapes
from onprem.lsf.conf import batch, places
from onprem.shell import Completed, ReplayShell
from ris_hybrid.cli.burst_site import load_settings
from ris_hybrid.enabling import planning, switching
from ris_hybrid.enabling.files import Change, make
from ris_hybrid.enabling.parts import Options
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.settings import Pool

if TYPE_CHECKING:
    from collections.abc import Iterator

MASTER = Path(__file__).parents[2] / "journeys" / "master"
OPTIONS = Options(hook="/opt/ris/bin/ris-hybrid-rc", addresses="10.8.*.*", replace=frozenset({"RC_HOSTS"}))
ASKED = [(name, *words) for name in ("lsadmin", "badmin") for words in (("-V",), ("ckconfig", "-v"))]


def texts(top: Path) -> dict[str, str]:
    return {str(path.relative_to(top)): path.read_text() for path in sorted(top.rglob("*")) if path.is_file()}


class Master:
    def __init__(self, folder: Path) -> None:
        shutil.copytree(MASTER, folder)
        self.top = folder / "lsf"
        conf = self.top / "conf" / "lsf.conf"
        conf.write_text(conf.read_text().replace("TOP", str(self.top)))
        self.settings = load_settings(folder / "burst.yaml")
        self.shell = ReplayShell(answers={argv: Completed(rc=0) for argv in ASKED})

    def on(self) -> planning.Plan:
        return planning.enabling(self.settings, self.files(), OPTIONS)

    def off(self) -> planning.Plan:
        return planning.disabling("ris-aws", self.files())

    def files(self) -> places.LsfFiles:
        return places.find(self.top / "conf", "c1")


@pytest.fixture(autouse=True, scope="module")
def botocore_read_once() -> Iterator[None]:
    """Each switching on cuts botocore's description, some megabytes of JSON: here it is read once, not sixty times."""
    read = cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, file_path: read(file_path))
        yield


@pytest.fixture
def master(tmp_path: Path) -> Master:
    return Master(tmp_path / "site")


def test_a_site_whose_pools_are_all_in_another_cloud_needs_nothing_of_ec2(master: Master) -> None:
    own = SecondCloud(name="research", driver="openstack", project="ris", auth_url="https://k", prices={"large": 0.2})
    pool = Pool(
        name="campus",
        provider="libcloud",
        instance_types=("large",),
        image="lsf-node",
        networks=("hpc",),
        slots=8,
        memory_mib=15000,
        max_nodes=4,
        queues=("general",),
    )
    assert master.on().cut is not None
    master.settings = with_shapes(replace(master.settings, pools=(pool,), clouds=(own,), region=""))
    plan = master.on()
    assert plan.cut is None
    (ours,) = [change.new for change in plan.changes if change.path.name == "ris-provider.json"]
    assert '"templateId": "campus"' in str(ours)
    assert master.top / "conf" / "lsbatch" / "c1" / "configdir" / "lsb.queues" in {one.path for one in plan.changes}


def test_a_run_that_ended_after_any_write_is_completed_by_the_next(tmp_path: Path) -> None:
    whole = Master(tmp_path / "whole")
    before = texts(whole.top)
    plan = whole.on()
    number = len(list(switching.writes(plan)))
    switching.switch_on(plan, whole.shell)
    on = {name: text.replace(str(whole.top), "TOP") for name, text in texts(whole.top).items()}
    assert number > 20
    for done in range(number):
        one = Master(tmp_path / f"after-{done}")
        for change in list(switching.writes(one.on()))[:done]:
            make(change)
        switching.switch_on(one.on(), one.shell)
        now = {name: text.replace(str(one.top), "TOP") for name, text in texts(one.top).items()}
        assert {name for name in now if "backup/" not in name} == {name for name in on if "backup/" not in name}
        assert all(text == on[name] for name, text in now.items() if "backup/" not in name)
        assert one.on().changes == ()
        switching.switch_off(one.off(), one.shell)
        assert {name: text.replace(str(one.top), str(whole.top)) for name, text in texts(one.top).items()} == before


def test_switching_off_that_ended_after_any_write_is_completed_by_the_next(tmp_path: Path) -> None:
    one = Master(tmp_path / "site")
    before = texts(one.top)
    switching.switch_on(one.on(), one.shell)
    number = len(one.off().changes)
    for done in range(number):
        for change in one.off().changes[:done]:
            make(change)
        switching.switch_off(one.off(), one.shell)
        assert texts(one.top) == before
        switching.switch_on(one.on(), one.shell)


def test_after_a_half_done_run_and_another_burst_yaml_all_lines_are_found_again(master: Master) -> None:
    before = texts(master.top)
    switching.switch_on(master.on(), master.shell)
    yaml = master.top.parent / "burst.yaml"
    yaml.write_text(yaml.read_text().replace("lifetime_hours: 24", "lifetime_hours: 48"))
    master.settings = load_settings(yaml)
    for change in list(switching.writes(master.on()))[:-1]:
        if change.path.name != "lsf.conf":
            make(change)
    switching.switch_off(master.off(), master.shell)
    assert texts(master.top) == before


PLANNED = {
    "queue": "mode: planned\nplanner: {steering: {queues: {general: general-burst, wucci: wucci-burst}}}\n",
    "flag": "mode: planned\nplanner: {steering: {way: flag}}\n",
}


@pytest.mark.parametrize("way", PLANNED)
def test_burst_queues_and_the_flag_come_and_go_whatever_was_there_before(master: Master, way: str) -> None:
    before = texts(master.top)
    switching.switch_on(master.on(), master.shell)
    yaml = master.top.parent / "burst.yaml"
    yaml.write_text(yaml.read_text() + PLANNED[way])
    master.settings = load_settings(yaml)
    switching.switch_on(master.on(), master.shell)
    files = master.files()
    queues = batch.queues(files.queues.read_text(), "lsb.queues")
    borrowing = {name: section.value("RC_HOSTS") for name, section in queues.items()}
    if way == "queue":
        assert borrowing == {
            "general": None,
            "general-burst": "awshost",
            "wucci": "none",
            "wucci-burst": "awshost",
        }
        assert queues["general-burst"].value("HOSTS") == queues["general"].value("HOSTS")
    else:
        assert borrowing == {"general": "awshost", "wucci": "awshost"}
        assert "risburst" in files.shared.read_text()
    assert master.on().changes == ()
    switching.switch_off(master.off(), master.shell)
    assert texts(master.top) == before


def test_a_file_that_changed_since_it_was_read_is_left_alone(master: Master) -> None:
    before = texts(master.top)
    plan = master.on()
    path = master.top / "conf" / "lsf.conf"
    path.write_text(path.read_text() + "# by somebody else\n")
    with pytest.raises(SiteUnavailable, match="was changed by somebody else just now") as caught:
        switching.switch_on(plan, master.shell)
    assert caught.value.hint.startswith("every file is as it was")
    assert texts(master.top) == {**before, "conf/lsf.conf": path.read_text()}


def test_owner_mode_and_links_stay(master: Master) -> None:
    path = master.top / "conf" / "lsf.conf"
    elsewhere = master.top / "lsf.conf.shared"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    elsewhere.chmod(0o640)
    switching.switch_on(master.on(), master.shell)
    assert path.is_symlink()
    assert elsewhere.stat().st_mode & 0o777 == 0o640
    assert "LSB_RC_EXTERNAL_HOST_FLAG" in elsewhere.read_text()


def test_bytes_that_are_no_utf8_come_through(master: Master) -> None:
    path = master.top / "conf" / "lsf.conf"
    path.write_bytes(path.read_bytes() + b"# \xe9\r\n")
    before = path.read_bytes()
    switching.switch_on(master.on(), master.shell)
    assert before in path.read_bytes()
    switching.switch_off(master.off(), master.shell)
    assert path.read_bytes() == before


def test_an_edited_script_is_kept_and_told(master: Master) -> None:
    switching.switch_on(master.on(), master.shell)
    script = master.top / "conf" / "resource_connector" / "ris-aws" / "scripts" / "requestMachines.sh"
    edited = script.read_text().replace("\nexec", "\nexport https_proxy=http://proxy:3128\nexec")
    script.write_text(edited)
    plan = master.on()
    assert plan.changes == ()
    assert any("requestMachines.sh: kept 'an edited script'" in text for text in plan.kept)
    switching.switch_off(master.off(), master.shell)
    assert script.read_text() == edited


def test_a_folder_with_scripts_of_another_provider_is_not_touched(master: Master) -> None:
    script = master.top / "conf" / "resource_connector" / "ris-aws" / "scripts" / "requestMachines.sh"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\npython3 awsprov.py\n")
    with pytest.raises(ConfigError, match="is a script of another provider"):
        master.on()


def test_what_may_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        make(Change(path=tmp_path / "file" / "below", old=None, new="x"))


def test_a_record_that_is_none_is_told(master: Master) -> None:
    switching.switch_on(master.on(), master.shell)
    folder = master.top / "conf" / "resource_connector" / "ris-aws" / "backup"
    (manifest,) = folder.glob("manifest.json")
    manifest.write_text("{}")
    with pytest.raises(ConfigError, match="is not a record of ours"):
        master.off()


def test_what_is_missing_and_not_written_on_our_own_is_told(master: Master, make: Any) -> None:
    anywhere = make.settings(provider="ris-aws", pools=(make.pool(),))
    plan = planning.enabling(anywhere, master.files(), Options(hook="/x"))
    assert [text.split(": ")[1].split(" ")[0] for text in plan.lacking] == ["LSF_HOST_ADDR_RANGE", "pool"]
