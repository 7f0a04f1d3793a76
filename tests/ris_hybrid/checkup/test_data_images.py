"""Programs that copy images: which is there, and its version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onprem.shell import Completed, LocalShell, ReplayShell
from ris_hybrid.checkup import data_images
from ris_hybrid.sandbox.images import shelf

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.checkup.finding import Finding


def found(folder: Path, wanted: str, said: str = "skopeo version 1.9.3\n") -> list[Finding]:
    done = Completed(rc=0, stdout=said)
    shell = ReplayShell(answers={("skopeo", "--version"): done, ("crane", "version"): done})
    return list(data_images.look(wanted, shell, str(folder)))


def program(folder: Path, name: str) -> None:
    (folder / name).touch(mode=0o755)


def test_none_is_a_word_of_advice(tmp_path: Path) -> None:
    (told,) = found(tmp_path, "skopeo")
    assert (told.name, told.ok, told.needed, told.text) == ("program skopeo", False, False, "not on PATH")


@pytest.mark.parametrize(("wanted", "there"), [("skopeo", "crane"), ("crane", "skopeo")])
def test_the_other_one_serves(tmp_path: Path, wanted: str, there: str) -> None:
    program(tmp_path, there)
    lacks, other = found(tmp_path, wanted)
    assert (lacks.ok, lacks.needed, lacks.text) == (False, False, f"not on PATH, but {there} is")
    assert (other.name, other.ok, other.text) == (f"program {there}", True, "version 1.9.3")


@pytest.mark.parametrize(
    ("said", "ok", "text"),
    [
        ("skopeo version 1.18.0-dev commit: 1a\n", True, "version 1.18.0-dev"),
        ("skopeo version 1.4.1\n", False, "version 1.4.1"),
        ("", False, "does not tell its version (exit code 0)"),
    ],
)
def test_an_old_one_is_told(tmp_path: Path, said: str, ok: bool, text: str) -> None:
    program(tmp_path, "skopeo")
    (told,) = found(tmp_path, "skopeo", said)
    assert (told.ok, told.needed, told.text) == (ok, True, text)


def test_the_sandboxs_own_tell_versions(tmp_path: Path) -> None:
    shelf.install_commands(tmp_path / "bin", tmp_path)
    shell = LocalShell(environment={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
    for wanted, text in (("skopeo", "version 1.9.3"), ("crane", "version 0.20.0")):
        (told,) = data_images.look(wanted, shell, str(tmp_path / "bin"))
        assert (told.ok, told.text) == (True, text)
