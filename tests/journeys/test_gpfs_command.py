"""``ris-hybrid gpfs`` on the sandbox's Spectrum Scale: what it shows and changes, and that no secret comes out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.cli.app import main
from ris_hybrid.sandbox.scale.server import ScaleGui, start
from ris_hybrid.sandbox.scale.state import Scale as Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD, ACCESS, SECRET = "pass word:1", "AKIAEXAMPLE", "topsecretvalue"
SECRETS = (PASSWORD, ACCESS, SECRET, "cmlzOnBhc3Mgd29yZDox")
LEE = "/storage1/fs1/lee/Active"


class Site:
    """data.yaml with its secrets, and the cluster it names."""

    def __init__(self, folder: Path) -> None:
        cluster = Cluster(users={"ris": (PASSWORD, "StorageAdmin")}, page=2)
        of = cluster.add_file_system("rdcw-fs1", "/storage1/fs1")
        usage = {"block_limit": 25 * 1024**3, "block_usage": 3 * 1024**2, "files_usage": 7, "has_quota": True}
        of.add("lee_active", LEE, snapshots=["20261103-lee_active"], comment="ITDEV-20001", **usage)
        of.acls["lee/Active"] = [{"type": "allow", "who": "group:storage-lee", "permissions": "rwx", "flags": "fd"}]
        caches = cluster.add_file_system("cache1", "/cache1/fs1")
        caches.add("lee_cache", "/cache1/fs1/lee", afm_mode="independent-writer", afm_target="gpfs:///storage1/fs1/lee")
        caches.filesets[-1].cache_state, caches.filesets[-1].queued = "Dirty", 12
        self.cluster, self.cache = cluster, caches.filesets[-1]
        self.folder = folder
        self.state = folder / "scale.json"
        self.gui: ScaleGui = start(cluster, file=self.state)
        self.password = self._private("gui.password", PASSWORD)
        self.keys = self._private("lee.keys", f"{ACCESS}:{SECRET}")
        self.conf = folder / "data.yaml"
        self.write(f"guis: [{self.gui.url}]\n  user: ris\n  password_file: gui.password\n  cache: cache1")

    def write(self, gpfs: str) -> None:
        self.conf.write_text(f"gpfs:\n  file_system: rdcw-fs1\n  {gpfs}\n")

    def _private(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(f"{text}\n")
        path.chmod(0o600)
        return path

    def changes(self) -> list[str]:
        return [call for call in self.cluster.calls if not call.startswith("GET")]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.gui.stop()


@pytest.fixture
def run(site: Site, capsys: pytest.CaptureFixture[str]) -> Any:
    """``run(*arguments)``: exit code, stdout and stderr, none of which has a secret."""

    def ran(*arguments: str) -> tuple[int, str, str]:
        code = main(["gpfs", *arguments, "--conf", str(site.conf)])
        out, err = capsys.readouterr()
        for secret in SECRETS:
            assert secret not in out + err
            assert not any(secret in argument for argument in arguments)
        return code, out, err

    return ran


def test_show_is_a_table_and_says_who_told(run: Any, golden: Any) -> None:
    code, out, err = run("show")
    assert (code, err) == (0, "note: filesets by rest, quotas by rest, snapshots by rest\n")
    golden("scale/show.stdout", out)
    code, out, _ = run("show", "lee_active")
    assert "20261103-lee_active" in out
    assert "lee_cache" not in out


def test_what_one_surface_does_not_know_is_warned_of(run: Any, site: Site) -> None:
    del site.cluster.file_systems["cache1"]
    code, out, err = run("show")
    assert (code, "lee_active" in out) == (0, True)
    assert "warning: filesets: not known: rest: " in err


def test_show_as_json_has_bytes(run: Any) -> None:
    code, out, _ = run("show", "lee_active", "--json")
    (lee,) = json.loads(out)["filesets"]
    assert (code, lee["quota_bytes"], lee["used_bytes"]) == (0, 25 * 1024**4, 3 * 1024**3)


def test_a_fileset_that_nobody_knows_is_a_wrong_name(run: Any) -> None:
    code, _, err = run("show", "lee_activ")
    assert code == 2
    assert "lee_active" in err


def test_an_access_list_in_order(run: Any) -> None:
    code, out, _ = run("acl", LEE)
    assert (code, out.splitlines()[1].split()) == (0, ["allow", "group:storage-lee", "rwx", "fd"])
    assert json.loads(run("acl", LEE, "--json")[1])["entries"][0]["who"] == "group:storage-lee"
    assert run("acl", "/storage1/fs1/other")[0] == 4


def test_a_cache_with_work_in_it_is_busy_and_not_flushed_by_rest(run: Any, site: Site) -> None:
    code, out, _ = run("cache", "lee_cache", "--check")
    assert code == 6
    assert "busy" in out
    assert run("cache", "lee_cache")[0] == 0
    code, _, err = run("flush", "lee_cache")
    assert code == 5
    assert "mmafmctl cache1 flushPending -j lee_cache" in err
    site.cache.cache_state, site.cache.queued = "Active", 0
    assert json.loads(run("cache", "lee_cache", "--json", "--check")[1])["health"] == "clean"
    assert run("flush", "lee_cache")[1].startswith("unchanged: ")


def test_changes_are_rehearsed_first_and_done_once(run: Any, site: Site) -> None:
    site.cluster.script.polls = 0
    changes = [
        ("create-fileset", "new_active", "/storage1/fs1/new/Active", "--comment", "ITSD-1"),
        ("set-quota", "lee_active", "26T"),
        ("relate", "landing", "lee-bucket", "--key-file", str(site.keys)),
    ]
    renewal = ("renew-keys", "lee-bucket", "--key-file", str(site.keys))
    assert '"secretKey": "***"' in run(*renewal)[1]
    assert site.changes() == []
    for change, outcome in zip(changes, ("created", "changed", "created"), strict=True):
        code, out, err = run(*change)
        assert (code, site.changes()) == (0, [])
        assert out.startswith(("POST ", "PUT "))
        assert f"with --apply it would be {outcome}" in err
        code, out, _ = run(*change, "--apply")
        assert (code, out.split(":")[0]) == (0, outcome)
        assert run(*change, "--apply")[1].startswith("unchanged: ")
        assert run(*change)[1].startswith("unchanged: ")
        site.cluster.calls.clear()
    assert "lee-bucket" in site.state.read_text()


def test_the_sandbox_remembers_what_was_changed(run: Any, site: Site) -> None:
    site.cluster.script.polls = 0
    run("set-quota", "lee_active", "26T", "--apply")
    site.gui.stop()
    again = Cluster(users=site.cluster.users)
    site.gui = start(again, file=site.state)
    site.write(f"guis: [{site.gui.url}]\n  user: ris\n  password_file: gui.password")
    assert run("set-quota", "lee_active", "26T", "--apply")[1].startswith("unchanged")


def test_no_secret_is_in_what_the_sandbox_keeps(run: Any, site: Site) -> None:
    site.cluster.script.polls = 0
    run("relate", "landing", "lee-bucket", "--key-file", str(site.keys), "--apply")
    kept = site.state.read_text()
    assert not [secret for secret in SECRETS if secret in kept]
    assert any(job.data.get("secretKey") == SECRET for job in site.cluster.jobs.values())  # echoed, as GPFS does


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (lambda site: site.password.chmod(0o644), 2, "chmod 600"),
        (lambda site: site.password.write_text("wrong\n"), 4, "does not accept the password"),
        (lambda site: site.gui.stop(), 4, "cannot be reached"),
        (lambda site: site.write("commands: true"), 4, "cannot run mm"),
    ],
)
def test_what_cannot_be_asked_is_said(run: Any, site: Site, change: Any, code: int, said: str) -> None:
    change(site)
    found, _, err = run("cache", "lee_cache")
    assert found == code
    assert said in err
    listed, out, err = run("show")
    assert (listed, out) == (code, "")
    assert said in err


def test_changes_need_rest_and_a_size(run: Any, site: Site) -> None:
    assert run("set-quota", "lee_active", "25")[0] == 2
    site.write("commands: true")
    code, _, err = run("set-quota", "lee_active", "25T")
    assert code == 2
    assert "gpfs.guis" in err


def test_a_job_that_fails_repeats_no_key(run: Any, site: Site) -> None:
    site.cluster.script.polls = 0
    site.cluster.script.fail_jobs = [("EFSSG0019C", f"mmafmcoskeys lee-bucket set {ACCESS} {SECRET}: refused")]
    code, _, err = run("relate", "landing", "lee-bucket", "--key-file", str(site.keys), "--apply")
    assert code == 5
    assert "EFSSG0019C" in err
    code, _, err = run("relate", "landing", "lee-bucket", "--key-file", str(site.keys), "--apply", "--mode", "xx")
    assert code == 2


def test_a_trace_shows_no_secret_either(site: Site) -> None:
    site.cluster.script.polls = 0
    site.cluster.script.fail_jobs = [("EFSSG0019C", f"accessKey={ACCESS} secretKey={SECRET}")]
    command = [str(Path(sys.executable).parent / "ris-hybrid"), "--debug", "gpfs", "relate", "landing", "lee-bucket"]
    command += ["--key-file", str(site.keys), "--conf", str(site.conf), "--apply"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 5
    assert "Traceback" in done.stderr
    assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr]


def test_the_mirror_asks_scale_where_its_file_says_so(
    site: Site, example_site: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(site.folder / "sandboxes"))
    mirror = example_site / "mirror.yaml"
    mirror.write_text(f"{mirror.read_text()}\ndata: {site.conf}\n")
    code = main(["mirror", "plan", "--site", str(example_site), "--offline", "--json"])
    out, _ = capsys.readouterr()
    assert code == 0
    assert json.loads(out)
    assert any(call.endswith("rdcw-fs1/filesets") for call in site.cluster.calls)
    assert not any("cache1" in call for call in site.cluster.calls)
