"""Rules of the house that no other tool checks."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

import ris_hybrid
from burst.rc import conf, templates

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(ris_hybrid.__file__).parents[1]
ROOMS = ("ris_hybrid", "onprem", "burst", "stacks", "policies")
MOST_LINES = 300


def written() -> Iterator[tuple[Path, str]]:
    """Every text file of the product, tests and documents included."""
    folders = [*ROOMS, "tests", "docs", "examples", "bench", ".ci"]
    paths = [path for folder in folders for path in (TOP / folder).rglob("*")]
    for path in sorted([*paths, *TOP.glob("*")]):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".coverage"):
            yield path.relative_to(TOP), path.read_bytes().decode("utf-8", errors="replace")


def modules_after(program: str, *arguments: str) -> set[str]:
    """What a fresh interpreter has imported once it has run the program."""
    program = f"import sys\n{program}\nprint('\\n'.join(sys.modules))"
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=TOP, env={"PATH": os.defpath})
    return set(done.stdout.split())


@pytest.mark.parametrize("room", ROOMS)
def test_the_rooms_are_ours(room: str) -> None:
    """Their names are taken on public indexes: a foreign package must not stand in for one."""
    found = importlib.import_module(room).__file__
    assert found is not None
    assert Path(found) == TOP / room / "__init__.py"


def test_templates_are_answered_without_anything_heavy(tmp_path: Path, make: Any) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / templates.FILE_NAME).write_text(conf.dump(make.settings()))
    program = (
        "from ris_hybrid import hook\ncode, answer = hook.run(sys.argv[1:3] + ['none'], {'PRO_CONF_DIR': sys.argv[3]})"
    )
    program += "\nassert code == 0 and answer['templates'], answer"
    loaded = modules_after(program, "getAvailableTemplates", "-f", str(tmp_path))
    heavy = {"boto3", "botocore", "pydantic", "yaml", "typer", "rich", "subprocess", "dataclasses", "pathlib"}
    heavy |= {"numba", "numpy", "scipy"}
    assert "burst.rc.templates" in loaded
    assert not loaded & heavy


def test_the_command_starts_light() -> None:
    loaded = modules_after("import ris_hybrid.cli.app")
    assert "typer" in loaded
    assert not loaded & {"botocore", "moto", "matplotlib", "pulumi", "pydantic", "yaml"}


def test_no_module_is_long() -> None:
    lengths = {
        str(path): text.count("\n") for path, text in written() if path.suffix == ".py" and path.parts[0] in ROOMS
    }
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_file_names_a_package_index_or_a_path_of_this_machine() -> None:
    """Where packages come from and where the checkout lies is the machine's own matter."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    urls = re.findall(r"https?://[^\s'\"]+", f"{listed} {os.environ.get('PIP_INDEX_URL', '')}")
    hosts = {urlsplit(url).hostname or "" for url in urls} | {"pypi" + ".org", "pythonhosted" + ".org"}
    places = [f"{Path.home()}/", *([str(TOP)] if len(TOP.parts) > 2 else [])]
    words = [*(re.escape(host) for host in hosts if host), *(rf"(?<![\w./>}}-]){re.escape(place)}" for place in places)]
    named = re.compile("|".join(words))
    found = {str(path): match[0] for path, text in written() if (match := named.search(text))}
    assert found == {}


def test_every_provider_script_starts_the_hook_and_nothing_else() -> None:
    for script in (TOP / "burst" / "rc" / "scripts").glob("*.sh"):
        assert script.read_text().count("\n") == 2, script.name


def test_golden_files_of_the_provider_are_strict_json() -> None:
    for path in (TOP / "tests" / "golden" / "rc").glob("*.json"):
        json.loads(path.read_text(), parse_constant=pytest.fail)
