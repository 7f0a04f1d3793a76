"""``paths-there``: a job that LSF gave to a node without its data goes back to the queue, and its owner is told why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.userdata import user_data
from ris_hybrid.config.user_data import MOST_BYTES
from ris_hybrid.settings import Node

if TYPE_CHECKING:
    from tests.burst.node_place import Place

from tests.burst.node_place import install


def ready(place: Place, make: Any, description: str, **env: str) -> None:
    install(place, make, node={"paths_there": True})
    (place.etc / "lsf").mkdir()
    (place.etc / "lsf" / "lsf.conf").write_text(f'LSF_BINDIR="{place.bin}"\n')
    (place.root / "said").write_text(description)
    place.command("bjobs", f'cat "{place.root}/said"')
    place.command("bpost")
    place.command("logger")
    place.more_env = {"LSB_JOBID": "12", "LSB_JOBINDEX": "0", **env}


def bposts(place: Place) -> list[str]:
    return [call for call in place.calls() if call.startswith("bpost ")]


def test_a_job_whose_data_is_there_starts(place: Place, make: Any) -> None:
    (place.root / "a").mkdir()
    ready(place, make, f"data={place.root}/a,{place.root}/a nothing else results={place.root}/new")
    done = place.run("paths-there")
    assert (done.returncode, done.stderr) == (0, "")
    assert place.calls() == ["bjobs -noheader -o description delimiter='^' 12"]


def test_a_job_whose_data_is_not_there_goes_back_and_is_told(place: Place, make: Any) -> None:
    (place.root / "a").mkdir()
    ready(place, make, f"data={place.root}/a,{place.root}/b", LSB_JOBINDEX="3")
    assert place.run("paths-there").returncode == 96
    (told,) = bposts(place)
    assert told.startswith(f"bpost -d ris-hybrid: {place.root}/b is not on this node (")
    assert told.endswith("; see ris-hybrid data status 12[3]")
    assert any(call.startswith("logger -t ris-hybrid job 12[3]: ") for call in place.calls())


def test_a_path_that_hangs_is_not_there(place: Place, make: Any) -> None:
    ready(place, make, "data=/hung")
    place.command("timeout", 'case "$*" in *\' stat \'*) exit 124 ;; esac; shift 3; exec "$@"')
    assert place.run("paths-there").returncode == 96
    assert "/hung does not answer" in bposts(place)[0]


@pytest.mark.parametrize(
    "description",
    ["", "-", "data=none", "no words", "data=relative/path", "data='/a b'", "results=/nowhere", "data=/*"],
)
def test_what_says_nothing_or_cannot_be_told_starts(place: Place, make: Any, description: str) -> None:
    ready(place, make, description)
    assert place.run("paths-there").returncode == (96 if description == "data=/*" else 0)  # a star is a star


def test_a_path_nobody_may_look_at_is_left_to_the_job(place: Place, make: Any) -> None:
    ready(place, make, "data=/secret")
    place.command("stat", "echo \"stat: cannot statx '/secret': Permission denied\" >&2; exit 1")
    assert place.run("paths-there").returncode == 0


def test_an_lsf_that_does_not_answer_and_no_job_at_all_start(place: Place, make: Any) -> None:
    ready(place, make, "data=/nowhere")
    place.command("bjobs", "exit 255")
    assert place.run("paths-there").returncode == 0
    place.more_env = {}
    place.forget()
    assert place.run("paths-there").returncode == 0
    assert place.calls() == []


def test_nothing_of_a_jobs_environment_chooses_what_is_asked(place: Place, make: Any) -> None:
    ready(place, make, "data=/nowhere", LSB_JOBID="12; rm", LSF_ENVDIR="/evil", IFS="/")
    assert place.run("paths-there").returncode == 0
    assert place.calls() == []
    place.more_env["LSB_JOBID"] = "12"
    place.command("bjobs", f'echo "env $LSF_ENVDIR" >>"{place.calls_file}"; cat "{place.root}/said"')
    assert place.run("paths-there").returncode == 96
    assert f"env {place.etc}/lsf" in place.calls()


def test_it_is_shipped_only_where_it_is_asked_for(make: Any) -> None:
    nas = ("nas:/storage1 /storage1 nfs4 ro 0 0",)
    assert "paths-there" not in user_data(make.pool(), make.settings(node=Node(mounts=nas)))
    with_it = user_data(make.pool(), make.settings(node=Node(mounts=nas, paths_there=True)))
    assert "/usr/local/libexec/ris-hybrid/paths-there" in with_it
    assert len(with_it) < MOST_BYTES
    assert "paths-there" not in user_data(make.pool(), make.settings(node=Node(paths_there=True)))
