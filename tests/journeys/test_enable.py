"""``burst enable`` and ``disable`` on the files of an LSF master, as an admin lives through them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws import model_cut

if TYPE_CHECKING:
    from pathlib import Path


def texts(top: Path) -> dict[str, str]:
    """Every file below LSF_TOP with its text and mode."""
    return {
        str(path.relative_to(top)): f"{path.stat().st_mode:o} {path.read_text()}"
        for path in sorted(top.rglob("*"))
        if path.is_file()
    }


def test_a_dry_run_shows_every_file_and_changes_none(master: Any, golden: Any) -> None:
    before = texts(master.top)
    done = master.run("burst", "enable", "--dry-run", "--addresses", "10.8.0.0/16")
    assert texts(master.top) == before
    assert master.asked() == []
    parts = master.plain(done.stdout).split("--- ")
    (ours,) = [part for part in parts if "+++ TOP/conf/resource_connector/ris-aws/conf/ris-provider.json" in part]
    assert '+        "templateId": "cpu",' in ours
    (told,) = [part for part in parts if "+++ TOP/conf/resource_connector/ris-aws/conf/userdata-cpu.yaml" in part]
    assert "+    RIS_FLAGS='awshost docker'" in told
    golden("enable/dry-run.diff", "--- ".join(part for part in parts if part not in {ours, told}))
    golden("enable/dry-run.stderr", master.plain(done.stderr))


def test_on_again_and_off(master: Any) -> None:
    before = texts(master.top)
    done = master.run("burst", "enable", "--addresses", "10.8.0.0/16")
    on = texts(master.top)
    assert master.asked() == ["lsadmin ckconfig -v", "badmin ckconfig -v"]
    assert "next: lsadmin limrestart -f master1 master2  # " in done.stdout
    assert "next: badmin mbdrestart -f  # " in done.stdout
    assert "RC_HOSTS: kept 'none', because an admin set it; wanted 'awshost'" in done.stderr
    ours = master.conf / "resource_connector" / "ris-aws"
    assert os.access(ours / "scripts" / "requestMachines.sh", os.X_OK)
    assert model_cut.loader_for(ours / "conf") is not None
    assert (ours / "conf" / "userdata-cpu.yaml").read_text() == master.run("burst", "userdata", "--pool", "cpu").stdout
    listed = json.loads((ours.parent / "hostProviders.json").read_text())["providers"]
    assert [entry["name"] for entry in listed] == ["aws", "ris-aws"]
    assert json.loads((ours.parent / "policy_config.json").read_text())["Policies"] == []

    again = master.run("burst", "enable")
    assert again.stdout.startswith("nothing to change: ris-aws is switched on in ")
    assert texts(master.top) == on
    assert master.asked() == []

    done = master.run("burst", "enable", "--apply")
    assert master.asked() == ["lsadmin limrestart -f master1 master2", "badmin mbdrestart -f"]
    assert "next: " not in master.run("burst", "enable").stdout

    shown = master.run("burst", "disable", "--dry-run").stdout
    assert "-LSB_RC_EXTERNAL_HOST_IDLE_TIME=10\n" in shown
    assert "+++ /dev/null\n" in shown
    assert texts(master.top).keys() == on.keys()
    done = master.run("burst", "disable", "--apply")
    assert texts(master.top) == before
    assert not ours.exists()
    assert master.asked()[2:] == ["lsadmin limrestart -f master1 master2", "badmin mbdrestart -f"]
    assert "which machines are left is unknown" in done.stderr
    assert master.run("burst", "disable").stdout.startswith("nothing to change: ris-aws is not switched on")


def test_what_an_admin_changes_meanwhile_is_kept(master: Any) -> None:
    master.run("burst", "enable", "--addresses", "10.8.0.0/16")
    conf = master.conf / "lsf.conf"
    conf.write_text(conf.read_text().replace("IDLE_TIME=10", "IDLE_TIME=25") + "LSB_RC_QUERY_INTERVAL=60\n")
    queues = master.queues.read_text().replace("PRIORITY     = 30", "PRIORITY     = 31")
    master.queues.write_text(queues)
    edited = texts(master.top)

    again = master.run("burst", "enable")
    assert "LSB_RC_EXTERNAL_HOST_IDLE_TIME: kept '25', because an admin set it; wanted '10'" in again.stderr
    assert texts(master.top) == edited

    done = master.run("burst", "disable")
    assert "kept, because an admin wrote it: LSB_RC_EXTERNAL_HOST_IDLE_TIME=25" in done.stderr
    left = conf.read_text()
    assert "ris-hybrid" not in left
    assert left.endswith("LSF_DYNAMIC_HOST_WAIT_TIME=2\nLSB_RC_EXTERNAL_HOST_IDLE_TIME=25\nLSB_RC_QUERY_INTERVAL=60\n")
    assert master.queues.read_text() == queues.split("# ris-hybrid")[0] + queues.split("to here\n")[1]


def test_a_provider_listed_meanwhile_stays(master: Any) -> None:
    path = master.conf / "resource_connector" / "hostProviders.json"
    master.run("burst", "enable")
    body = json.loads(path.read_text())
    body["providers"].append({"name": "azure", "type": "azureProv", "confPath": "a", "scriptPath": "a"})
    path.write_text(json.dumps(body, indent=4))
    master.run("burst", "disable")
    assert [entry["name"] for entry in json.loads(path.read_text())["providers"]] == ["aws", "azure"]


def test_files_lsf_does_not_accept_are_put_back(master: Any) -> None:
    before = texts(master.top)
    (master.folder / "broken").touch()
    done = master.run("burst", "enable", code=6)
    assert "error: lsadmin ckconfig -v: lsb.queues: bad line / There are fatal errors." in done.stderr
    assert "hint: every file is as it was." in done.stderr
    assert texts(master.top) == before
    (master.folder / "broken").unlink()
    master.run("burst", "enable")
    on = texts(master.top)
    (master.folder / "broken").touch()
    master.run("burst", "disable", code=6)
    assert texts(master.top) == on


def test_without_lsfs_commands_nothing_is_written(master: Any) -> None:
    before = texts(master.top)
    (master.folder / "bin" / "badmin").unlink()
    assert "cannot run badmin" in master.run("burst", "enable", code=4).stderr
    assert texts(master.top) == before


def test_a_key_is_replaced_when_asked_and_given_back(master: Any) -> None:
    before = texts(master.top)
    master.run("burst", "enable", "--replace", "RC_HOSTS")
    assert "RC_HOSTS     = awshost" in master.queues.read_text().split("wucci")[1]
    on = texts(master.top)
    assert master.run("burst", "enable").stdout.startswith("nothing to change")  # it need not be said again
    assert texts(master.top) == on
    master.run("burst", "disable")
    assert texts(master.top) == before


def test_a_change_of_burst_yaml_changes_our_lines_only(master: Any) -> None:
    before = texts(master.top)
    master.run("burst", "enable")
    yaml = master.folder / "burst.yaml"
    yaml.write_text(yaml.read_text() + "  idle_minutes: 5\n")
    done = master.run("burst", "enable")
    assert "LSB_RC_EXTERNAL_HOST_IDLE_TIME=5\n" in (master.conf / "lsf.conf").read_text()
    assert "kept '10'" not in done.stderr
    master.run("burst", "disable")
    assert texts(master.top) == before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cluster: c1", "cluster: c9", "expected lsf.cluster.c9, found cluster c1"),
        ("[general, wucci]", "[missing]", "expected a queue missing, found none"),
        (
            "provider: ris-aws",
            "provider: aws",
            "provider aws is there with type awsProv, confPath",
        ),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_written(master: Any, old: str, new: str, words: str) -> None:
    before = texts(master.top)
    yaml = master.folder / "burst.yaml"
    yaml.write_text(yaml.read_text().replace(old, new))
    assert words in master.run("burst", "enable", code=2).stderr
    assert texts(master.top) == before
