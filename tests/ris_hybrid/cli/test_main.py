from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
SITE = "services/storage/allocations"
GOOD = "allocation: {wustlkey: q.example, department_number: 3110, issue_key: A-1, quota: 25T,"
FLAGS = "add_archive: no, afm_cache_enable: no}\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of one allocation with nothing to mend."""
    folder = tmp_path / SITE
    folder.mkdir(parents=True)
    (folder / "q.example.yml").write_text(f"{GOOD} {FLAGS}")
    return tmp_path


def test_an_error_is_a_message_a_hint_and_a_code(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["allocation", "show", "q.examples", "--site", str(site)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "error: no allocation is named 'q.examples' (did you mean q.example?)\nhint: see `ris-hybrid allocation list`\n"
    )


def test_debug_adds_the_trace_of_an_error(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--debug", "allocation", "show", "x", "--site", str(site)]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_the_site_may_come_from_the_environment(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RIS_HYBRID_SITE", str(site))
    assert main(["allocation", "show", "Q.EXAMPLE", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out) == {
        "name": "q.example",
        "wustlkey": "q.example",
        "department": "3110",
        "quota_bytes": 25 * 1024**4,
        "quota": "25T",
        "projects": [],
        "archive": False,
        "afm_cache": False,
        "secure": False,
        "path": "/storage1/fs1/q.example",
        "group": "storage-q.example",
        "lab": "q.example",
        "issue_key": "A-1",
        "cost_center": None,
        "funding_number": None,
        "smb_export_name": None,
        "members": [],
        "platform": "storage1",
        "backend": "gpfs",
        "renamed_from": None,
        "extra": {},
    }


def test_without_a_site_the_example_is_read_and_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RIS_HYBRID_SITE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["allocation", "show", "wucci"]) == 0
    captured = capsys.readouterr()
    assert "example (sandbox) site" in captured.err
    assert "Cryo-EM  lab-wucci-cryo, lab-wucci-fib  -          no\n" in captured.out


def test_an_allocation_without_projects_is_shown_without_their_table(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["allocation", "show", "q.example", "--site", str(site)]) == 0
    assert "PROJECT" not in capsys.readouterr().out


def test_strict_makes_warnings_a_code_and_leaves_a_clean_site_alone(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["allocation", "check", "--strict", "--site", str(site)]) == 0
    assert capsys.readouterr() == ("allocations: 1; quotas: 25.0T; warnings: 0\n", "")
    (site / SITE / "other.yml").write_text("allocation: {wustlkey: x}\n")
    (site / SITE / "vars.yml").write_text("ntp: server\n")
    assert main(["allocation", "check", "--site", str(site)]) == 0
    assert main(["allocation", "check", "--strict", "--site", str(site)]) == 6
    assert f"note: {site / SITE / 'vars.yml'}: not about an allocation: skipped\n" in capsys.readouterr().err


def test_check_as_json_counts_what_it_found(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["allocation", "check", "--json", "--strict", "--site", str(site)]) == 0
    assert json.loads(capsys.readouterr().out) == {"allocations": 1, "warnings": [], "errors": []}


def test_check_gives_errors_as_json_too(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = site / SITE / "other.yml"
    file.write_text("allocation: {wustlkey: x, quota: 5}\n")
    assert main(["allocation", "check", "--json", "--site", str(site)]) == 2
    captured = capsys.readouterr()
    (error,) = json.loads(captured.out)["errors"]
    assert (error["file"], error["line"], error["field"]) == (str(file), 1, "allocation.quota")
    assert captured.err.startswith(f"error: {file}:1: allocation.quota: expected a size above zero")
    assert main(["allocation", "check", "--site", str(site)]) == 2
    assert capsys.readouterr() == ("", captured.err)


def test_a_list_of_a_clean_site_has_no_advice(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["allocation", "list", "--site", str(site)]) == 0
    assert capsys.readouterr().err == "note: allocations: 1; quotas: 25.0T; warnings: 0\n"


@pytest.mark.parametrize("arguments", [["nonsense"], ["allocation"], ["allocation", "show"], ["--debug"], []])
def test_usage_errors_are_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage: ris-hybrid" in capsys.readouterr().err


def test_version_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("ris-hybrid 0.")


def test_help_documents_every_exit_code_and_imports_nothing_heavy() -> None:
    heavy = ("botocore", "moto", "yaml", "rich", "pulumi", "matplotlib", "ris_hybrid.config.schema")
    program = (
        "import sys; from ris_hybrid.cli.app import main; code = main(['--help'])\n"
        f"print(code, [name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("0 []\n")
    words = done.stdout.split()
    assert {"0", "1", "2", "3", "4", "5", "6", "130", "141"} <= set(words)


def test_the_hook_of_the_interpreter_is_put_back() -> None:
    before = sys.excepthook
    main(["--version"])
    assert sys.excepthook is before


class Interrupted(list[str]):
    """Arguments on whose reading Ctrl-C is pressed, before the command has begun."""

    def __iter__(self) -> Iterator[str]:
        raise KeyboardInterrupt


def test_ctrl_c_before_the_command_has_begun_is_130_too() -> None:
    assert main(Interrupted()) == 130


BOOM = """
from ris_hybrid.cli import app
@app.app.command("boom")
def boom() -> None:
    raise RuntimeError("nobody foresaw this")
app.main(["boom"])
"""


def run_into_a_bug(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BOOM]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


def test_what_nobody_foresaw_is_one_line_not_a_traceback() -> None:
    done = run_into_a_bug()
    assert done.returncode == 1
    assert done.stderr.startswith("internal error (this is a bug): RuntimeError: nobody foresaw this\nhint: ")
    assert "Traceback" not in done.stderr
    assert "Traceback" in run_into_a_bug(RIS_HYBRID_DEBUG="1").stderr


def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([COMMAND, "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: output cannot be written: No space left on device\n")


def test_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    pipe = tmp_path / "waits.yml"
    os.mkfifo(pipe)
    arguments = [COMMAND, "allocation", "check", "--site", str(pipe)]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as child, pipe.open("w"):
        child.send_signal(signal.SIGINT)  # the pipe is open at both ends: the command is reading
        _, said = child.communicate(timeout=20)
    assert (child.returncode, said) == (130, "")


@pytest.mark.parametrize("arguments", [["--help"], ["allocation", "list", "--json"], ["--version"]])
def test_a_reader_that_went_away_is_no_noise(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([COMMAND, *arguments], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert done.returncode == 141
    assert done.stderr in ("", "note: no --site given: this is the example (sandbox) site, its labs are made up\n")


def test_nobody_reading_stderr_does_not_end_the_work() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([COMMAND, "allocation", "list", "--json"], stdout=subprocess.PIPE, stderr=writer, check=False)
    os.close(writer)
    assert done.returncode == 0
    assert json.loads(done.stdout)["allocations"]
