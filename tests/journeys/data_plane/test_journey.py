"""The data plane from end to end, by the real commands in a running sandbox, and what it leaves behind."""

from __future__ import annotations

import base64
import json
import os
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onprem.checksums import digest_of
from ris_hybrid.sandbox.globus.auth import TOKENS
from ris_hybrid.sandbox.leaks import Search, Word, tagged
from ris_hybrid.staging.journal import reading
from ris_hybrid.staging.soundness import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.values import Digest
    from ris_hybrid.sandbox.leaks import Leak

    Sandbox = Any  # of conftest, which no test may import

BUCKET = "ris-example-wucci-6bca0b"
KILLED = -9
ACTIVE = "/storage1/fs1/wucci/Active"
ODD = b"\xe9t\xe9.txt"
NEVER = {".snapshots", ".afm", ".SpaceMan"}
JOB = f"""set -e
cd {ACTIVE}/Cryo-EM
mkdir -p out
find . -type f -not -path './out/*' | wc -l > out/count.txt
cat run-*/*.txt > out/frames.txt
cp movie-0.mrc out/again.mrc
pwd > out/where.txt
test ! -e .snapshots"""
SEED = 20261128
PHI_BUCKET = "ris-example-neuro-trials-192b8d"
PATIENT = "SMITH_JOHN_19620314"
AFM_KEYS = ("AKIAJOURNEYEXAMPLE00", "afm/secret+of/the+journey/0123456789abcd")
NEW_KEYS = ("AKIAJOURNEYEXAMPLE01", "afm/renewed+of/the+journey/9876543210dcba")
KEPT = {
    "s/service/site/*": "the site's own file system",
    "s/service/data/globus/secret": "the file of the secret, 0600",
    "s/service/data/scale-password": "the file of the password, 0600",
    "keys": "the file of the keys, 0600",
    "watch/sent": "what this test itself heard on the wire, to look for it",
}
"""Where a secret belongs."""
NAMED = {
    "s/service/data/journal.db*": "the journal has files by name: 0600 in a folder of 0700",
    "s/service/data/globus/globus.db*": "the sandbox's Globus service itself: a transfer names its files to it",
}
"""Where names of files belong."""
PROJECTS_NAMED = {
    "s/service/mirror.json": "the mirror's record: a project's directory begins its objects' keys",
    "s/service/mirror.json.applied": "the plan that was applied, the same",
    "s/service/planned.json": "the plan that the sandbox began with, the same",
    "s/service/stacks/storage-sandbox.json": "the state of the stack that makes the directories' keys",
    "s/service/stacks/identity-sandbox.json": "the state of the stack whose policies allow those keys",
}
"""Where a project of an allocation is named, besides; as these and nothing else:"""
AS_KEY = re.compile(r'''Active/TRIAL A|"name": ?"TRIAL A"''')
HOWS = {"transfer": ("before", "sent"), "aws": ("before", "sent")}
RESULTS, SLICE = 40, 1024
WHILE = b"written while Globus was killed" * 9


@pytest.mark.timeout(900)
def test_a_dataset_goes_to_the_cloud_and_its_results_come_back(sandbox: Sandbox) -> None:
    begin(sandbox)
    before = site(sandbox)

    total = planned(sandbox)
    job = unsent(sandbox)
    staged(sandbox, total)
    looked_over(sandbox)
    sent(sandbox, job)
    shared(sandbox, total)
    returned(sandbox, before)
    evicted(sandbox, before)
    killed(sandbox)
    clinical(sandbox)
    administered(sandbox)
    outlived(sandbox)
    nothing_leaked(sandbox)


def begin(sandbox: Sandbox) -> None:
    """A sandbox whose nodes have the site's paths, a tree, the mirror, and no free slot at the site."""
    size = sandbox.size
    sandbox.run("sandbox", "start", "--data", "--empty", "--speed", "60")
    sandbox.enter()
    tree = ("--files", str(size.files), "--large", str(size.large), "--large-mib", str(size.large_mib))
    made = sandbox.json("sandbox", "tree", "wucci", *tree)
    assert made["files"] == size.files + size.large
    sandbox.run("mirror", "apply")
    sandbox.listen()
    sandbox.call("bsub", "-q", "wucci", "-G", "compute-wucci", "-n", "72", "sleep", "864000")


