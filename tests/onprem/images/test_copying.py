"""What lies around the copiers: which one is there, log-ins, and what complaints mean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from onprem.images.authfile import auth_file
from onprem.images.crane import Crane
from onprem.images.found import copier, program
from onprem.images.saying import complaint, is_absent
from onprem.images.skopeo import Skopeo
from onprem.shell import Completed, LocalShell, ReplayShell
from ris_hybrid.errors import ConfigError, Refused, SiteUnavailable
from ris_hybrid.images.reference import Reference, parse
from ris_hybrid.images.values import Login

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = Login(host="1.dkr.ecr.example.org", user="AWS", password="hush-hush")
SOURCE = parse("quay.io/lee/tool:1")
DIGEST = "sha256:" + "a" * 64
INSPECT = ("skopeo", "inspect", "--raw", "--retry-times", "2", "docker://quay.io/lee/tool:1")


def commands(folder: Path, *names: str) -> str:
    for name in names:
        (folder / name).write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return str(folder)


def test_the_program_the_site_wants_else_the_other_else_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(SiteUnavailable, match="neither skopeo nor crane") as caught:
        program("skopeo", str(tmp_path))
    assert "install skopeo 1.9" in caught.value.hint
    path = commands(tmp_path, "crane")
    assert program("skopeo", path) == "crane"
    assert isinstance(copier("skopeo", LocalShell(), None, path), Crane)
    commands(tmp_path, "skopeo")
    assert (program("skopeo", path), program("crane", path)) == ("skopeo", "crane")
    assert isinstance(copier("skopeo", LocalShell(), None, path), Skopeo)


def test_a_log_in_stands_beside_the_sites_own_and_is_gone_afterwards(tmp_path: Path) -> None:
    own = tmp_path / "auth.json"
    own.write_text('{"auths": {"quay.io": {"auth": "eA=="}}, "credHelpers": {"x": "y"}}', encoding="utf-8")
    own.chmod(0o600)
    with auth_file(LOGIN, own) as path:
        content = json.loads(path.read_text(encoding="utf-8"))
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert set(content["auths"]) == {"quay.io", LOGIN.host}
    assert content["credHelpers"] == {"x": "y"}
    assert not path.parent.exists()


@pytest.mark.parametrize("text", ["{", "[1]", '{"auths": []}'])
def test_log_ins_that_are_none_are_refused_without_showing_them(tmp_path: Path, text: str) -> None:
    own = tmp_path / "auth.json"
    own.write_text(text, encoding="utf-8")
    own.chmod(0o600)
    with pytest.raises(ConfigError, match="expected JSON with auths"), auth_file(None, own):
        pass
    with pytest.raises(ConfigError, match="cannot be read"), auth_file(None, tmp_path / "none"):
        pass


@pytest.mark.parametrize(
    ("said", "kind", "hint"),
    [
        ("unauthorized: authentication required", Refused, "log-in"),
        ("denied: requested access to the resource is denied", Refused, "log-in"),
        ("toomanyrequests: You have reached your pull rate limit", SiteUnavailable, "limits pulls"),
        ("dial tcp: lookup quay.io: no such host", SiteUnavailable, "by hand"),
        ("", SiteUnavailable, "by hand"),
    ],
)
def test_what_a_complaint_means(said: str, kind: type[Exception], hint: str) -> None:
    done = Completed(rc=1, stderr=f'a warning\ntime="2026-11-28T10:00:00Z" level=fatal msg="{said}"\n' if said else "")
    error = complaint("skopeo copy x", done)
    assert isinstance(error, kind)
    assert hint in error.hint
    assert (said or "ended with 1 and said nothing") in error.message
    assert "level=fatal" not in error.message


def test_a_secret_in_a_complaint_is_covered() -> None:
    done = Completed(rc=1, stderr=f"bad request with {LOGIN.password}\n")
    assert complaint("x", done, LOGIN).message == "x: bad request with ***"


def test_a_signed_address_in_a_complaint_is_covered() -> None:
    said = 'reading blob: Get "https://s3.example.org/blob?X-Amz-Signature=abc&X-Amz-Security-Token=def": EOF'
    told = complaint("skopeo copy x", Completed(rc=1, stderr=said)).message
    assert told == 'skopeo copy x: reading blob: Get "https://s3.example.org/blob?***": EOF'


@pytest.mark.parametrize("said", ["manifest unknown", "MANIFEST_UNKNOWN: x", "NAME_UNKNOWN", "name unknown"])
def test_a_registry_that_says_there_is_none(said: str) -> None:
    assert is_absent(Completed(rc=1, stderr=said))
    assert not is_absent(Completed(rc=1, stderr="unauthorized"))


def test_a_page_in_the_place_of_a_manifest_is_no_image() -> None:
    shell = ReplayShell(answers={INSPECT: Completed(rc=0, stdout="<html>proxy</html>")})
    with pytest.raises(SiteUnavailable, match="no manifest"):
        Skopeo(shell).look(SOURCE)


def test_other_bytes_than_the_digest_asked_for_are_refused() -> None:
    argv = (*INSPECT[:-1], f"docker://quay.io/lee/tool@{DIGEST}")
    shell = ReplayShell(answers={argv: Completed(rc=0, stdout='{"schemaVersion": 2, "layers": []}')})
    with pytest.raises(Refused, match="other bytes"):
        Skopeo(shell).look(SOURCE.pinned(DIGEST))


class Says:
    """Every command ends well and says the same."""

    def __init__(self, *stdout: str) -> None:
        self.left = list(stdout)

    def run(self, command: object) -> Completed:
        assert command
        return Completed(rc=0, stdout=self.left.pop(0))


def test_a_copy_that_arrived_as_something_else_is_refused() -> None:
    target = Reference(registry=LOGIN.host, repository="a/b", tag="t")
    with pytest.raises(Refused, match="nothing arrived instead"):
        Skopeo(Says("")).copy(SOURCE.pinned(DIGEST), target, LOGIN)
    with pytest.raises(Refused, match="sha256:b arrived instead"):
        Crane(Says("", "sha256:b\n")).copy(SOURCE.pinned(DIGEST), target, LOGIN)


class FailsAt:
    """Fails at one of its commands."""

    def __init__(self, word: str) -> None:
        self.word = word

    def run(self, command: object) -> Completed:
        failed = f"'{self.word}'" in repr(command)
        return Completed(rc=int(failed), stderr="connection reset" if failed else "")


@pytest.mark.parametrize("word", ["copy", "digest"])
def test_a_copy_by_crane_that_fails_is_told(word: str) -> None:
    target = Reference(registry=LOGIN.host, repository="a/b", tag="t")
    with pytest.raises(SiteUnavailable, match=f"crane {word}.*connection reset"):
        Crane(FailsAt(word)).copy(SOURCE.pinned(DIGEST), target, LOGIN)


def test_a_program_that_does_not_end_has_advice_that_fits() -> None:
    with pytest.raises(SiteUnavailable) as caught:
        Skopeo(ReplayShell(answers={})).look(SOURCE)
    assert "registry" in caught.value.hint
