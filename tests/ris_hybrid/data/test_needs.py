from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.data.needs import JobNeeds, Need, needs_of
from ris_hybrid.data.paths_in_text import paths_in
from ris_hybrid.data.places import NoPlace, Roots, directories_of, place
from ris_hybrid.data.values import Dataset
from ris_hybrid.data.volumes import Volume, at_site, volumes
from ris_hybrid.job_ask import JobAsk

ROOTS = ("/storage1/fs1", "/cache1/fs1")
DIRECTORIES = {"wucci": "wucci", "lee_lab": "lee"}
ACTIVE = "/storage1/fs1/wucci/Active"


def needs(**fields: Any) -> JobNeeds:
    plain: dict[str, Any] = {"cwd": "/home/ann", "command": "", "description": "", "volumes": ""}
    ask = JobAsk(job_id="7", user="ann", lab="lee", queue="general", **(plain | fields))
    return needs_of(ask, ROOTS, DIRECTORIES)


def told(found: tuple[Need, ...]) -> list[str]:
    return [f"{need.dataset} {need.source}{' ?' if need.maybe_file else ''}" for need in found]


@pytest.mark.parametrize(
    ("fields", "reads", "writes"),
    [
        ({}, [], []),
        ({"cwd": f"{ACTIVE}/run1"}, ["wucci:Active/run1 cwd"], ["wucci:Active/run1 cwd"]),
        ({"cwd": "/cache1/fs1/wucci/Active//run1/"}, ["wucci:Active/run1 cwd"], ["wucci:Active/run1 cwd"]),
        ({"cwd": "$HOME/x"}, [], []),
        ({"cwd": None, "command": None, "description": None, "volumes": None}, [], []),
        ({"volumes": f"{ACTIVE}:{ACTIVE}"}, ["wucci:Active volume"], ["wucci:Active volume"]),
        ({"volumes": f"{ACTIVE}/:/data/:ro"}, ["wucci:Active volume"], []),
        (
            {"volumes": f"/home/ann:/home/ann \\\n  {ACTIVE}/a/:/in:ro {ACTIVE}/b:/out:rw"},
            ["wucci:Active/a volume", "wucci:Active/b volume"],
            ["wucci:Active/b volume"],
        ),
        ({"command": f"cat {ACTIVE}/x.txt > out"}, ["wucci:Active/x.txt command ?"], []),
        ({"command": f"cat {ACTIVE}/x/*.fq /storage1/fs1/lee_lab/"}, ["lee:/ command", "wucci:Active/x command"], []),
        (
            {"command": "run --in=/in/x/ /in/y", "volumes": f"{ACTIVE}/a:/in:ro /home:/home", "cwd": "/in"},
            ["wucci:Active/a volume"],
            [],
        ),
        ({"description": f"data={ACTIVE}/a,{ACTIVE}/b"}, ["wucci:Active/a data= ?", "wucci:Active/b data= ?"], []),
        ({"description": f"data='{ACTIVE}/TRIAL A, x' for ann"}, ["wucci:Active/TRIAL A, x data= ?"], []),
        (
            {"description": f"x data={ACTIVE}/a results={ACTIVE}/out", "cwd": ACTIVE, "command": f"ls {ACTIVE}"},
            ["wucci:Active/a data= ?"],
            ["wucci:Active/out results= ?"],
        ),
        (
            {"description": f"results={ACTIVE}/out", "cwd": ACTIVE},
            ["wucci:Active cwd"],
            ["wucci:Active/out results= ?"],
        ),
        ({"description": f"data={ACTIVE}/a", "cwd": f"{ACTIVE}/b"}, ["wucci:Active/a data= ?"], ["wucci:Active/b cwd"]),
        ({"description": f"metadata={ACTIVE}/a"}, [], []),
        (
            {"description": f"data=\"{ACTIVE}/a b\",{ACTIVE}/c,'{ACTIVE}/d,e'"},
            ["wucci:Active/a b data= ?", "wucci:Active/c data= ?", "wucci:Active/d,e data= ?"],
            [],
        ),
        (
            {"cwd": f"{ACTIVE}/a/b", "command": "../run.sh --in=../../c/*.bam ./d/../e > x..y"},
            ["wucci:Active/a/b cwd", "wucci:Active/a/run.sh command ?", "wucci:Active/c command ?"],
            ["wucci:Active/a/b cwd"],
        ),
        ({"description": "data=none results=none", "cwd": ACTIVE}, [], []),
        ({"cwd": ACTIVE, "command": f"ls {ACTIVE}/a"}, ["wucci:Active cwd"], ["wucci:Active cwd"]),
    ],
)
def test_what_a_job_reads_and_writes(fields: dict[str, Any], reads: list[str], writes: list[str]) -> None:
    found = needs(**fields)
    assert (told(found.reads), told(found.writes), found.strange) == (reads, writes, ())


def test_needing_nothing_is_not_the_same_as_saying_nothing() -> None:
    assert needs(description="data=none").none
    assert needs(description="data=none").said
    assert not needs(description="results=none", cwd=ACTIVE).said
    assert needs(description="data=none").found
    assert not needs().found
    assert not needs(description=f"data=none data={ACTIVE}").none


