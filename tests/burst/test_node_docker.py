"""The ``docker`` that jobs meet on a node: which word is the image, and what the real one is given in its place."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.burst.node_place import Place, install

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = f"sha256:{'ab' * 32}"
OURS = f"{REGISTRY}/prod/wucci/images@{DIGEST}"
MAPPED = {"registry": REGISTRY, "namespace": "prod/{lab}"}
IMAGE = "ghcr.io/lab/tool:1.2"
# In Python, for a shell may drop variables whose names it does not know.
DOCKER = f"""\
#!{sys.executable} -IS
import json, os, sys
if sys.argv[1:3] == ["image", "inspect"]:
    sys.exit(int(os.environ.get("HAS_IT", "1")))
seen = {{"words": sys.argv[1:], "env": dict(os.environ), "stdin": sys.stdin.read()}}
open(os.environ["SEEN"], "w").write(json.dumps(seen))
sys.exit(7)
"""
MAP = f"""\
#!/bin/sh
printf '%s\\n' "$1" >>"$ASKED"; cat >/dev/null
case $1 in *held*) echo "ris-hybrid: image: $1 is held back" >&2; exit 3 ;; esac
echo {OURS}
"""


class Met:
    """The wrapper between a job and a docker that notes its words."""

    def __init__(self, place: Place, make: Any) -> None:
        install(place, make, node=MAPPED)
        self.place, self.seen, self.asked_file = place, place.root / "seen", place.root / "asked"
        (place.bin / "docker").write_text(DOCKER)
        (place.libexec / "docker-image").write_text(MAP)
        self.env = {"SEEN": str(self.seen), "ASKED": str(self.asked_file)}

    def run(self, *words: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        self.place.more_env = {**self.env, **env}
        self.asked_file.write_text("")
        self.seen.unlink(missing_ok=True)
        return self.place.run("bin/docker", *words, stdin=stdin)

    def words(self) -> list[str] | None:
        """What the real docker was given; None if it was not called."""
        return json.loads(self.seen.read_text())["words"] if self.seen.exists() else None

    def asked(self) -> list[str]:
        return self.asked_file.read_text().splitlines()


@pytest.fixture
def met(place: Place, make: Any) -> Met:
    return Met(place, make)


@pytest.mark.parametrize(
    "before",
    [
        ["run"],
        ["create"],
        ["pull"],
        ["container", "run"],
        ["container", "create", "--name", "x"],
        ["image", "pull", "-q"],
        ["-D", "-H", "unix:///run/docker.sock", "--log-level=info", "--config", "/c", "run", "--rm"],
        ["run", "-it", "--rm"],
        ["run", "-itv", "/a:/b", "-e", "A=x y", "-eB=c d", "-e=C", "-u1000:1000"],
        ["run", "-v", "/a b:/c", "-v/a:/b", "--volume=/x y:/z", "--env", "run", "--gpus", "all"],
        ["run", "--entrypoint=/bin/sh", "--entrypoint", "", "-w", "/w d", "--net", "host", "--ulimit", "memlock=-1"],
        ["run", "-i=false", "-d=true", "--init", "--privileged", "-P", "-h", "host", "-m", "4g"],
        ["run", "--label", 'it\'s "quoted" $HOME `id`', "--mount", "type=bind,src=/a,dst=/b", "-e", "-it"],
        ["run", "--memory-swappiness", "-1", "-a", "stdout", "--"],
        ["run", "--no-such-option=x"],
        ["pull", "--platform", "linux/amd64", "-a"],
        ["--", "run"],
    ],
)
def test_the_image_is_found_behind_any_options_and_nothing_else_changes(met: Met, before: Sequence[str]) -> None:
    behind = [] if "pull" in before else ["python", "-c", "print('a b')", "", "--rm", IMAGE]
    done = met.run(*before, IMAGE, *behind)
    assert done.returncode == 7, done.stderr
    assert met.asked() == [IMAGE]
    assert met.words() == [*before, OURS, *behind]


def test_options_of_pull_may_stand_behind_its_image(met: Met) -> None:
    met.run("pull", IMAGE, "-q")
    assert met.words() == ["pull", OURS, "-q"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["info"],
        ["--version"],
        ["ps", "-a", "--format", "a b"],
        ["exec", "-it", "c1", "run", IMAGE],
        ["container", "exec", "c1", "docker", "run", IMAGE],
        ["image", "inspect-it", IMAGE],
        ["rm", "-f", "c1"],
        ["run"],
        ["run", "--help"],
        ["run", "-e"],
        ["run", DIGEST],
        ["create", "--rm", DIGEST, "sh"],
    ],
)
def test_all_else_goes_to_docker_as_it_came(met: Met, words: Sequence[str]) -> None:
    assert met.run(*words).returncode == 7
    assert met.words() == words
    assert met.asked() == []


def test_what_is_held_back_starts_nothing_and_says_why(met: Met) -> None:
    done = met.run("run", "--rm", "held:1", "sh")
    assert (done.returncode, done.stdout, met.words()) == (3, "", None)
    assert done.stderr == "ris-hybrid: image: held:1 is held back\n"


@pytest.mark.parametrize("words", [["run", "--new", "evil", "ok"], ["run", "-iZ", "evil"], ["--new", "run", "evil"]])
def test_an_option_nobody_knows_is_refused_and_says_how_to_write_it(met: Met, words: Sequence[str]) -> None:
    done = met.run(*words)
    assert (done.returncode, met.words(), met.asked()) == (125, None, [])
    assert "write --OPTION=VALUE" in done.stderr


@pytest.mark.parametrize("word", ["", "-", "evil@sha256:ab", f"sha256:{'ab' * 31}", f"other.example.org/x@{DIGEST}"])
def test_what_only_looks_like_a_digest_of_ours_is_asked_for(met: Met, word: str) -> None:
    met.run("run", word, HAS_IT="0")
    assert met.asked() == [word]


def test_a_pull_asks_for_what_only_looks_like_a_local_id(met: Met) -> None:
    met.run("pull", DIGEST)
    assert met.asked() == [DIGEST]


def test_a_digest_of_our_registry_passes_only_where_the_node_has_it(met: Met) -> None:
    """The registry has images, too, that their scans hold back."""
    met.run("run", OURS, "sh", HAS_IT="0")
    assert (met.words(), met.asked()) == (["run", OURS, "sh"], [])
    met.run("run", OURS, "sh", HAS_IT="1")
    assert met.asked() == [OURS]


def test_lsf_s_variable_cannot_point_past_the_image(met: Met) -> None:
    met.run("run", "held:1", "ok:1", LSB_CONTAINER_IMAGE="ok:1")
    assert met.words() is None


def test_the_jobs_environment_and_input_reach_docker(met: Met) -> None:
    odd = {"BASH_FUNC_module%%": "() {  echo a\n}", "A.B": "dots", "LINES2": "a\nb", "RIS_REGISTRY": "mine"}
    done = met.run("run", "-i", IMAGE, stdin="the input", DOCKER_CONFIG="/home/u/.docker", **odd)
    assert done.returncode == 7
    seen = json.loads(met.seen.read_text())
    assert {key: seen["env"].get(key) for key in odd} == odd
    assert seen["env"]["DOCKER_CONFIG"] == f"{met.place.etc}/docker", "else there is no log-in at the registry"
    assert seen["stdin"] == "the input"


def test_no_function_or_path_of_a_job_chooses_the_image(met: Met) -> None:
    elsewhere = met.place.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "docker").write_text("#!/bin/sh\necho evil\n")
    (elsewhere / "docker").chmod(0o755)
    evil = "() { return 0; }"
    done = met.run(
        "run",
        "held:1",
        PATH=f"{elsewhere}:{met.place.env()['PATH']}",
        BASH_ENV=str(elsewhere / "docker"),
        **{"BASH_FUNC_takes%%": evil, "BASH_FUNC_printf%%": evil, "BASH_FUNC_exit%%": evil},
    )
    assert (done.returncode, done.stdout, met.words()) == (3, "", None)


def test_a_link_to_it_does_not_call_itself(met: Met) -> None:
    (met.place.bin / "docker").unlink()
    (met.place.bin / "docker").symlink_to(met.place.libexec / "bin" / "docker")
    there = met.place.libexec / "bin" / "docker"
    there.write_text(there.read_text().replace(f"PLACES=({met.place.bin} ", f"PLACES=({met.place.bin}) #", 1))
    done = met.run("info")
    assert (done.returncode, done.stderr) == (127, f"ris-hybrid: image: no docker in {met.place.bin}\n")


def test_the_daemons_meet_it_first_and_the_boot_does_not(place: Place, make: Any) -> None:
    install(place, make, node=MAPPED)
    place.command("../lsf/etc/sbatchd", 'echo "path ${PATH%%:*}" >>"$CALLS"')
    assert place.run("boot.sh").returncode == 0
    assert f"path {place.libexec}/bin" in place.calls()
    assert "docker info" in place.calls()


@pytest.mark.parametrize("node", [{}, {"registry": REGISTRY}, {**MAPPED, "map_images": False}])
def test_where_names_are_not_mapped_docker_is_docker(place: Place, make: Any, node: dict[str, Any]) -> None:
    install(place, make, node=node)
    place.command("../lsf/etc/sbatchd", 'echo "path ${PATH%%:*}" >>"$CALLS"')
    assert place.run("boot.sh").returncode == 0
    assert not (place.libexec / "bin").exists()
    assert f"path {place.bin}" in place.calls()
    assert (place.libexec / "docker-image").exists() == ("namespace" in node)
