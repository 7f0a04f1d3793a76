"""``ris-hybrid sandbox demo`` as a person runs it, on a cluster of five slots: two bursts, and every way to stop it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
TINY = Path(__file__).parent / "tiny"
DEMO = ("sandbox", "demo", "--scenario", str(TINY / "scenario.yaml"), "--burst", str(TINY / "burst.yaml"))
KEYS = [
    "sandbox",
    "seed",
    "trace",
    "jobs",
    "mode",
    "finished",
    "virtual_hours",
    "episodes",
    "nodes_launched",
    "node_hours",
    "usd",
    "usd_by_lab",
    "mean_wait_s",
    "p95_wait_s",
    "jobs_burst",
    "jobs_moved",
    "jobs_moved_back",
    "mean_wait_s_without",
    "p95_wait_s_without",
    "resources",
    "build_s",
    "instances_left",
    "api_calls",
    "protocol_errors",
    "verdict",
    "modes",
    "wall_s",
]


def environment(root: Path) -> dict[str, str]:
    """A user whose profile, proxy and region would break every call that listened to them."""
    theirs = {"AWS_DEFAULT_REGION": "nowhere", "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    theirs["AWS_PROFILE"] = "nobody"
    return os.environ | theirs | {"RIS_HYBRID_SANDBOX": str(root)}


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, *arguments]
    return subprocess.run(command, env=environment(root), capture_output=True, text=True, timeout=100, check=False)


def wait_for(condition: Callable[[], object], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def processes(root: Path) -> list[str]:
    """The command lines that name the root: a demo's AWS and the scripts it runs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if os.fsencode(root) in line:
            found.append(line.replace(b"\0", b" ").decode())
    return found


@pytest.fixture
def root() -> Iterator[Path]:
    """An empty place for sandboxes with a short path, for its sockets."""
    with tempfile.TemporaryDirectory(prefix="rh-") as folder:
        try:
            yield Path(folder) / "s"
        finally:
            if any((Path(folder) / "s").glob("*/")):
                run(Path(folder) / "s", "sandbox", "stop")


