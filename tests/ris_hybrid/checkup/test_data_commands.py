"""What a check-up makes of GPFS's commands, as they were captured."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onprem.gpfs.asking import Asking
from onprem.gpfs.state import GpfsState, allowed
from onprem.shell import Completed, ReplayShell
from ris_hybrid.checkup import data_commands
from ris_hybrid.data.settings import DataSettings, Gpfs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.checkup.finding import Finding

CAPTURED = Path(__file__).parents[2] / "golden" / "gpfs"
SETTINGS = DataSettings(gpfs=Gpfs(file_system="rdcw-fs1", cache="cache1-fs1", commands=True))
COMMANDS = {
    "mmgetstate -a -Y": "mmgetstate",
    "mmhealth node show -Y": "mmhealth-new",
    "mmlsfs rdcw-fs1 -Y": "mmlsfs",
    "mmafmctl cache1-fs1 getstate": "getstate",
    "mmdf rdcw-fs1 -Y": "mmdf",
}


def text_of(name: str) -> str:
    return (CAPTURED / f"{name}.txt").read_text(encoding="utf-8")


def found(changes: Mapping[str, str] | None = None, *, space: bool = True, caches: bool = True) -> dict[str, Finding]:
    texts = {command: text_of(name) for command, name in COMMANDS.items()} | dict(changes or {})
    answers = {tuple(words.split()): Completed(rc=0, stdout=text) for words, text in texts.items() if text}
    state = GpfsState(Asking(shell=ReplayShell(answers=answers)))
    asked = data_commands.questions(SETTINGS, state, caches_too=caches, space=space)
    told = [finding for question in asked for finding in question.ask()]
    assert len({one.name for one in told}) == len(told)
    return {one.name: one for one in told}


def test_what_is_found_in_captured_texts(golden: Callable[[str, str], None]) -> None:
    golden("doctor/gpfs_commands.json", json.dumps([asdict(one) for one in found().values()], indent=1) + "\n")


def test_a_command_that_fails_keeps_no_other_from_being_asked() -> None:
    told = found({"mmhealth node show -Y": ""})
    assert (told["mmhealth"].ok, told["mmhealth"].needed) == (False, True)
    assert {"GPFS nodes", "access lists of rdcw-fs1", "room of rdcw-fs1"} <= set(told)


def test_room_is_asked_for_on_demand_and_caches_where_rest_was_not() -> None:
    told = found({"mmdf rdcw-fs1 -Y": "", "mmafmctl cache1-fs1 getstate": ""}, space=False, caches=False)
    assert not {"mmdf", "mmafmctl", "AFM caches of cache1-fs1"} & set(told)


def test_all_well_is_said_in_few_words() -> None:
    states = text_of("mmgetstate").replace(":down:", ":active:").replace(":unknown:", ":active:")
    health = text_of("mmhealth-new").replace(":DEGRADED:", ":HEALTHY:")
    told = found({"mmgetstate -a -Y": states, "mmhealth node show -Y": health})
    assert (told["GPFS nodes"].ok, told["GPFS nodes"].text) == (True, "3, all active")
    assert (told["GPFS health of this node"].ok, told["GPFS health of this node"].text) == (True, "2 components")


def test_without_half_of_the_quorum_nothing_would_work() -> None:
    assert found()["GPFS nodes"].needed  # one of two quorum nodes is down
    one_more = text_of("mmgetstate") + text_of("mmgetstate").splitlines()[1].replace("nsd1", "nsd3") + "\n"
    assert not found({"mmgetstate -a -Y": one_more})["GPFS nodes"].needed


def test_what_failed_is_needed_and_why_is_not_always_told() -> None:
    health = text_of("mmhealth-new").replace(":DEGRADED:", ":FAILED:").replace("afm_cache_disconnected:", ":", 1)
    lines = [line for line in health.splitlines() if "Cache fileset" not in line]
    told = found({"mmhealth node show -Y": "\n".join(lines) + "\n"})["GPFS health of this node"]
    assert (told.needed, told.text.endswith("FAILED: no event tells why")) == (True, True)


@pytest.mark.parametrize(("setting", "name"), [("nfs4", "access lists"), ("user;group;fileset", "quotas")])
def test_settings_that_our_work_needs(setting: str, name: str) -> None:
    assert found()[f"{name} of rdcw-fs1"].ok
    told = found({"mmlsfs rdcw-fs1 -Y": text_of("mmlsfs").replace(setting, "posix")})[f"{name} of rdcw-fs1"]
    assert (told.ok, told.needed) == (False, False)


@pytest.mark.parametrize(("free", "ok"), [("6413190656", True), ("64131906", False), ("-", False)])
def test_a_full_file_system_takes_no_results(free: str, ok: bool) -> None:
    full = text_of("mmdf").replace("47538241536:6413190656", f"47538241536:{free}")
    told = found({"mmdf rdcw-fs1 -Y": full})["room of rdcw-fs1"]
    assert (told.ok, told.needed) == (ok, True)


def test_a_pool_without_disks_has_no_room_to_speak_of() -> None:
    none = text_of("mmdf").replace(":system:771751936:320274944:", ":system:0:0:")
    assert "room of rdcw-fs1 pool system" not in found({"mmdf rdcw-fs1 -Y": none})


def test_inodes_run_out_too() -> None:
    limit = text_of("mmdf").replace(":493862400:-:", ":493862400:440000000:")
    told = found({"mmdf rdcw-fs1 -Y": limit})["inodes of rdcw-fs1"]
    assert (told.ok, told.text) == (False, "98% of 440,000,000 used")
    assert "inodes of rdcw-fs1" not in found()  # no limit is told


def test_sudoers_is_told_the_same_words() -> None:
    asked = {f"/usr/lpp/mmfs/bin/{words}" for words in COMMANDS if "mmafmctl" not in words}
    assert set(allowed(["rdcw-fs1"])) == asked
