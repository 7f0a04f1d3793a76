"""The command on the example site, as a person runs it from the top of the product."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
GOLDEN = TOP / "tests" / "golden" / "allocation"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "ris-hybrid"), "allocation", *arguments, "--site", "examples/site"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=TOP)


def test_check_names_file_line_and_field_of_everything_to_mend() -> None:
    done = run("check")
    assert done.returncode == 0
    assert done.stderr == (GOLDEN / "check.stderr").read_text()
    assert done.stdout == (GOLDEN / "check.stdout").read_text()


def test_list_is_a_plain_table_when_piped() -> None:
    done = run("list")
    assert done.returncode == 0
    assert done.stdout == (GOLDEN / "list.stdout").read_text()


def test_list_as_json_says_the_same_and_what_check_warns_about() -> None:
    done = run("list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (GOLDEN / "list.json").read_text()
    warned = [f"{each['file']}:{each['line']}: {each['field']}: " for each in json.loads(done.stdout)["warnings"]]
    lines = (GOLDEN / "check.stderr").read_text().splitlines()
    assert all(line.startswith(f"warning: {start}") for line, start in zip(lines, warned, strict=True))


def test_show_prints_one_lab_with_its_projects() -> None:
    done = run("show", "imaging-core")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (GOLDEN / "show.stdout").read_text()
