"""LSF's configuration texts: read as LSF reads them, changed as little as can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onprem.lsf.conf import assignments, batch, places, reconfig, tables, wanted
from onprem.lsf.conf.edits import Edit, Want, includes
from onprem.lsf.conf.reconfig import CheckFailed
from onprem.shell import Completed, ReplayShell
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.planner_settings import Planner, Steering
from ris_hybrid.settings import Life

EDIT = Edit(owner="ris")
FROM, TO = "# ris-hybrid (ris) from here\n", "# ris-hybrid (ris) to here\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("KEY=a\n", "a"),
        ('  KEY = "a b"  # why\n', "a b"),
        ("KEY='a b'\n", "a b"),
        ("KEY=a\nKEY=b\n", "b"),
        ("# KEY=a\n", None),
        ("KEY=a \\\n  b\n", "a    b"),
        ("KEY=a#b\n", "a#b"),
        ("KEYS=a\nnothing here\n", None),
        ("KEY=", ""),
    ],
)
def test_assignments_are_read_as_lsf_reads_them(text: str, value: str | None) -> None:
    assert assignments.values(text).get("KEY") == value


@pytest.mark.parametrize(
    ("text", "after", "kept"),
    [
        ("A=1\n", f"A=1\n{FROM}KEY=10\n{TO}", None),
        ("A=1", f"A=1\n{FROM}KEY=10\n{TO}", None),
        ("", f"{FROM}KEY=10\n{TO}", None),
        ("KEY=10\n", "KEY=10\n", None),
        ('KEY="10"\n', 'KEY="10"\n', None),
        ("KEY=5\n", "KEY=5\n", "5"),
        ("KEY=10\nKEY=5\n", "KEY=10\nKEY=5\n", "5"),
    ],
)
def test_a_key_is_added_left_or_kept(text: str, after: str, kept: str | None) -> None:
    edited = assignments.set_keys(text, [Want(key="KEY", value="10")], EDIT, "lsf.conf")
    assert (edited.text, [one.has for one in edited.kept]) == (after, [] if kept is None else [kept])


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("KEY=5 # why\nB=1\n", "KEY=10\nB=1\n"),
        ('  KEY = "5"\n', "  KEY = 10\n"),
        ("KEY=5 \\\n 6\nB=1\n", "KEY=10\n\nB=1\n"),
    ],
)
def test_a_key_that_may_be_replaced_is_set_where_it_stands(text: str, after: str) -> None:
    edit = replace(EDIT, replace=frozenset({"KEY"}))
    edited = assignments.set_keys(text, [Want(key="KEY", value="10")], edit, "lsf.conf")
    assert (edited.text, edited.kept) == (after, ())


def test_a_list_that_has_our_word_is_enough() -> None:
    assert [includes(has, "a") for has in ("a", "b a", "all", "b", "none", "")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("text", ["Begin Queue\n", "End Queue\n", "Begin Queue\nBegin Queue\nEnd Queue\n"])
def test_a_section_that_is_not_closed_is_told_with_its_line(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^lsb\.queues:1: expected"):
        batch.queues(text, "lsb.queues")


def test_rows_follow_the_columns_of_the_table() -> None:
    text = "Begin Resource\nRESOURCENAME DESCRIPTION TYPE\nother (text) Boolean\nours (text) String\nEnd Resource\n"
    wants = {"new": ("Boolean", "one more"), "ours": ("Boolean", "")}
    edited = tables.declare(text, wants, EDIT, "lsf.shared")
    assert f"{FROM}   new             (one more) Boolean\n{TO}End Resource\n" in edited.text
    assert [(one.key, one.has, one.wanted) for one in edited.kept] == [("ours", "String", "Boolean")]
    assert tables.resources(edited.text, "lsf.shared") == {"other": "Boolean", "ours": "String", "new": "Boolean"}


@pytest.mark.parametrize("text", ["", "Begin Cluster\nClusterName\nc1\nEnd Cluster\n"])
def test_a_table_that_is_missing_is_made(text: str) -> None:
    edited = tables.declare(text, {"new": ("Boolean", "x")}, EDIT, "lsf.shared")
    assert tables.resources(edited.text, "lsf.shared") == {"new": "Boolean"}
    again = tables.declare(edited.text, {"new": ("Boolean", "x")}, EDIT, "lsf.shared")
    assert again.text == edited.text
    loaded = tables.load_module("", "schmod_demand", EDIT, "lsb.modules").text
    assert tables.modules(loaded, "lsb.modules") == ("schmod_demand",)


def test_addresses_go_into_the_parameters() -> None:
    without = "Begin Host\nHOSTNAME\nEnd Host\n"
    for text in (without, f"Begin Parameters\nPRODUCTS=x\nEnd Parameters\n{without}"):
        edited = batch.set_range(text, "10.8.*.*", EDIT, "lsf.cluster.c1")
        assert batch.address_range(edited.text, "lsf.cluster.c1") == "10.8.*.*"
    with pytest.raises(ConfigError, match="expected a Host section"):
        batch.set_range("", "10.8.*.*", EDIT, "lsf.cluster.c1")


@pytest.mark.parametrize(
    ("given", "pattern"),
    [
        ("10.8.0.0/16", "10.8.*.*"),
        ("10.8.16.0/20", "10.8.16-31.*"),
        ("10.8.1.64/26", "10.8.1.64-127"),
        ("10.8.1.7/32", "10.8.1.7"),
        ("0.0.0.0/0", "*.*.*.*"),
        ("10.8.*.* 10.9.1-3.*", "10.8.*.* 10.9.1-3.*"),
        ("10.8.0.1/16", None),
        ("cloud", None),
    ],
)
def test_a_network_becomes_lsfs_pattern(given: str, pattern: str | None) -> None:
    if pattern is not None:
        assert batch.as_range(given) == pattern
    else:
        with pytest.raises(ConfigError, match="addresses: "):
            batch.as_range(given)


def test_what_the_files_must_say_follows_burst_yaml(make: Any) -> None:
    pools = (make.pool(queues=("a", "b"), labs=("lee",)), make.pool("two", queues=("b",), labs=("lee", "kim")))
    settings = make.settings(pools=pools, life=Life(idle_minutes=0.2, lifetime_hours=1.5))
    conf = {want.key: want.value for want in wanted.lsf_conf(settings)}
    assert (conf["LSB_RC_EXTERNAL_HOST_IDLE_TIME"], conf["LSB_RC_EXTERNAL_HOST_MAX_TTL"]) == ("1", "90")
    assert "LSB_RC_EXTERNAL_HOST_MAX_TTL" not in {want.key for want in wanted.lsf_conf(make.settings())}
    queues = {name: [(want.key, want.value) for want in wants] for name, wants in wanted.queues(settings).items()}
    assert queues == {"a": [("RC_HOSTS", "awshost"), ("RC_ACCOUNT", "lee")], "b": [("RC_HOSTS", "awshost")]}


PLANNED = Planner(steering=Steering(queues={"a": "a-burst"}))


def test_in_planned_mode_burst_queues_borrow_and_ordinary_ones_do_not(make: Any) -> None:
    settings = make.settings(mode="planned", planner=PLANNED, pools=(make.pool(queues=("a",), labs=("lee",)),))
    queues = {
        name: [(want.key, want.value, want.add) for want in wants] for name, wants in wanted.queues(settings).items()
    }
    assert queues == {
        "a": [("RC_HOSTS", "none", False)],
        "a-burst": [("RC_HOSTS", "awshost", True), ("RC_ACCOUNT", "lee", True)],
    }
    assert wanted.copies(settings) == {"a-burst": "a"}
    assert "risburst" not in wanted.resources(settings)
    shadow = replace(settings, mode="shadow")
    assert (list(wanted.queues(shadow)), wanted.copies(shadow)) == (["a"], {})


def test_by_flag_queues_stay_and_the_flag_is_declared(make: Any) -> None:
    planner = Planner(steering=Steering(way="flag", flag="onlycloud"))
    settings = make.settings(mode="planned", planner=planner, pools=(make.pool(queues=("a",)),))
    assert (list(wanted.queues(settings)), wanted.copies(settings)) == (["a"], {})
    assert wanted.resources(settings)["onlycloud"][0] == "Boolean"


MODEL = """\
Begin Queue
QUEUE_NAME = a
# PRIORITY = 20
PRIORITY   = 30
#if time(19:00-7:00)
RUNLIMIT   = 60
#endif
HOSTS      = h1 \\
             h2  # two
