from __future__ import annotations

import pytest

from onprem.lsf.act import MOST_NAMES, LsfHosts, closing, opening, requeueing
from onprem.shell import Command, Completed, LocalShell, ReplayShell
from ris_hybrid.errors import ConfigError, SiteUnavailable

BAD_NAME = Completed(rc=255, stderr="Bad host name, host group name or cluster name\n")
DONE = Completed(rc=0, stderr="Close <a> ...... done\n")


def shell(*answers: tuple[str, Completed]) -> ReplayShell:
    return ReplayShell(answers={tuple(line.split()): answer for line, answer in answers})


def test_a_dry_run_sees_the_commands_and_nothing_runs() -> None:
    assert [one.argv for one in closing(["a", "b", "a"], "idle\nfor 10 min")] == [
        ("badmin", "hclose", "-C", "idle for 10 min", "a", "b")
    ]
    assert [one.argv for one in opening(["a"])] == [("badmin", "hopen", "a")]
    assert [one.argv for one in requeueing(["7", "8[2]"])] == [("brequeue", "7", "8[2]")]
    assert [list(one) for one in (closing([], "why"), opening([]), requeueing([]))] == [[], [], []]


def test_command_lines_stay_short() -> None:
    commands = list(closing([f"n{number}" for number in range(2 * MOST_NAMES + 1)], "x" * 999))
    assert [len(command.argv) - 4 for command in commands] == [MOST_NAMES, MOST_NAMES, 1]
    assert len(commands[0].argv[3]) == 200


@pytest.mark.parametrize("name", ["all", "", "-f", "a b", "a;b", "n1\n", "*"])
def test_what_is_no_host_name_is_never_given_to_badmin(name: str) -> None:
    nothing = shell()
    with pytest.raises(ConfigError, match="no name to act on"):
        LsfHosts(nothing).close(["n1", name], "why")
    with pytest.raises(ConfigError, match="no name to act on"):
        LsfHosts(nothing).reopen([name])
    assert nothing.asked == []


@pytest.mark.parametrize("job_id", ["0 1", "-u", "", "12[1-3]", "job"])
def test_what_is_no_job_id_is_never_given_to_brequeue(job_id: str) -> None:
    with pytest.raises(ConfigError, match="no name to act on"):
        LsfHosts(shell()).requeue([job_id])


def test_a_badmin_without_comments_closes_without_one() -> None:
    usage = Completed(rc=255, stderr="hclose: illegal option -- C\nUsage: hclose [-f] [host_name ...]\n")
    old = shell(("badmin hclose -C idle a b", usage), ("badmin hclose a b", DONE))
    LsfHosts(old).close(["a", "b"], "idle")
    assert [command.argv[2] for command in old.asked] == ["-C", "a"]


def test_refusals_come_after_the_others_were_done() -> None:
    denied = Completed(rc=255, stderr="User permission denied\n")
    lsf = shell(
        ("badmin hopen a b c", denied),
        ("badmin hopen a", denied),
        ("badmin hopen b", BAD_NAME),
        ("badmin hopen c", Completed(rc=0)),
    )
    with pytest.raises(
        SiteUnavailable, match=r"badmin hopen a failed .exit code 255.: User permission denied"
    ) as caught:
        LsfHosts(lsf).reopen(["a", "b", "c"])
    assert "administrator" in caught.value.hint
    assert len(lsf.asked) == 4


def test_every_command_has_the_time_out_it_was_told() -> None:
    lsf = shell(("badmin hopen a", Completed(rc=0)))
    LsfHosts(lsf, timeout_s=1.5).reopen(["a"])
    assert lsf.asked == [Command(argv=("badmin", "hopen", "a"), timeout_s=1.5)]


def test_a_badmin_that_never_ends_is_given_up(tmp_path: object) -> None:
    program = tmp_path / "badmin"  # type: ignore[operator]
    program.write_text(
        "#!/bin/sh\nwhile :; do echo 'batch system daemon not responding ... still trying' >&2; sleep 9; done\n"
    )
    program.chmod(0o755)
    hands = LsfHosts(LocalShell(environment={"PATH": f"{tmp_path}:/usr/bin:/bin"}), timeout_s=0.3)
    with pytest.raises(SiteUnavailable, match=r"did not answer in 0.3 s; its last words: batch .* still trying"):
        hands.close(["a"], "idle")