@contextmanager
def demo_running(root: Path) -> Iterator[subprocess.Popen[str]]:
    """A demo in a process group of its own, as a shell starts it."""
    with subprocess.Popen(
        [COMMAND, *DEMO, "--json"],
        env=environment(root),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as demo:
        try:
            yield demo
        finally:
            if demo.poll() is None:
                os.killpg(demo.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice:
    """One scenario replayed by two processes side by side."""

    said: list[subprocess.CompletedProcess[str]]
    page: str
    drawing: str
    left: list[Path]

    @property
    def summaries(self) -> list[dict[str, Any]]:
        return [json.loads(done.stdout) for done in self.said]


@pytest.fixture(scope="module")
def twice() -> Iterator[Twice]:
    with tempfile.TemporaryDirectory(prefix="rh-") as folder, ThreadPoolExecutor(2) as two:
        top = Path(folder)
        root, report, picture = top / "s", top / "report.html", top / "picture.svg"
        files = ("--report", str(report), "--picture", str(picture))
        jobs = [two.submit(run, root, *DEMO, "--json", "--seed", "7", *more) for more in (files, ())]
        said = [job.result() for job in jobs]
        for done in said:
            assert done.returncode == 0, done.stderr
        yield Twice(said=said, page=report.read_text(), drawing=picture.read_text(), left=list(root.iterdir()))


def test_the_demo_bursts_twice_and_returns_everything(twice: Twice) -> None:
    found = twice.summaries[0]
    assert list(found) == KEYS
    assert (found["sandbox"], found["seed"], found["trace"]) == (True, 7, "trace.swf")
    assert (found["jobs"], found["finished"]) == (25, 25)
    assert found["episodes"] >= 2
    assert found["nodes_launched"] >= 3
    assert (found["instances_left"], found["protocol_errors"]) == (0, 0)
    assert found["mean_wait_s"] < found["mean_wait_s_without"]
    assert found["usd"] == pytest.approx(sum(found["usd_by_lab"].values()), abs=0.02)
    assert set(found["usd_by_lab"]) == {"genomics", "imaging-core"}
    assert 0 < found["usd"] == pytest.approx(found["node_hours"] * 0.20528, abs=0.02)  # c7a.xlarge, an hour


def test_the_same_seed_gives_the_same_run(twice: Twice) -> None:
    one, other = twice.summaries
    for seconds in ("wall_s", "build_s"):
        assert one.pop(seconds) > 0
        assert other.pop(seconds) > 0
    assert one == other
    told = [[line for line in done.stderr.splitlines() if "note:" not in line] for done in twice.said]
    assert told[0] == told[1]


def test_stderr_tells_decisions_with_their_reasons(twice: Twice) -> None:
    told = twice.said[0].stderr
    decision = r"\d:\d\d  decision  \d of \d nodes of cpu4 for genomics: gate: general open: \d+ jobs pending .*"
    assert re.search(rf"{decision}; pressure: \d+ jobs wait for \d+ slots", told)
    assert re.search(r"launch    \d nodes of cpu4 for imaging-core \(add-", told)
    assert "leaving   ip-" in told
    assert ": idle" in told
    assert "Traceback" not in told


def test_the_report_is_one_file_with_its_picture(twice: Twice) -> None:
    page = twice.page
    assert page.count("<svg") == 1
    assert not re.search(r"<(?:link|script|iframe|img|object|embed)\b|\bsrc\s*=|@import|url\((?!#)", page)
    assert not re.search(r"""\bhref\s*=\s*["'](?!#)""", page)
    assert "25 of 25" in page
    assert "This is the <strong>sandbox</strong>" in page
    assert "nodes of cpu4 for genomics: gate: general open" in page
    assert twice.drawing.startswith("<?xml")
    assert twice.drawing[twice.drawing.index("<svg") :].strip() in page


def test_a_demo_leaves_no_folder(twice: Twice) -> None:
    assert twice.left == []


def test_the_text_is_for_people(root: Path, tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "one job")
    trace = tmp_path / "one job" / "trace.swf"
    trace.write_text(trace.read_text().splitlines()[2] + "\n")
    done = run(root, *DEMO[:3], str(tmp_path / "one job" / "scenario.yaml"), *DEMO[4:])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "sandbox summary"
    assert any(re.fullmatch(r"mean wait, min +0.0 +0.0", line) for line in lines)
    assert any(re.fullmatch(r"jobs finished +1 of 1 in 0.1 virtual hours", line) for line in lines)
    assert any(re.fullmatch(r"dollars \(list price\) +0.00 +0.00", line) for line in lines)


def test_ctrl_c_ends_everything(root: Path) -> None:
    with demo_running(root) as demo:
        assert demo.stderr is not None
        assert any("launch" in line for line in demo.stderr)
        os.killpg(demo.pid, signal.SIGINT)
        said, complaint = demo.communicate(timeout=30)
        assert (demo.returncode, said) == (130, "")
        assert "Traceback" not in complaint
        wait_for(lambda: not processes(root), "no process of the demo")
        assert list(root.iterdir()) == []


def test_after_a_kill_nothing_runs_and_stop_cleans_up(root: Path) -> None:
    with demo_running(root) as demo:
        folder = root / f"demo-{demo.pid}"
        wait_for((folder / "lsf.sock").exists, "the virtual LSF listens")
        assert json.loads(run(root, "sandbox", "status", "--json").stdout)["sandboxes"][0]["running"] is True
        demo.kill()
        assert demo.wait(timeout=10) == -signal.SIGKILL
        wait_for(lambda: not processes(root), "the AWS of the demo ends by itself")
    (row,) = json.loads(run(root, "sandbox", "status", "--json").stdout)["sandboxes"]
    assert row == {"sandbox": True, "kind": "demo", "running": False, "pids": [], "folder": str(folder)}
    assert run(root, "sandbox", "stop").stdout == f"ended {folder.name}: no process\n"
    assert not folder.exists()
    stop_says_what_it_does(root)


def stop_says_what_it_does(root: Path) -> None:
    started = run(root, "sandbox", "start", "--empty", "--json")
    assert started.returncode == 0, started.stderr
    row = json.loads(started.stdout)
    assert row["running"] is True
    what = f"service: processes {', '.join(map(str, row['pids']))}\n"
    assert run(root, "sandbox", "stop", "--dry-run").stdout == f"would end {what}"
    assert json.loads(run(root, "sandbox", "status", "--json").stdout) == {"sandboxes": [row]}
    assert run(root, "sandbox", "stop").stdout == f"ended {what}"
    wait_for(lambda: not processes(root), "no process of the service", seconds=5)
    assert run(root, "sandbox", "status").stdout == "no sandbox\n"
    assert run(root, "sandbox", "stop").stdout == "no sandbox to end\n"
    gone = run(root, "sandbox", "env")
    assert gone.returncode == 4
    assert gone.stderr == "error: no sandbox is running\nhint: run: ris-hybrid sandbox start\n"
    assert sorted(path.name for path in root.iterdir()) == ["service.lock", "service.log"]


def changed(folder: Path, old: str, new: str) -> str:
    text = (TINY / "burst.yaml").read_text()
    assert old in text
    (folder / "burst.yaml").write_text(text.replace(old, new))
    return str(folder / "burst.yaml")


def test_a_wrong_burst_yaml_is_said_with_its_line(root: Path, tmp_path: Path) -> None:
    path = changed(tmp_path, "slots: 4", "slots: four")
    done = run(root, *DEMO[:4], "--burst", path)
    assert done.returncode == 2
    assert f"error: {path}:9: pools[0].slots: expected a whole number, found 'four'" in done.stderr
    started = run(root, "sandbox", "start", "--burst", path)
    assert started.returncode == 2
    assert f"error: {path}:9: pools[0].slots: expected a whole number, found 'four'" in started.stderr
    assert list(root.glob("service")) == []


def test_where_the_report_cannot_be_written_is_said_at_once(root: Path, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "no" / "report.html"):
        done = run(root, *DEMO, "--report", str(place))
        assert done.returncode == 2
        assert done.stderr == f"error: {place}: cannot be written\nhint: name a file in a folder that exists\n"


def test_a_root_that_cannot_hold_a_sandbox_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(tmp_path / "file" / "s", *DEMO)
    assert done.returncode == 2
    assert "no sandbox can be kept here: Not a directory\nhint: name a folder of your own with " in done.stderr
