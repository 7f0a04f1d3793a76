"""Jobs: how long they are waited for, how they end, and what is looked at again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from onprem.gpfs.rest_dry_run import DryRun
from onprem.gpfs.rest_writes import GpfsRestWrites
from ris_hybrid.data.scale import CosRelation, FilesetWanted
from ris_hybrid.errors import ConfigError, Refused, RisHybridError, SiteUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.onprem.gpfs_rest.conftest import World

GIB = 1024**3
WANTED = FilesetWanted(file_system="fs1", name="new_active", path="/fs1/new")


def relation(key_file: Path, **fields: Any) -> CosRelation:
    plain = CosRelation(
        file_system="fs1",
        fileset="landing",
        bucket="lee-bucket",
        endpoint="https://s3.us-east-1.amazonaws.com",
        mode="sw",
        prefix="",
        key_file=str(key_file),
    )
    return replace(plain, **fields)


def test_a_job_is_looked_at_after_2_4_8_16_and_16_seconds(world: World) -> None:
    world.cluster.script.polls = 6
    assert world.writes().create_fileset(WANTED).outcome == "created"
    assert world.waits == [2, 4, 8, 16, 16, 16]


def test_a_job_without_end_is_unknown(world: World) -> None:
    world.cluster.script.polls = 10_000
    with pytest.raises(SiteUnavailable, match="has not ended"):
        world.writes().create_fileset(WANTED)
    assert 800 < sum(world.waits) < 1000


def test_a_gui_that_starts_again_does_not_end_the_waiting(world: World) -> None:
    writes = world.writes()
    world.cluster.script.polls = 3
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        world.cluster.script.statuses = [503] if len(waited) == 2 else []

    assert GpfsRestWrites(world.http(), wait=wait).set_quota("fs1", "lee_active", GIB).outcome == "changed"
    assert waited == [2, 4, 8, 16]
    assert writes.set_quota("fs1", "lee_active", GIB).outcome == "unchanged"


def test_what_failed_says_the_first_line_and_the_code(world: World) -> None:
    world.cluster.script.fail_jobs = [("EFSSG0632C", "Command aborted.\nmore of it")]
    with pytest.raises(Refused, match="EFSSG0632C Command aborted") as caught:
        world.writes().create_fileset(WANTED)
    assert caught.value.code == "EFSSG0632C"
    assert "aborted on the cluster" in caught.value.hint


def test_a_group_that_the_directory_has_not_sent_yet_is_a_matter_of_time(world: World) -> None:
    world.cluster.script.fail_jobs = [("EFSSP0010C", "CLI parser: The group storage-x does not exist.")]
    with pytest.raises(Refused) as caught:
        world.writes().create_fileset(replace(WANTED, owner="root:storage-x"))
    assert "try again later" in caught.value.hint


def test_a_fileset_that_somebody_made_meanwhile_is_verified(world: World) -> None:
    world.cluster.script.fail_jobs = [("EFSSP1102C", "The fileset new_active already exists.")]
    world.waits = _Then(lambda: world.of.fileset("new_active") or world.of.add("new_active", "/fs1/new"))
    assert world.writes().create_fileset(WANTED).outcome == "unchanged"


def test_a_fileset_that_somebody_made_elsewhere_is_refused(world: World) -> None:
    world.cluster.script.fail_jobs = [("EFSSP1102C", "The fileset new_active already exists.")]
    world.waits = _Then(lambda: world.of.add("new_active", "/fs1/elsewhere"))
    with pytest.raises(Refused, match="/fs1/elsewhere"):
        world.writes().create_fileset(WANTED)


def test_a_job_that_got_lost_is_looked_for_in_the_thing_itself(world: World, key_file: Path) -> None:
    world.cluster.script.lose_jobs = 1
    assert world.writes().create_fileset(WANTED).outcome == "created"
    world.cluster.script.lose_jobs = 1
    assert world.writes().set_quota("fs1", "lee_active", GIB).outcome == "changed"
    world.cluster.script.lose_jobs = 1
    with pytest.raises(SiteUnavailable, match="keys of bucket lee-bucket"):
        world.writes().relate(relation(key_file))


def test_a_job_that_got_lost_with_its_work_is_unknown(world: World) -> None:
    world.cluster.script.lose_jobs = 1
    world.cluster.script.fail_jobs = [("EFSSG0001C", "lost")]
    with pytest.raises(SiteUnavailable, match="whether fileset new_active was created is not known"):
        world.writes().create_fileset(WANTED)
    world.cluster.script.lose_jobs = 1
    world.cluster.script.fail_jobs = [("EFSSG0001C", "lost")]
    with pytest.raises(SiteUnavailable, match="whether the quota of lee_active was set"):
        world.writes().set_quota("fs1", "lee_active", GIB)


def test_the_gui_is_told_to_look_again(world: World) -> None:
    world.writes().create_fileset(WANTED)
    assert world.cluster.refreshed == ["FILESETS"]


def test_a_relation_sets_keys_then_mapping_then_fileset(world: World, key_file: Path) -> None:
    assert world.writes().relate(relation(key_file)).outcome == "created"
    changes = [call for call in world.cluster.calls if not call.startswith("GET")]
    assert changes == [
        "PUT bucket/keys",
        "POST nodes/afm/mapping",
        "POST filesystems/fs1/filesets/cos",
        "POST refreshTask/enqueue",
    ]
    assert world.cluster.mappings == {"risleebucket": ["s3.us-east-1.amazonaws.com/gateway1"]}
    made = world.of.fileset("landing")
    assert made
    assert (made.afm_mode, made.afm_target) == ("single-writer", "https://risleebucket:443/lee-bucket")


def test_a_relation_whose_last_job_got_lost_is_looked_for(world: World, key_file: Path) -> None:
    world.cluster.script.lose_after = 2
    assert world.writes().relate(relation(key_file)).outcome == "created"


def test_a_relation_that_got_lost_with_its_work_is_unknown(world: World, key_file: Path) -> None:
    world.writes().renew_keys("lee-bucket", "https://s3.us-east-1.amazonaws.com", key_file)
    world.cluster.mappings["risleebucket"] = ["s3.us-east-1.amazonaws.com/gateway1"]
    writes = world.writes()
    world.cluster.script.lose_after = 1
    world.waits = _Then(lambda: world.cluster.script.fail_jobs.append(("EFSSG0001C", "lost")))
    with pytest.raises(SiteUnavailable, match="whether landing was related"):
        GpfsRestWrites(world.http(), wait=world.waits.append).relate(relation(key_file))
    assert writes.relate(relation(key_file)).outcome == "created"


def test_keys_are_renewed_without_touching_the_fileset(world: World, key_file: Path) -> None:
    world.cluster.script.polls = 0
    assert world.writes().renew_keys("lee-bucket", "https://s3.us-east-1.amazonaws.com", key_file).outcome == "changed"
    assert world.cluster.calls == ["PUT bucket/keys"]
    with pytest.raises(ConfigError, match="expected https"):
        world.writes().renew_keys("lee-bucket", "s3", key_file)


def test_a_mapping_that_is_there_is_kept(world: World, key_file: Path) -> None:
    world.writes().relate(relation(key_file))
    world.of.filesets.pop()
    world.cluster.calls.clear()
    assert world.writes().relate(relation(key_file)).outcome == "created"
    assert "POST nodes/afm/mapping" not in world.cluster.calls


def test_a_mapping_of_that_name_to_another_server_is_left_alone(world: World, key_file: Path) -> None:
    world.cluster.mappings["risleebucket"] = ["cos.example.org/gateway1"]
    with pytest.raises(Refused, match=r"does not serve s3.us-east-1.amazonaws.com: cos.example.org"):
        world.writes().relate(relation(key_file))
    assert world.of.fileset("landing") is None


def test_a_mapping_whose_job_got_lost_is_unknown(world: World, key_file: Path) -> None:
    writes = world.writes()
    world.cluster.script.polls = 0

    def lose(_seconds: float) -> None:
        raise AssertionError("nothing is waited for")

    world.cluster.script.lose_after = 1
    with pytest.raises(SiteUnavailable, match="mapping risleebucket"):
        GpfsRestWrites(world.http(), wait=lose).relate(relation(key_file))
    assert writes.relate(relation(key_file)).outcome == "created"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"endpoint": "s3.amazonaws.com"}, "expected https"),
        ({"endpoint": "http://s3.example.org"}, "without TLS"),
        ({"prefix": "Active/"}, "not to a prefix"),
    ],
)
def test_what_rest_cannot_relate_is_refused_before_anything_is_done(
    world: World, key_file: Path, fields: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        world.writes().relate(relation(key_file, **fields))
    assert world.cluster.calls == []


def test_keys_that_others_may_read_are_not_used(world: World, key_file: Path) -> None:
    key_file.chmod(0o640)
    with pytest.raises(ConfigError, match="0640"):
        world.writes().relate(relation(key_file))
    assert not any(call.startswith("PUT") for call in world.cluster.calls)


def test_without_a_gateway_nothing_is_related(world: World, key_file: Path) -> None:
    world.cluster.gateways = []
    with pytest.raises(Refused, match="no AFM gateway"):
        world.writes().relate(relation(key_file))


def test_a_release_without_the_calls_is_said(world: World, key_file: Path) -> None:
    world.cluster.paths = ("/filesystems", "/info", "/bucket/keys")
    with pytest.raises(Refused, match="does not offer nodes/afm/mapping, filesets/cos"):
        world.writes().relate(relation(key_file))


def test_a_rehearsal_sends_nothing_and_shows_everything_but_secrets(world: World, key_file: Path, golden: Any) -> None:
    told: list[str] = []
    writes = GpfsRestWrites(DryRun(world.http(), told.append), wait=world.waits.append)
    writes.create_fileset(WANTED)
    writes.set_quota("fs1", "lee_active", 25 * 1024 * GIB)
    writes.relate(relation(key_file))
    assert all(call.startswith("GET") for call in world.cluster.calls)
    golden("scale/rehearsal.txt", "\n".join(told) + "\n")


def test_keys_are_in_no_error_whatever_a_job_repeats(world: World, key_file: Path) -> None:
    echoes = [
        'accessKey="AKIAEXAMPLE" secretKey="topsecretvalue" were refused',
        "mmafmcoskeys lee-bucket:s3 set AKIAEXAMPLE topsecretvalue: no",
        "the pair AKIAEXAMPLE/topsecretvalue is wrong",
    ]
    for echo in echoes:
        world.cluster.script.fail_jobs = [("EFSSG0019C", echo)]
        with pytest.raises(RisHybridError) as caught:
            world.writes().relate(relation(key_file))
        text = f"{caught.value!r} {caught.value.message} {caught.value.hint} {caught.value.__context__!r}"
        assert "AKIAEXAMPLE" not in text
        assert "topsecretvalue" not in text


class _Then(list[float]):
    """Waits, at the first of which something happens."""

    def __init__(self, happens: Any) -> None:
        super().__init__()
        self._happens = happens

    def append(self, seconds: float) -> None:
        if not self:
            self._happens()
        super().append(seconds)
