from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from onprem.gpfs.afm_mover import AfmMover
from ris_hybrid import data_wiring
from ris_hybrid.data.scale import Acl, CacheState, ScaleFileset, ScaleListing
from ris_hybrid.data.settings import Afm, DataSettings, Gpfs
from ris_hybrid.data.values import Move, MoveItem
from ris_hybrid.errors import ConfigError, Refused, SiteUnavailable

if TYPE_CHECKING:
    from pathlib import Path

LANDING = ScaleFileset(
    file_system="fs1",
    name="lee_landing",
    path="/storage1/fs1/lee/Active/landing",
    status="Linked",
    afm_mode="independent-writer",
    afm_target="https://s3.us-east-1.amazonaws.com:443/lee-data",
)


class Site:
    """A ``Scale`` with one landing fileset whose queue stands as the test says."""

    def __init__(self, fileset: ScaleFileset = LANDING, health: Any = "clean") -> None:
        self.fileset, self.health = fileset, health

    def listing(self) -> ScaleListing:
        whole = replace(LANDING, name="lee_active", path="/storage1/fs1/lee/Active", afm_mode="", afm_target="")
        return ScaleListing(filesets=(whole, self.fileset, replace(self.fileset, file_system="fs2")))

    def cache(self, file_system: str, fileset: str) -> CacheState:
        if (file_system, fileset) != ("fs1", self.fileset.name):
            raise SiteUnavailable("no such fileset")
        return CacheState(file_system=file_system, fileset=fileset, health=self.health, state="S", reason="its reason")

    def acl(self, path: str) -> Acl:
        raise AssertionError(path)


def mover(site: Site) -> AfmMover:
    return AfmMover(site, Afm(filesets={"lee": "lee_landing"}), "fs1")


def move(**fields: Any) -> Move:
    plain = Move(
        move_id="m-1",
        direction="in",
        data_class="internal",
        site_path="/storage1/fs1/lee/Active/landing/run1",
        bucket="lee-data",
        prefix="landing/run1/",
        items=(MoveItem("a", 5),),
        deadline=0.0,
        label="x",
    )
    return replace(plain, **fields)


@pytest.mark.parametrize(
    ("health", "state", "reason"),
    [
        ("clean", "done", ""),
        ("busy", "moving", "its reason"),
        ("broken", "failed", "its reason"),
        ("none", "failed", "its reason"),
        ("unknown", "moving", "its reason"),
    ],
)
def test_a_fileset_that_writes_by_itself_is_as_its_queue_stands(health: str, state: str, reason: str) -> None:
    afm = mover(Site(health=health))
    task = afm.submit(move(), afm.token(move()))
    assert afm.submit(move(), afm.token(move())) == task
    seen = afm.look(task)
    assert (seen.state, seen.reason) == (state, reason)


def test_it_is_made_of_data_yaml(tmp_path: Path) -> None:
    plain = DataSettings(gpfs=Gpfs(file_system="fs1", listing="listing"))
    with pytest.raises(ConfigError, match="no part afm"):
        data_wiring.afm_mover(plain, tmp_path)
    made = data_wiring.afm_mover(replace(plain, afm=Afm(filesets={"lee": "lee_landing"})), tmp_path)
    assert made.token(move()) == "m-1"


def test_a_task_of_another_mover_is_unknown() -> None:
    assert mover(Site()).look("arn:aws:datasync:1").state == "unknown"


@pytest.mark.parametrize(
    ("fileset", "wanted", "words", "hint"),
    [
        (LANDING, move(data_class="phi"), "PHI", "another way"),
        (LANDING, move(site_path="/storage1/fs1/lee/Active/other"), "in no fileset", "copy it there"),
        (LANDING, move(site_path="/storage1/fs1/lee/Active/landing2"), "in no fileset", "copy it there"),
        (LANDING, move(bucket="wu-data"), "bucket wu-data", "gpfs show"),
        (
            LANDING,
            move(direction="out"),
            "engineer's command",
            "mmafmcosctl fs1 lee_landing /storage1/fs1/lee/Active/landing download --object-list FILE --wait",
        ),
        (
            replace(LANDING, afm_mode="manual-updates"),
            move(),
            "when it is told to",
            "mmafmcosctl fs1 lee_landing /storage1/fs1/lee/Active/landing upload --object-list FILE --wait",
        ),
    ],
)
def test_what_only_an_engineer_can_do_is_refused_with_the_command(
    fileset: ScaleFileset, wanted: Move, words: str, hint: str
) -> None:
    afm = mover(Site(fileset))
    with pytest.raises(Refused, match=words) as caught:
        afm.submit(wanted, afm.token(wanted))
    assert hint in caught.value.hint