def test_what_the_scheduler_did_not_print_is_said() -> None:
    assert needs(cwd=None, command=None).not_printed == ("where it was submitted from", "its command")


def test_a_container_whose_volumes_are_not_told_may_read_anything() -> None:
    untold = "what its container is given"
    assert needs(esub="docker(ubuntu)", cwd=ACTIVE, command="run /data/x", volumes=None).not_printed == (untold,)
    assert needs(esub="docker", volumes=None).not_printed == (untold,)
    assert needs(esub="docker(ubuntu)", volumes="").not_printed == ()
    assert needs(esub="openmpi", volumes=None).not_printed == needs(esub=None, volumes=None).not_printed == ()


def test_paths_that_should_be_an_allocation_and_are_not_are_strange() -> None:
    assert needs(cwd="/storage1/fs1/other/Active").strange == (
        "cwd /storage1/fs1/other/Active: no allocation other is mirrored",
    )
    assert needs(volumes="/storage1/fs1:/storage1/fs1").strange == (
        "volume /storage1/fs1: all of /storage1/fs1: name the allocation",
    )
    assert needs(volumes="/storage1:/storage1:ro").strange == (
        "volume /storage1: all of /storage1/fs1, and more: name the allocation",
    )
    assert needs(description="data=reads/a results=/home/ann").strange == (
        "data= reads/a: not a path from the root",
        "results= /home/ann: below none of /storage1/fs1, /cache1/fs1",
    )
    assert needs(description=f"data={ACTIVE}", volumes="/storage1:/storage1").strange == ()


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("", []),
        ("/storage1/fs1/a", [("/storage1/fs1/a", False)]),
        ("/storage1/fs1", [("/storage1/fs1", True)]),
        ("x=/storage1/fs1/a,/storage1/fs1/b:/cache1/fs1/c", ["/storage1/fs1/a", "/storage1/fs1/b", "/cache1/fs1/c"]),
        ("bash -c 'cat </storage1/fs1/a'", ["/storage1/fs1/a"]),
        ("bash -c '/storage1/fs1/run.sh --in /storage1/fs1/b'", ["/storage1/fs1/run.sh", "/storage1/fs1/b"]),
        ('cat "/storage1/fs1/TRIAL A/x, y" z', ["/storage1/fs1/TRIAL A/x, y"]),
        ("cat /storage1/fs1/TRIAL\\ A/x z", ["/storage1/fs1/TRIAL A/x"]),
        ("cat /storage1/fs1/a\\", ["/storage1/fs1/a\\"]),
        (
            "run 'in /storage1/fs1/a' \"/storage1/fs1/b=/cache1/fs1/c\"",
            ["/storage1/fs1/a", "/storage1/fs1/b=/cache1/fs1/c"],
        ),
        ("ls /storage1/fs1/a/b*/c", [("/storage1/fs1/a/", True)]),
        ("ls /storage1/fs1/a/${X}", [("/storage1/fs1/a/", True)]),
        ("/x/storage1/fs1/a ./storage1/fs1/b ~/storage1/fs1/c s3://storage1/fs1/d", []),
        ("/storage1/fs10/a", []),
    ],
)
def test_paths_in_a_command(text: str, paths: list[Any]) -> None:
    found = list(paths_in(text, ROOTS))
    assert found == [one if isinstance(one, tuple) else (one, False) for one in paths]


def test_without_directories_there_are_no_paths() -> None:
    assert list(paths_in("/a /b", ())) == list(paths_in("/a /b", ("/",))) == []


@given(st.text(st.sampled_from("/storage1fs\"' \\*=:"), max_size=60))
def test_any_text_has_paths_or_none(text: str) -> None:
    for path, _ in paths_in(text, ROOTS):
        assert path.startswith(ROOTS)


def test_volumes_in_every_form() -> None:
    assert volumes('"/a/:/b/ \\\n/c \\\r\n/d:/e:ro,z name:/f /g:rel /:/host"') == (
        Volume(source="/a", target="/b", writable=True),
        Volume(source="/c", target="/c", writable=True),
        Volume(source="/d", target="/e", writable=False),
        Volume(source="/", target="/host", writable=True),
    )


def test_a_path_of_the_container_is_the_nearest_volumes() -> None:
    mapped = volumes("/a:/x /b:/x/y /:/host")
    assert at_site("/x/y/z", mapped) == "/b/z"
    assert at_site("/x/yy", mapped) == "/a/yy"
    assert at_site("/host", mapped) == "/"
    assert at_site("/host/etc", mapped) == "/etc"
    assert at_site("/other", mapped) is None


def test_places_are_found_below_either_root() -> None:
    sites = Roots(roots=ROOTS, directories=DIRECTORIES)
    assert place("/cache1/fs1/lee_lab/./Active/../Archive/", sites) == Dataset(allocation="lee", subtree="Archive")
    assert place("/", sites) == NoPlace(reason="below none of /storage1/fs1, /cache1/fs1", strange=False)


def test_directories_are_known_by_the_mirror(allocation: Any) -> None:
    mirrored = [
        allocation("lee", path="/storage1/fs1/lee_lab/"),
        allocation("old", moved_to="gov"),
        allocation("x", path=""),
    ]
    assert directories_of(mirrored) == {"lee_lab": "lee"}