def planned(sandbox: Sandbox) -> int:
    """What would go, which way and why, what it costs and what stays; the bytes of it."""
    size = sandbox.size
    (plan,) = sandbox.json("data", "plan", "wucci:Active")["plans"]
    totals = plan["totals"]
    assert (totals["files"], plan["way"], plan["blocked"]) == (size.files + size.large, "globus", [])
    assert totals["largest"] == size.large_mib * 1024**2
    assert any("globus" in line for line in plan["why"])
    assert any("mount: not taken" in line for line in plan["why"])
    assert set(plan["estimate"]["usd"]) >= {"transfer", "requests", "egress"}
    left = {one["reason"]: (one["files"], one["examples"]) for one in plan["left_out"]}
    assert left == {
        "name is not UTF-8": (1, ["Cryo-EM/\\xe9t\\xe9.txt"]),
        "symbolic link": (1, ["Cryo-EM/latest"]),
    }
    return int(totals["bytes"])


def unsent(sandbox: Sandbox) -> str:
    """A job whose data is not there makes no node start, and is told why."""
    words = f"data={ACTIVE}/Cryo-EM results={ACTIVE}/Cryo-EM/out"
    job: str = sandbox.submit(JOB, "-Jd", words)
    assert "burst: 0 of 1 pending jobs may be sent" in sandbox.run("data", "run", "--once").stderr
    assert "data: not staged" in sandbox.run("burst", "status").stdout
    assert sandbox.job(job)[0] == "PEND"
    return job


def staged(sandbox: Sandbox, total: int) -> None:
    sandbox.run("data", "stage", "wucci:Active", "--every", "0.1", count="stage")
    assert sandbox.moved() == (sandbox.size.files + sandbox.size.large, total)
    keys = [one["Key"] for one in sandbox.versions()]
    assert len(keys) == len(set(keys)) == sandbox.size.files + sandbox.size.large
    sandbox.tell(f"staged: {len(keys)} files, {total} bytes, each once; {sandbox.cpu_s():.0f} s CPU")
    assert states(sandbox) == ["staged"]
    assert sandbox.json("data", "verify", "wucci")["differences"] == []


def looked_over(sandbox: Sandbox) -> None:
    """Doctor finds every part of the data plane as it should be."""
    sandbox.run("data", "run", "--once")  # as its service does every few minutes; staging took hours by this clock
    rows = sandbox.json("doctor")["findings"]
    data = rows[[row["name"] for row in rows].index("data.yaml") :]
    assert [row for row in data if not row["ok"]] == []
    assert {"mirror", "Globus for PHI", "buckets of sandbox", "program skopeo", "stagings"} <= {r["name"] for r in data}


def sent(sandbox: Sandbox, job: str) -> None:
    """It is eligible now: a node starts, the job finds its path there, and its results are off the node as it ends."""
    ran(sandbox, job)
    wrote = {one["Key"].rpartition("/")[2]: one["LastModified"] for one in sandbox.versions("Active/Cryo-EM/out/")}
    assert wrote.keys() == {"count.txt", "frames.txt", "again.mrc", "where.txt"}
    sandbox.wrote_at = max(wrote.values()).timestamp()
    assert nodes(sandbox), "nothing of a node is proved without one"