DESCRIPTION = long \\
  text
RC_HOSTS   = awshost
rc_demand_policy = x
FAIRSHARE_QUEUES = a b

RERUNNABLE = yes
End Queue
"""


def test_a_burst_queue_is_made_like_its_ordinary_one(make: Any) -> None:
    settings = make.settings(mode="planned", planner=PLANNED, pools=(make.pool(queues=("a",)),))
    keys, twins = wanted.queues(settings), wanted.copies(settings)
    edited = batch.copy_queues(MODEL, twins, keys, EDIT, "lsb.queues").text
    assert edited == (
        f"{MODEL}{FROM}Begin Queue\n"
        "QUEUE_NAME   = a-burst\n"
        "DESCRIPTION  = jobs of a that the planner sends to the cloud\n"
        "RC_HOSTS     = awshost\n"
        "PRIORITY   = 30\n#if time(19:00-7:00)\nRUNLIMIT   = 60\n#endif\n"
        "HOSTS      = h1 \\\n             h2  # two\n"
        f"RERUNNABLE = yes\nEnd Queue\n{TO}"
    )
    made = batch.queues(edited, "lsb.queues")["a-burst"]
    assert (made.value("HOSTS"), made.value("RC_HOSTS")) == ("h1               h2", "awshost")
    assert batch.copy_queues(edited, twins, keys, EDIT, "lsb.queues").text == edited
    settled = batch.set_queues(edited, keys, EDIT, "lsb.queues")
    assert settled.text == edited
    assert [(one.key, one.has, one.wanted) for one in settled.kept] == [("RC_HOSTS", "awshost", "none")]
    with pytest.raises(ConfigError, match="expected a queue b, found none"):
        batch.copy_queues(MODEL, {"b-burst": "b"}, keys, EDIT, "lsb.queues")


@pytest.mark.parametrize(
    ("changed", "commands"),
    [
        (["lsf.conf"], ["lsadmin limrestart -f m1 m2", "badmin mbdrestart -f"]),
        (["lsf.cluster.c1", "lsb.queues"], ["lsadmin limrestart -f m1 m2", "badmin mbdrestart -f"]),
        (["lsb.queues"], ["badmin reconfig -f"]),
        (["lsb.queues", "hostProviders.json"], ["badmin mbdrestart -f"]),
        (["ris-provider.json", "policy.sh"], []),
    ],
)
def test_only_what_is_needed_is_restarted(changed: list[str], commands: list[str]) -> None:
    assert [" ".join(step.argv) for step in reconfig.steps(changed, ("m1", "m2"))] == commands


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Completed(rc=0, stdout="No errors found."), None),
        (Completed(rc=0, stdout="There are warning errors."), None),
        (Completed(rc=0, stdout="a: bad\nThere are fatal errors."), "a: bad / There are fatal errors."),
        (Completed(rc=255), "exit code 255"),
    ],
)
def test_lsfs_check_is_read(answer: Completed, said: str | None) -> None:
    shell = ReplayShell(answers=dict.fromkeys(reconfig.CHECKS, answer))
    if said is None:
        reconfig.check(shell)
        assert [command.argv for command in shell.asked] == list(reconfig.CHECKS)
    else:
        with pytest.raises(CheckFailed, match=f"lsadmin ckconfig -v: {said}"):
            reconfig.check(shell)


def test_a_restart_that_fails_is_told() -> None:
    step = reconfig.Step(argv=("badmin", "mbdrestart", "-f"), why="")
    shell = ReplayShell(answers={step.argv: Completed(rc=1, stderr="not an administrator")})
    with pytest.raises(SiteUnavailable, match="not an administrator"):
        reconfig.run(step, shell)


def test_files_are_found_as_lsf_finds_them(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match=r"lsf\.conf: cannot be read"):
        places.find(tmp_path, "c1")
    (tmp_path / "lsf.conf").write_text(f"LSB_CONFDIR=/b\nLSB_SHAREDIR=/s\nLSF_TOP={tmp_path}\n")
    (tmp_path / "lsf.cluster.c1").touch()
    files = places.find(tmp_path, "c1")
    assert (str(files.queues), str(files.data)) == ("/b/c1/configdir/lsb.queues", "/s/c1/resource_connector")
    assert files.candidates == ()
