"""``ris-hybrid burst simulate`` as an admin runs it: a trace, and LSF's own accounting with what goes wrong in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
REAL = Path(__file__).parents[1] / "golden" / "lsf" / "acct" / "10.1"
DAY = 86400
BEGAN = 1_767_225_600  # 1 January 2026
BURST_YAML = """\
cluster: c1
provider: aws
region: us-east-1
outputs: outputs.json
pools:
  - name: cpu4
    instance_types: [c7a.xlarge]
    max_nodes: 10
    boot_s: 240
gates:
  - pending_jobs: 2
caps:
  nodes: 10
budget:
  usd_per_month: 1000
"""


def trace(folder: Path, days: int = 29) -> Path:
    """Every fourth day ten jobs of two hours within ten minutes on four slots: the last ones wait for hours."""
    lines = ["; MaxProcs: 4", f"; UnixStartTime: {BEGAN}"]
    for day in range(0, days, 4):
        for job in range(10):
            submitted, waited = day * DAY + job * 60, (job // 4) * 7200
            lines.append(
                f"{day * 10 + job + 1} {submitted} {waited} 7200 1 -1 -1 1 9000 -1 1 {job} {job % 2} -1 1 -1 -1 -1"
            )
    path = folder / "site.swf"
    path.write_text("\n".join(lines) + "\n")
    return path


def records() -> Iterator[str]:
    """A real record of LSF 10.1 with other times, over four weeks that lack one; each job has two slots' names."""
    real = REAL.read_text().strip()
    times, ran = "1527327585 7610 1000 33554438 1 1527326745 0 0 1527326746", " 839 "
    assert times in real
    assert ran in real
    for day in (*range(10), *range(17, 28)):
        for job in range(8):
            submitted = BEGAN + day * DAY + job * 60
            started = submitted + (job // 2) * 3600 + 1
            fresh = f"{started + 3600} {1000 + day * 8 + job} 1000 33554438 1 {submitted} 0 0 {started}"
            yield real.replace(times, fresh).replace(ran, " 3600 ")


def accounting(folder: Path) -> list[Path]:
    """Two files: the rotated one, and the one being written, with a record of a version to come and a torn end."""
    lines = sorted(records(), key=lambda line: int(line.split()[2]))
    old, new = lines[:80], lines[80:]
    future = lines[90].replace('"10.1"', '"99.1"').replace('"JOB_FINISH"', '"JOB_FINISH"')
    future = f'{future.split(" ", 3)[0]} "99.1" {future.split(" ", 2)[2].split(" ")[0]} {{}} <new>'
    (folder / "lsb.acct.1").write_text("\n".join(old) + "\n")
    (folder / "lsb.acct").write_text("\n".join([*new[:40], future, *new[40:-1], new[-1][:200]]))
    return [folder / "lsb.acct", folder / "lsb.acct.1"]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compiled for so few jobs."""
    monkeypatch.setattr("numba.config.DISABLE_JIT", True)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "burst.yaml").write_text(BURST_YAML)
    return tmp_path


def run(*arguments: str | Path, capsys: pytest.CaptureFixture[str], code: int = 0) -> tuple[str, str]:
    assert main(["burst", "simulate", *map(str, arguments)]) == code
    told = capsys.readouterr()
    return told.out, told.err


def test_a_trace_at_a_site_with_burst_yaml(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything at once: calibration, policies, a what-if, a recommendation and the report."""
    report = site / "report.html"
    out, err = run(
        "--swf", trace(site), "--conf", site / "burst.yaml", "--v", "0.01,0.1", "--budget", "40",
        "--what-if", "price=+50%", "--what-if", "pools.cpu4.boot_s=60", "--report", report, "--json", "--quiet",
        capsys=capsys,
    )  # fmt: skip
    assert err == f"note: written: {report}\n"
    body: dict[str, Any] = json.loads(out)
    assert list(body) == ["calibration", "policies", "recommendation", "what_if", "notes"]
    calibration = body["calibration"]
    assert calibration["recorded_mean_wait_s"] == pytest.approx(5760)
    assert calibration["ratio"] == pytest.approx(1.0, abs=0.1)
    rows = {row["name"]: row for row in body["policies"]}
    none, ours = rows["no cloud"], rows["ours, v 0.1"]
    assert {"the site's gates", "ours, v 0.01", "ours, v 0.1, run times known"} < rows.keys()
    assert {row["kind"] for row in rows.values()} >= {"lsf", "count", "immediate", "karpenter"}
    assert (none["usd"], none["launches"], none["mean_wait_s"]) == (0, 0, calibration["replayed_mean_wait_s"])
    assert ours["usd"] > 0
    assert ours["mean_wait_s"] < none["mean_wait_s"]
    assert ours["j"] < none["j"]
    assert ours["jobs_burst"] == sum(ours["jobs_burst_by_lab"].values()) <= 80
    assert [change["key"] for change in body["what_if"]["changes"]] == ["pools.cpu4.price", "pools.cpu4.boot_s"]
    assert len(body["what_if"]["policies"]) == len(rows)
    advice = body["recommendation"]
    assert advice["met"]
    assert advice["expected"]["usd_per_month"] <= 40
    assert advice["burst_yaml"].startswith(f"mode: planned\nplanner: {{value: {advice['v']:g}}}\ngates:\n")
    page = report.read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert "<script" not in page


def test_accounting_with_a_torn_end_a_version_to_come_and_a_gap(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The issue's journey: what is skipped is counted, and the rest is replayed."""
    files = accounting(site)
    out, err = run("--lsb-acct", *files, "--v", "0.1", "--from", "2026-01-02", "--jobs-limit", "150", capsys=capsys)
    assert "warning: 2 of 169 JOB_FINISH records passed over" in err
    assert "1 x last line is torn" in err
    assert f"{files[0]}:41: ends too early for its version" in err
    assert "records of LSF version 99.1, which is not known yet, that do not fit the layout of 10.1: 1" in err
    assert "warning: no record between 2026-01-10 04:07 UTC and 2026-01-18 01:00 UTC" in err
    first = out.splitlines()
    assert first[0].startswith("lsb.acct and 1 more: 150 jobs in ")
    assert first[1] == "on-premises: 2 slots (the most slots that were in use at once in the record), easy scheduling"
    assert first[2].startswith("recorded:               mean ")
    assert first[3].startswith("replayed without cloud: mean ")
    assert out.index("replayed without cloud") < out.index("against no cloud")
    assert "lsfadmin" not in out  # people are not named


def test_a_capacity_that_was_never_there_is_found(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = trace(site, days=7)
    out, err = run("--swf", path, "--slots", "7", "--v", "0.1", capsys=capsys)
    assert "the replay's mean wait is 0." in err
    assert "--calibrate scales the capacity" in err
    out, err = run(
        "--swf", path, "--slots", "7", "--v", "0.1", "--calibrate", "--wait", "30", "--what-if", "planner.value=.2",
        capsys=capsys,
    )  # fmt: skip
    assert err == ""
    assert "what if planner.value is 0.2 in place of 0.1" in out
    assert "capacity scaled from 7 to 4 slots" in out
    assert "for a mean wait of 30.0 min: v " in out
    assert "for burst.yaml:\n  mode: planned\n" in out


def test_pools_that_take_nobody_of_the_record_are_a_warning(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = BURST_YAML.replace("    boot_s: 240\n", "    boot_s: 240\n    queues: [general]\n")
    (site / "burst.yaml").write_text(text)
    asked = ("--swf", trace(site, days=5), "--conf", site / "burst.yaml", "--v", "0.1")
    _, err = run(*asked, capsys=capsys)
    assert err.startswith("warning: no pool takes jobs of any queue and lab of the record")
    _, err = run(*asked, "--any-name", capsys=capsys)
    assert err == ""


def test_a_site_at_which_nothing_waits_is_a_warning(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run("--swf", trace(site, days=5), "--slots", "100", "--v", "0.1", capsys=capsys)
    said = "next to no job waits in the replay, so no cloud can save anything: try fewer --slots, or --calibrate"
    assert f"warning: {said}\n" in err
    assert f"note: {said}" in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "expected --swf FILE or --lsb-acct FILE..., one of them"),
        (("--swf", "{trace}", "--lsb-acct", "x"), "one of them"),
        (("--swf", "{trace}", "more"), "more: expected nothing behind --swf FILE"),
        (("--swf", "{folder}/none.swf"), "none.swf"),
        (("--lsb-acct", "{folder}"), "hint: name the files in it: {folder}/..."),
        (("--swf", "{folder}/burst.yaml"), "burst.yaml"),
        (("--lsb-acct", "{trace}"), "site.swf:1: not a record of LSF"),
        (("--swf", "{trace}", "--conf", "{folder}/none.yaml"), "none.yaml:1: cannot be read"),
        (("--swf", "{trace}", "--what-if", "pools.cloud.nodes=3"), "--what-if pools.cloud.nodes=3: expected one of "),
        (("--swf", "{trace}", "--report", "{folder}/no/report.html"), "report.html: cannot be written"),
        (("--swf", "{trace}", "--v", "much"), "--v: expected numbers of 0 or more"),
        (("--swf", "{trace}", "--slots", "x"), "should be a valid integer"),
        (("--swf", "{trace}", "--node-type", "c7a.huge"), "instance type c7a.huge"),
        (("--swf", "{trace}", "--from", "someday"), "--from: expected a date"),
    ],
)
def test_what_cannot_be_used_is_said_and_ends_with_2(
    site: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], text: str
) -> None:
    names = {"trace": trace(site, days=1), "folder": site}
    out, err = run(*(word.format(**names) for word in arguments), capsys=capsys, code=2)
    assert text.replace("{folder}", str(site)) in err
    assert "Traceback" not in err
    assert out == ""


def test_ctrl_c_leaves_no_half_of_a_report(site: Path, coverage_environment: dict[str, str]) -> None:
    """The command itself, stopped when the calibration has been printed: the old report is there, and nothing else."""
    (site / "report.html").write_text("the old one")
    asked = ("--swf", str(trace(site, days=300)), "--report", str(site / "report.html"), "--quiet")
    running = subprocess.Popen(
        [COMMAND, "burst", "simulate", *asked],
        env={"PATH": os.defpath, "HOME": str(site), "NUMBA_DISABLE_JIT": "1", **coverage_environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=site,
    )
    assert running.stdout is not None
    assert running.stdout.readline().startswith("site.swf: 750 jobs in ")
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, "Traceback" in err) == (130, False)
    assert (site / "report.html").read_text() == "the old one"
    assert {path.name for path in site.iterdir()} == {"burst.yaml", "report.html", "site.swf"}