def nodes(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [node for node in sandbox.emulator().instances() if node["tags"].get("ris_pool") == "wucci16"]


def outlived(sandbox: Sandbox) -> None:
    """Every node of the job's pool has ended by now, and not before the last of the results was in the bucket."""
    sandbox.wait(lambda: all(node["ended"] is not None for node in nodes(sandbox)), "the nodes are given back")
    ended = [node["ended"] for node in nodes(sandbox)]
    assert ended
    assert sandbox.wrote_at > 0
    assert min(ended) >= sandbox.wrote_at


def shared(sandbox: Sandbox, total: int) -> None:
    """A second job that reads the same has no staging of its own, and nothing is moved for it."""
    job = sandbox.submit(f"test -s {ACTIVE}/Cryo-EM/movie-0.mrc", "-Jd", f"data={ACTIVE}/Cryo-EM")
    said = sandbox.run("data", "stage", "--job", job, "--every", "0.1").stderr
    assert "which is shared" in said
    sandbox.run("data", "run", "--once")
    ran(sandbox, job)
    assert len(states(sandbox)) == 1
    assert sandbox.moved()[1] - total <= results(sandbox)


def ran(sandbox: Sandbox, job: str) -> None:
    """Bursting is told anew now and then: what it was told runs out."""
    sandbox.run("data", "run", "--once")
    looks = 0

    def ended() -> bool:
        nonlocal looks
        looks += 1
        if looks % 40 == 0:
            sandbox.run("data", "run", "--once")
        state, _ = sandbox.job(job)
        assert state != "EXIT", (sandbox.root / "nodes" / f"{job}.out").read_text()
        return bool(state == "DONE")

    sandbox.wait(ended, f"job {job} on a cloud node")
    assert sandbox.job(job)[1].startswith("ip-")
    assert not (sandbox.root / "nodes" / f"{job}.out").read_text()


def results(sandbox: Sandbox) -> int:
    return sum(one["Size"] for one in sandbox.versions("Active/Cryo-EM/out/"))


def returned(sandbox: Sandbox, before: dict[bytes, Digest]) -> None:
    """What the job wrote is at the site, byte for byte."""
    base, wrote = sandbox.moved(), [one["Size"] for one in sandbox.versions("Active/Cryo-EM/out/")]
    sandbox.run("data", "return", "wucci", "--every", "0.1", count="return")
    assert added(sandbox.moved(), base) in {(len(wrote), sum(wrote)), (0, 0)}
    out = sandbox.active / "Cryo-EM" / "out"
    assert f"/nodes/{sandbox.job('2')[1]}/" in (out / "where.txt").read_text()
    frames = sorted((sandbox.active / "Cryo-EM").glob("run-*/*.txt"))
    assert (out / "frames.txt").read_bytes() == b"".join(path.read_bytes() for path in frames)
    assert (out / "again.mrc").read_bytes() == (sandbox.active / "Cryo-EM" / "movie-0.mrc").read_bytes()
    gone = sum(1 for path in before if path.startswith(b"Cryo-EM/")) - 1  # the name that is not UTF-8
    assert (out / "count.txt").read_text().split() == [str(gone)]
    untouched(sandbox, before)
    assert states(sandbox) == ["returned"]


def evicted(sandbox: Sandbox, before: dict[bytes, Digest]) -> None:
    """Nothing of it is in the bucket, no older version and no marker; the site's files are as they were."""
    sandbox.run("data", "evict", "wucci", count="evict")
    assert sandbox.versions() == []
    untouched(sandbox, before)
    assert states(sandbox) == ["evicted"]


def untouched(sandbox: Sandbox, before: dict[bytes, Digest]) -> None:
    after = site(sandbox)
    assert {path: after.get(path) for path in before} == before
    assert {
        path for path in after.keys() - before.keys() if not path.startswith((b"Cryo-EM/out/", b"Results/late-"))
    } == set()


def site(sandbox: Sandbox) -> dict[bytes, Digest]:
    """Every file below Active that is the user's own, with its sum."""
    return dict(_site(os.fsencode(sandbox.active)))


def _site(top: bytes) -> Iterator[tuple[bytes, Digest]]:
    for folder, directories, files in os.walk(top):
        directories[:] = [name for name in directories if os.fsdecode(name) not in NEVER]
        for name in files:
            path = os.path.join(folder, name)  # noqa: PTH118 - names are bytes here
            if not os.path.islink(path):  # noqa: PTH114 - names are bytes here
                with open(path, "rb") as content:  # noqa: PTH123 - names are bytes here
                    yield path[len(top) + 1 :], digest_of(content.fileno(), "")


def states(sandbox: Sandbox) -> list[str]:
    """Of all stagings, in a journal that is sound."""
    assert sound(sandbox)
    with reading(sandbox.journal) as journal:
        return [one.state.value for one in journal.stagings()]


def sound(sandbox: Sandbox) -> bool:
    with reading(sandbox.journal) as journal:
        assert faults(journal) == ()
    return True


def killed(sandbox: Sandbox) -> None:
    """Ended at random points of stage, return and evict, and set going again, until it is all done.

    The draws follow from the seed: which kind of step, which of them, and whether the step was taken. Then nothing is
    lost, and what is copied twice has these bounds:

    * Only commands were killed: every key has one version, and Globus has moved each file and byte once.
    * Globus was killed, too: it writes down what it moved after each slice, so for each time one slice of files may
      have been put again, and no more. What it counts as moved is no more than there is.
    * Of results no key gets another version, whoever was killed.
    """
    draw, kills, round_number, wanted = random.Random(SEED), 0, 0, sum(sandbox.size.kills.values())  # noqa: S311 - no secret
    while kills < wanted:
        round_number += 1
        before, base = site(sandbox), sandbox.moved()
        sizes = {f"Active/{os.fsdecode(path)}": one.size for path, one in before.items() if ODD not in path}
        found = rounds(sandbox, draw, "stage", "wucci:Active", "--every", "0.1")
        once(sandbox, sizes, found.rooms)
        gone = added(sandbox.moved(), base)
        assert gone == (len(sizes), sum(sizes.values())) or (found.rooms and gone < (len(sizes), sum(sizes.values())))
        kills += found.kills

        wrote(sandbox, round_number)
        base = sandbox.moved()
        found = rounds(sandbox, draw, "return", "wucci:Active", "--every", "0.1")
        survived(sandbox, draw, round_number)
        for number in range(RESULTS):
            assert result(sandbox, round_number, number).read_bytes() == content(round_number, number)
        fresh = {
            f"Active/Results/late-{round_number}/{one}.txt": len(content(round_number, one)) for one in range(RESULTS)
        }
        again = [one["Key"] for one in sandbox.versions(f"Active/Results/late-{round_number}/")]
        assert sorted(again) == sorted([*fresh, f"Active/Results/late-{round_number}/while.txt"])
        assert added(sandbox.moved(), base)[1] <= sum(fresh.values()) + len(WHILE)
        kills += found.kills

        kills += rounds(sandbox, draw, "evict", "wucci:Active").kills
        assert sandbox.versions() == []
        untouched(sandbox, before)
    told = [json.loads(line) for line in (sandbox.folder / "watch" / "kills").read_text().splitlines()]
    hows = [how for _, _, how, _, _ in told]
    assert len(hows) - hows.count("room") == kills
    assert hows.count("room") >= 1
    sandbox.tell(
        "kills", *(f"  {' '.join(words)}: {how}, {kind} {number} ({where})" for kind, number, how, where, words in told)
    )


def once(sandbox: Sandbox, sizes: dict[str, int], rooms: int) -> None:
    """Every key has one version, but for a slice of files for each time that Globus was killed."""
    versions = sandbox.versions()
    assert {one["Key"] for one in versions} == sizes.keys()
    assert len(versions) <= len(sizes) + rooms * SLICE
    assert sum(one["Size"] for one in versions) <= sum(sizes.values()) + rooms * sum(sorted(sizes.values())[-SLICE:])
    sandbox.tell(f"staged again: {len(versions)} versions of {len(sizes)} keys, Globus killed {rooms} times")


def added(now: tuple[int, int], base: tuple[int, int]) -> tuple[int, int]:
    return now[0] - base[0], now[1] - base[1]


@dataclass(slots=True)
class Ended:
    """How often, the command and the site's services."""

    kills: int = 0
    rooms: int = 0


def rounds(sandbox: Sandbox, draw: random.Random, verb: str, *arguments: str) -> Ended:
    """A command killed a few times, then run to its end."""
    found = Ended()
    for cut in cuts(sandbox, draw, verb):
        done = sandbox.run("data", verb, *arguments, code=None, cut=cut)
        if done.returncode != KILLED:
            assert done.returncode == 0, (cut, done.stdout, done.stderr)
            return found
        found.kills += 1
        assert sound(sandbox)
        if verb == "stage" and sandbox.size.rooms_in_stage and not found.rooms:
            sandbox.kill_room()
            found.rooms += 1
    sandbox.run("data", verb, *arguments)
    assert sound(sandbox)
    return found


def cuts(sandbox: Sandbox, draw: random.Random, verb: str) -> list[str]:
    """Where it is killed: all kinds of steps, Globus's first, for there are no more of them once the files are moved.

    As each run goes on where the last one was killed, a draw is from the part of the steps that is one kill's share.
    """
    counted, kills = sandbox.counted[verb], sandbox.size.kills[verb]
    sandbox.tell(f"data {verb} takes so many steps: {counted}")
    kinds = [kind for kind in ("aws", "site", "journal") if counted[kind] >= kills]
    drawn = sorted(draw.choices(kinds, k=kills - (verb == "stage")), key=kinds.index, reverse=True)
    if verb == "stage":
        drawn.insert(0, "transfer")
    points = (
        (kind, max(min(counted[kind] // 2, 12), 3) if kind == "transfer" else max(counted[kind] // kills, 1))
        for kind in drawn
    )
    return [f"{kind} {draw.randint(1, most)} {draw.choice(HOWS.get(kind, ('before',)))}" for kind, most in points]


def survived(sandbox: Sandbox, draw: random.Random, round_number: int) -> None:
    """The site's Globus and Spectrum Scale are killed while a return waits for them; it goes on with the next ones."""
    key = f"Active/Results/late-{round_number}/while.txt"
    sandbox.aws().get("s3").put_object(Bucket=BUCKET, Key=key, Body=WHILE, ChecksumAlgorithm="CRC64NVME")
    first = sandbox.room()
    going = sandbox.begin("data", "return", "wucci:Active", "--every", "0.1", cut=f"transfer {draw.randint(2, 3)} room")
    sandbox.wait(lambda: going.poll() is not None or not alive(first), "the room is killed")
    assert going.poll() is None, going.communicate()
    assert "ris-hybrid st-" in sandbox.run("globus", "tasks").stdout  # the command starts the room again
    assert sandbox.room() != first
    assert sandbox.ended(going) == 0
    assert (result(sandbox, round_number, 0).parent / "while.txt").read_bytes() == WHILE
    assert states(sandbox)[-1] == "returned"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wrote(sandbox: Sandbox, round_number: int) -> None:
    """Results as Mountpoint puts them."""
    client = sandbox.aws().get("s3")
    for number in range(RESULTS):
        key = f"Active/Results/late-{round_number}/{number}.txt"
        client.put_object(Bucket=BUCKET, Key=key, Body=content(round_number, number), ChecksumAlgorithm="CRC64NVME")


def result(sandbox: Sandbox, round_number: int, number: int) -> Path:
    path: Path = sandbox.active / "Results" / f"late-{round_number}" / f"{number}.txt"
    return path


def content(round_number: int, number: int) -> bytes:
    return f"result {number} of round {round_number}\n".encode() * 50


def clinical(sandbox: Sandbox) -> None:
    """An allocation with PHI, through all of it; a file goes wrong on the way, so that there is something to say."""
    job = sandbox.submit("true", "-Jd", "data=/storage1/fs1/neuro_trials/Active/TRIAL\\ A")
    sandbox.run("data", "run", "--once")
    lab = sandbox.site / "storage1" / "fs1" / "neuro_trials" / "Active" / "TRIAL A"
    for number in range(3):
        (lab / f"{PATIENT}-{number}.dcm").write_bytes(b"scan" * 100)
    (lab / f"{PATIENT}-link").symlink_to(f"{PATIENT}-0.dcm")
    (lab / f"{PATIENT}-\u0301.dcm").write_bytes(b"x")
    sandbox.run("data", "stage", "neuro_trials", "--every", "0.1")
    (lab / f"{PATIENT}-1.dcm").write_bytes(b"edited")
    assert "(a file)" in sandbox.run("data", "verify", "neuro_trials", code=6).stdout
    client = sandbox.aws().get("s3")
    key = f"Active/TRIAL A/{PATIENT}-1.dcm"
    client.put_object(Bucket=PHI_BUCKET, Key=key, Body=b"written over", ChecksumAlgorithm="CRC64NVME")
    said = sandbox.run("data", "return", "neuro_trials", "--every", "0.1", code=3)  # it was edited at both ends
    assert "somebody changed it" in said.stderr
    sandbox.run("data", "status", "neuro_trials")
    sandbox.call("bkill", job)  # no pool may take it, and while it waits for the data nothing is evicted
    (lab / f"{PATIENT}-1.dcm").rename(lab / f"{PATIENT}-1-edited.dcm")  # somebody decides: both are kept
    sandbox.run("data", "return", "neuro_trials", "--every", "0.1")
    assert (lab / f"{PATIENT}-1.dcm").read_bytes() == b"written over"
    assert states(sandbox)[-1] == "returned"
    # PHI buckets have Object Lock: all of it is on the site and compared, and S3 deletes none of it within the lock.
    (told,) = sandbox.json("data", "evict", "neuro_trials", code=3)["stagings"]
    (reason, files), *others = told["stays"].items()
    assert "object lock" in reason
    assert others == []
    assert files == sum(not one["Key"].endswith("/") for one in client.list_objects_v2(Bucket=PHI_BUCKET)["Contents"])
    assert (told["refused"], told["files"]) == ("", 0)
    assert states(sandbox)[-1] == "returned"


def administered(sandbox: Sandbox) -> None:
    """Every other command that has a secret in its hands."""
    keys = sandbox.folder / "keys"
    keys.touch(mode=0o600)
    keys.write_text(f"{AFM_KEYS[0]}:{AFM_KEYS[1]}\n")
    asked = ("gpfs", "relate", "wucci_cloud", BUCKET, "--key-file", str(keys))
    sandbox.run(*asked)
    sandbox.run(*asked, "--apply")
    keys.write_text(f"{NEW_KEYS[0]}:{NEW_KEYS[1]}\n")
    renewed = ("gpfs", "renew-keys", BUCKET, "--key-file", str(keys))
    sandbox.run(*renewed)
    sandbox.run(*renewed, "--apply")
    sandbox.run("globus", "apply")
    job = sandbox.submit("true", "-a", "docker(ubuntu:22.04)", "-Jd", "data=none")
    sandbox.run("images", "sync", "--job", job)


def nothing_leaked(sandbox: Sandbox) -> None:
    """No secret and no name of a patient in what was said, run, tagged, labelled or kept."""
    data = sandbox.root / "data"
    told = sandbox.credentials()
    assert any(one.startswith(TOKENS) for one in told), "no token was seen on the wire"
    secrets = [
        Word(text=(data / "globus" / "secret").read_text().strip(), what="Globus secret"),
        Word(text=(data / "scale-password").read_text().strip(), what="password of Spectrum Scale"),
        Word(text=TOKENS, what="beginning of any Globus token"),
        *(Word(text=one, what="a token or password as it was sent") for one in told),
        *(Word(text=one, what="key of AFM") for one in (*AFM_KEYS, *NEW_KEYS)),
        Word(text=password_of_ecr(sandbox), what="password of ECR"),
    ]
    heard = (sandbox.folder / "watch" / "argv").read_text(errors="replace")
    assert all(f"/bin/{one}\n" in heard for one in ("bsub", "bjobs", "skopeo")), "children of shells were not heard"
    searches = (
        (Search(secrets), KEPT),
        (Search([Word(text=PATIENT, what="name of a patient")]), {**KEPT, **NAMED}),
        (Search([Word(text="TRIAL A", what="name of a trial")]), {**KEPT, **NAMED, **PROJECTS_NAMED}),
    )
    found = [f"{one.where}: {one.what}" for search, exempt in searches for one in leaks(sandbox, search, exempt)]
    for name in PROJECTS_NAMED:
        place = sandbox.folder / name
        rest = AS_KEY.sub("", place.read_text())
        found += [f"{name}: not as a key" for _ in searches[-1][0].text(name, rest)]
    assert "\n".join(found) == ""
    assert sandbox.root.stat().st_mode & 0o077 == 0, "others may look into the folder of all that"
    for kept in (sandbox.journal, data / "globus" / "secret", data / "scale-password"):
        assert kept.stat().st_mode & 0o077 == 0, kept
    files, size = sandbox.moved()
    sandbox.tell(f"Globus moved {files} files, {size} bytes in all; {sandbox.cpu_s():.0f} s CPU, the sandbox's with it")


def password_of_ecr(sandbox: Sandbox) -> str:
    (one,) = sandbox.aws().get("ecr").get_authorization_token()["authorizationData"]
    return base64.b64decode(one["authorizationToken"]).decode().partition(":")[2]


def leaks(sandbox: Sandbox, search: Search, exempt: dict[str, str]) -> Iterator[Leak]:
    for argv, _, out, err in sandbox.said:
        yield from search.text(f"argv of {argv[1:3]}", " ".join(argv))
        yield from search.text(f"stdout of {argv[1:4]}", out)
        yield from search.text(f"stderr of {argv[1:4]}", err)
    yield from search.text("argv of a process", (sandbox.folder / "watch" / "argv").read_bytes())
    yield from search.files(sandbox.folder, exempt)
    for where, text in tagged(sandbox.env["AWS_ENDPOINT_URL"], sandbox.env["AWS_REGION"]):
        yield from search.text(where, text)
    for kind, text in sandbox.records():
        yield from search.text(f"globus: {kind}", text)
