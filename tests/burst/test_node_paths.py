"""A node's paths: there before LSF is, watched from then on. The shell is real, the table of mounts is a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.pool_settings import PathMount
from tests.burst.node_place import Place, install

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "ip-10-80-0-7.ec2.internal"
ACTIVE = PathMount(
    path="/storage1/fs1/wucci/Active", kind="s3", source="ris-prod-wucci", prefix="Active/", owner_gid=1200
)
HANGS = 'while [ -e "$HANG" ]; do sleep 0.02; done'


def settle(place: Place, make: Any) -> None:
    """Written as for a machine, with the site's paths below the test's folder."""
    install(place, make, labs=("wucci",), paths=(ACTIVE,))
    mounts = place.etc / "mounts"
    mounts.write_text(mounts.read_text().replace(" /storage1/fs1", f" {place.root}/fs1"))


@pytest.fixture
def node(place: Place, make: Any) -> Iterator[Place]:
    """A machine that has become a host, with a path of NFS and one of S3."""
    settle(place, make)
    place.more_env["HANG"] = str(place.root / "hang")
    done = place.run("boot.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    place.forget()
    keep_comments(place)
    yield place
    (place.root / "hang").unlink(missing_ok=True)


def lose(node: Place, *names: str) -> None:
    """Mounts that are gone, and cannot be mounted again."""
    table = node.root / "mounted"
    kept = [line for line in table.read_text().splitlines() if not line.split()[1].endswith(names)]
    table.write_text("".join(f"{line}\n" for line in kept))
    node.command("mount", "exit 32")


def hosts_say(node: Place, status: str, comment: str = "") -> None:
    """By ``-w`` the status, by ``-l`` the last comment too."""
    said = f'echo HOST_NAME STATUS; echo "$2 {status} - 16 0 0 0 0 0"'
    node.command("bhosts", f"""{said}; [ "$1" = -w ] || echo ' ADMIN ACTION COMMENT: "{comment}"'""")


def keep_comments(node: Place) -> None:
    """An LSF that shows the last comment, as it does."""
    said = 'echo HOST_NAME STATUS; echo "$2 ok - 16 0 0 0 0 0"'
    last = 'sed -n \'s/^badmin h[a-z]* -C \\(.*\\) [^ ]*$/ ADMIN ACTION COMMENT: "\\1"/p\' "$CALLS" | tail -n 1'
    node.command("bhosts", f'{said}; [ "$1" = -w ] || {last}')


def deeds(node: Place) -> list[str]:
    return [call for call in node.calls() if call.startswith(("badmin", "runuser"))]


def look(node: Place) -> str:
    done = node.run("paths.sh")
    assert done.returncode == 0, done.stderr
    return done.stdout


CLOSE = f"badmin hclose -C ris-hybrid: path {{}}/fs1/wucci/Active not mounted {HOST}"
OPEN = f"badmin hopen -C ris-hybrid: paths are back {HOST}"


def test_the_paths_are_mounted_and_answer_before_the_daemons(place: Place, make: Any) -> None:
    settle(place, make)
    assert place.run("boot.sh").returncode == 0
    calls, active = place.calls(), f"{place.root}/fs1/wucci/Active"
    order = [f"mount {place.root}/storage1", f"mount {active}", f"lim -d {place.etc}/lsf"]
    assert [call for call in calls if call in order] == order
    assert calls[-1] == "systemctl start ris-paths.timer"
    assert (
        f"s3://ris-prod-wucci/Active/ {active} mount-s3 _netdev,nofail,nosuid,nodev,rw,allow-other,allow-overwrite,"
        "allow-delete,gid=1200,file-mode=0660,dir-mode=0770 0 0"
    ) in (place.root / "fstab").read_text().splitlines()


def test_a_server_that_misses_one_of_many_is_asked_once_more(place: Place, make: Any) -> None:
    settle(place, make)
    place.command("mount", f'[ "$(grep -c "$*" "$CALLS")" -ge 2 ] && {place.mounts}')
    assert place.run("boot.sh").returncode == 0
    assert place.calls().count(f"mount {place.root}/storage1") == 2


@pytest.mark.parametrize("program", [HANGS, "exit 5"])
def test_a_path_that_is_mounted_and_does_not_answer_keeps_the_node_out(place: Place, make: Any, program: str) -> None:
    settle(place, make)
    (place.root / "hang").touch()
    place.more_env |= {"HANG": str(place.root / "hang")} | ({"RIS_PROBES": "2"} if program == HANGS else {})
    place.command("stat", program)
    done = place.run("boot.sh")
    (place.root / "hang").unlink()
    assert done.returncode == 1
    assert (
        f"mounts: {place.root}/storage1: {'does not answer' if program == HANGS else 'cannot be read'}" in done.stdout
    )
    assert "mounts: FAILED" in done.stdout
    assert not any(call.startswith("lim ") for call in place.calls())


def test_while_every_path_answers_nothing_is_done_or_said(node: Place) -> None:
    assert look(node) == ""
    assert deeds(node) == []


def test_a_path_that_fell_off_is_mounted_again_and_the_host_stays_open(node: Place) -> None:
    lose(node, "Active")
    node.command("mount", node.mounts)
    assert look(node) == f"ris-hybrid: paths: {node.root}/fs1/wucci/Active was not mounted: mounted again\n"
    assert deeds(node) == []


def test_a_mountpoint_that_died_is_taken_away_and_mounted_anew(node: Place) -> None:
    node.command("find", 'grep -q "^mount .*Active" "$CALLS"')
    node.command("stat", '[ "$1" = -f ]')
    node.command("umount", 'sed -i "\\| $2 |d" "$RIS_MOUNTS"')
    told = look(node)
    assert f"{node.root}/fs1/wucci/Active: its file system has ended" in told
    assert "mounted again" in told
    assert f"umount -l {node.root}/fs1/wucci/Active" in node.calls()
    assert deeds(node) == []


def test_a_bucket_that_says_no_is_left_mounted_and_closes_the_host(node: Place) -> None:
    node.command("find", "exit 1")
    assert "Active: cannot be read" in look(node)
    assert not any(call.startswith("umount") for call in node.calls())
    assert deeds(node) == [CLOSE.format(node.root).replace("not mounted", "cannot be read")]


def test_an_empty_directory_below_is_no_path(node: Place) -> None:
    lose(node, "Active")
    assert (node.root / "fs1/wucci/Active").is_dir()
    look(node)
    assert deeds(node) == [CLOSE.format(node.root)]


def test_the_host_is_closed_once_and_opened_when_all_is_back(node: Place) -> None:
    lose(node, "Active")
    assert f"{HOST} closed: {node.root}/fs1/wucci/Active not mounted" in look(node)
    assert look(node) == "", "said once"
    node.command("mount", node.mounts)
    told = look(node)
    assert f"{node.root}/fs1/wucci/Active is back" in told
    assert f"{HOST} opened: every path answers" in told
    assert deeds(node) == [CLOSE.format(node.root), OPEN]
    assert look(node) == ""


def test_a_host_somebody_else_closed_is_left_to_them(node: Place) -> None:
    lose(node, "Active")
    hosts_say(node, "closed_Adm")
    assert "closed already, and not by this" in look(node)
    assert "closed already" not in look(node)
    node.command("mount", node.mounts)
    assert "is back" in look(node)
    assert deeds(node) == []


def test_what_lsf_does_not_say_is_closed_and_never_opened(node: Place) -> None:
    lose(node, "Active")
    node.command("bhosts", "exit 255")
    look(node)
    node.command("mount", node.mounts)
    look(node)
    by_hand = "ris-hybrid: open this host by hand once it is back: path"
    assert deeds(node) == [CLOSE.format(node.root).replace("ris-hybrid: path", by_hand)]


@pytest.mark.parametrize("comment", ["ris-hybrid: spot notice", "bad DIMM", "", "ris-hybrid: by hand: path x"])
def test_what_somebody_closed_meanwhile_is_not_opened(node: Place, comment: str) -> None:
    lose(node, "Active")
    look(node)
    hosts_say(node, "closed_Adm", comment)
    node.command("mount", node.mounts)
    assert "was closed or opened by somebody since, and is left to them" in look(node)
    assert deeds(node) == [CLOSE.format(node.root)]
    assert look(node) == ""


def test_while_lsf_does_not_say_who_closed_it_the_host_stays_closed(node: Place) -> None:
    lose(node, "Active")
    look(node)
    node.command("bhosts", "exit 255")
    node.command("mount", node.mounts)
    assert "LSF does not say who closed it" in look(node)
    keep_comments(node)
    assert f"{HOST} opened" in look(node)


def test_a_run_that_was_ended_after_it_closed_the_host_is_gone_on_with(node: Place) -> None:
    lose(node, "Active")
    look(node)
    (node.root / "run/closed").unlink()
    hosts_say(node, "closed_Adm", "ris-hybrid: path x not mounted")
    assert look(node) == ""
    node.command("mount", node.mounts)
    assert f"{HOST} opened" in look(node)


def test_the_host_is_closed_before_the_other_paths_are_waited_for(node: Place) -> None:
    lose(node, "Active", "storage1")
    look(node)
    calls = [call for call in node.calls() if call.startswith(("mount ", "badmin"))]
    assert [call.split()[0] for call in calls] == ["mount", "badmin", "mount"]
    assert f"path {node.root}/storage1 not mounted" in calls[1]


def test_a_close_that_lsf_refuses_is_said_and_tried_again(node: Place) -> None:
    lose(node, "Active")
    node.command("badmin", "exit 1")
    assert f"cannot close {HOST}: jobs may start there though" in look(node)
    node.command("badmin")
    assert f"{HOST} closed" in look(node)
    node.command("mount", node.mounts)
    node.command("badmin", "exit 1")
    assert f"cannot open {HOST}" in look(node)
    node.command("badmin")
    hosts_say(node, "closed_Adm", f"ris-hybrid: path {node.root}/fs1/wucci/Active not mounted")
    assert f"{HOST} opened" in look(node)


def test_a_hung_server_hangs_nobody_and_is_asked_once(node: Place) -> None:
    (node.root / "hang").touch()
    node.more_env["RIS_PROBES"] = "10"
    node.command("stat", HANGS)
    assert f"{node.root}/storage1: does not answer" in look(node)
    assert look(node) == ""
    assert sum(call.startswith("stat ") for call in node.calls()) == 1, "the first question still waits"
    assert len(deeds(node)) == 1
    (node.root / "hang").unlink()
    node.more_env.pop("RIS_PROBES")
    node.command("stat")
    back = look(node)
    while "opened" not in back:  # the question that waited ends by itself
        back = look(node)
    assert deeds(node)[-1] == OPEN


def test_an_automount_that_mounted_nothing_is_no_path(node: Place) -> None:
    table = node.root / "mounted"
    lines = table.read_text().splitlines()
    table.write_text("".join(f"{line.replace('nfs4', 'autofs')}\n" for line in lines))
    node.command("mount", "exit 32")
    assert f"{node.root}/storage1: not mounted" in look(node)
