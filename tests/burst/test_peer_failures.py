"""What existing plug-ins were seen to get wrong, one test a row; ours runs as LSF calls it, on the sandbox's AWS.

Times, dollars and machines are the sandbox's. A call that is killed is one whose answer never reached LSF: what a
kill leaves is the journal without its last line.
"""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst import tags
from burst.aws import model_cut
from burst.aws.marks import Ec2Ledger
from burst.rc import conf, templates
from ris_hybrid import hook
from ris_hybrid.settings import Life

if TYPE_CHECKING:
    from pathlib import Path

MIN = 60.0
CAPACITY = "InsufficientInstanceCapacity"


class Master:
    """One management candidate, and the LSF that calls its scripts."""

    def __init__(self, top: Path, settings: Any, aws: Any, cut: Path) -> None:
        self.top, self.settings, self.aws = top, settings, aws
        (top / "conf").mkdir(parents=True)
        (top / "conf" / templates.FILE_NAME).write_text(conf.dump(settings))
        (top / "conf" / cut.name).symlink_to(cut)
        self.data = top / "data"
        self.lsf = top / "bin"
        self.lsf.mkdir()
        self.hosts({})
        self.number = 0

    @property
    def env(self) -> dict[str, str]:
        clock = {"RIS_HYBRID_SANDBOX_CLOCK": str(self.aws.clock())}
        return {"PRO_CONF_DIR": str(self.top), "PRO_DATA_DIR": str(self.data), **clock}

    def hosts(self, rows: dict[str, int]) -> None:
        """What bhosts says: host names and the jobs on them."""
        records = [
            {"HOST_NAME": name, "STATUS": "ok", "MAX": "16", "NJOBS": str(jobs), "RUN": str(jobs)}
            for name, jobs in {"master": 0, **rows}.items()
        ]
        (self.lsf / "bhosts.json").write_text(
            json.dumps({"COMMAND": "bhosts", "HOSTS": len(records), "RECORDS": records})
        )
        (self.lsf / "bhosts").write_text(f"#!/bin/sh\nexec cat '{self.lsf}/bhosts.json'\n")
        (self.lsf / "bhosts").chmod(0o755)

    def call(self, verb: str, payload: object, code: int = 0, *, name: str = "") -> Any:
        self.number += 1
        path = self.top / (name or f"in {self.number}.json")
        path.write_text(payload if isinstance(payload, str) else json.dumps(payload))
        got, answer = hook.run([verb, "-f", str(path)], self.env)
        assert (got, json.loads(json.dumps(answer))) == (code, answer)
        return answer

    def request(self, count: object, code: int = 0, *, pool: str = "cpu", name: str = "") -> Any:
        asked = {"template": {"templateId": pool, "machineCount": count}, "rc_account": "lee"}
        return self.call("requestMachines", asked, code, name=name)

    def status(self, request_id: str) -> Any:
        return self.call("getRequestStatus", {"requests": [{"requestId": request_id}]})["requests"][0]

    def give_back(self, *ids: str, code: int = 0) -> Any:
        return self.call("requestReturnMachines", {"machines": named(ids)}, code)

    def lost(self, *ids: str) -> dict[str, int]:
        """Ids LSF is told of, with the time that is left."""
        rows = self.call("getReturnRequests", {"machines": named(ids)})["requests"]
        return {row["machineId"]: row["gracePeriod"] for row in rows}

    def killed_after_launch(self, count: int) -> list[str]:
        before = set(self.alive())
        self.request(count)
        journal = self.data / "aws-launches.log"
        lines = journal.read_text().splitlines(keepends=True)
        assert lines[-1].startswith("answer ")
        journal.write_text("".join(lines[:-1]))
        return sorted(set(self.alive()) - before)

    def alive(self) -> list[str]:
        gone = {"terminated", "shutting-down"}
        return sorted(one["id"] for one in self.aws.instances() if one["state"] not in gone)

    def later(self, seconds: float) -> None:
        self.aws.set_clock(self.aws.clock() + seconds)

    def calls(self, name: str) -> int:
        found: int = self.aws.calls().get(f"ec2:{name}", 0)
        return found

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.data / "aws-audit.jsonl").read_text().splitlines()]


def named(ids: Any) -> list[dict[str, str]]:
    return [{"name": f"host-of-{one}", "machineId": one} for one in ids]


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_cut.write(tmp_path_factory.mktemp("cut"))


@pytest.fixture
def master(tmp_path: Path, sandbox_aws: Any, ec2_settings: Any, cut: Path, monkeypatch: pytest.MonkeyPatch) -> Master:
    sandbox_aws.timing(pending_s=0, shutting_down_s=0)
    pools = tuple(replace(pool, max_nodes=1000) for pool in ec2_settings.pools)
    settings = replace(ec2_settings, pools=pools, life=Life(join_minutes=15.0, unlisted_minutes=10.0))
    made = Master(tmp_path / "lsf top", settings, sandbox_aws, cut)
    monkeypatch.setenv("PATH", f"{made.lsf}:/usr/bin:/bin")
    return made


@pytest.fixture
def other(master: Master, tmp_path: Path, cut: Path) -> Master:
    """Another candidate that took over: the same site, none of the first one's files."""
    return Master(tmp_path / "other", master.settings, master.aws, cut)


def full(aws: Any, machines: int) -> None:
    none = {"us-east-1a": 0, "us-east-1b": 0}
    aws.capacity({"c6i.4xlarge": {**none, "us-east-1a": machines}, "m6i.4xlarge": none})


def refuse(aws: Any, call: str, code: str, *, status: int = 400, times: int = 99) -> None:
    aws.faults([{"match": f"ec2:{call}", "times": times, "do": {"error": {"code": code, "status": status}}}])


def test_1_machines_of_a_killed_call_go_to_the_next_request(master: Master) -> None:
    lost = master.killed_after_launch(3)
    answer = master.request(5)
    row = master.status(answer["requestId"])
    assert (row["status"], len(row["machines"])) == ("complete", 5)
    assert set(lost) < {machine["machineId"] for machine in row["machines"]}
    assert len(master.alive()) == 5


@pytest.mark.parametrize("who", ["same master", "other master"])
def test_1_machines_of_a_killed_call_are_ended_when_no_request_comes(master: Master, other: Master, who: str) -> None:
    lost = master.killed_after_launch(3)
    caller = master if who == "same master" else other
    caller.later(10 * MIN)
    assert caller.lost() == {}
    assert master.alive() == []
    assert [one["state"] for one in master.aws.instances() if one["id"] in lost] == ["terminated"] * 3


def test_1_a_killed_call_that_is_made_again_is_the_same_call(master: Master) -> None:
    asked = {"template": {"templateId": "cpu", "machineCount": 3}}
    first = master.call("requestMachines", asked, name="in.json")
    path = master.top / "in.json"
    code, again = hook.run(["requestMachines", "-f", str(path)], master.env)
    assert (code, again["requestId"]) == (0, first["requestId"])
    assert len(master.alive()) == 3


def test_2_twenty_requests_at_once_are_all_exact(master: Master) -> None:
    standing = master.request(100)["requestId"]
    env, answers = master.env, {}

    def ask(number: int) -> None:
        answers[number] = hook.run(["requestMachines", "-f", str(master.top / f"at once {number}.json")], env)

    counts = {number: 1 + number % 3 for number in range(20)}
    for number, count in counts.items():
        asked = {"template": {"templateId": "cpu", "machineCount": count}}
        (master.top / f"at once {number}.json").write_text(json.dumps(asked))
    threads = [threading.Thread(target=ask, args=(number,)) for number in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    late = [number for number, (code, _) in answers.items() if code]
    given = sum(count for number, count in counts.items() if number not in late)
    assert len(master.alive()) == 100 + given  # a call that had to wait too long has started nothing ...
    for number in late:
        ask(number)  # ... and may be made again
    for number, count in counts.items():
        row = master.status(answers[number][1]["requestId"])
        assert (row["status"], len(row["machines"])) == ("complete", count)
    assert len(master.status(standing)["machines"]) == 100
    assert len(master.alive()) == 100 + sum(counts.values())


def test_2_a_journal_that_lost_its_answer_gives_no_machine_of_lsfs_away(master: Master) -> None:
    lost = master.killed_after_launch(2)  # the answer came through after all: only the journal does not know
    (event,) = [one for one in master.events() if one["kind"] == "launched"]
    assert master.status(event["request"])["status"] == "complete"
    assert len(master.status(master.request(2)["requestId"])["machines"]) == 2
    assert len(master.alive()) == 4
    assert set(lost) < set(master.alive())


@pytest.mark.parametrize("age_s", [1.0, 31.0], ids=["3_fresh", "3b_old"])
def test_3_a_lock_file_left_behind_stops_nothing_and_wipes_nothing(master: Master, age_s: float) -> None:
    before = master.request(5)["requestId"]
    lock = master.data / "aws-launch.lock"
    assert lock.exists()  # the kernel drops the lock with its holder; the file means nothing
    master.later(age_s)
    after = master.request(2)["requestId"]
    assert [len(master.status(one)["machines"]) for one in (before, after)] == [5, 2]


@pytest.mark.parametrize("damage", ["missing", "truncated", "empty", "wrong shape", "a malformed row"])
def test_4_damaged_local_files_lose_nothing(master: Master, damage: str) -> None:
    before = master.request(5)["requestId"]
    for file in master.data.iterdir():
        text = file.read_text()
        if damage == "missing":
            file.unlink()
        else:
            broken = {"truncated": text[: len(text) // 2], "empty": "", "wrong shape": "[1, 2]\n{}\n"}
            file.write_text(broken.get(damage, text + "\x00 malformed {\n"))
    assert master.status(before)["status"] == "complete"  # LSF goes on asking
    after = master.request(2)["requestId"]
    for request_id, count in ((before, 5), (after, 2)):
        row = master.status(request_id)
        assert (row["status"], len(row["machines"])) == ("complete", count)
    ids = master.alive()
    assert master.lost(*ids) == {}
    assert master.give_back(*ids)["message"] == "7 of 7 machines are ending"


def test_4c_a_data_directory_that_cannot_be_used_starts_nothing_and_hides_nothing(master: Master) -> None:
    before = master.request(2)["requestId"]
    ids = master.alive()
    launches = master.calls("CreateFleet")
    for file in master.data.iterdir():
        file.unlink()
    master.data.rmdir()
    master.data.write_text("a file where the folder should be")
    assert "cannot be opened" in master.request(3, code=1)["message"]
    assert master.calls("CreateFleet") == launches
    assert len(master.status(before)["machines"]) == 2
    assert master.lost(*ids) == {}
    assert master.give_back(*ids)["message"] == "2 of 2 machines are ending"


@pytest.mark.parametrize("count", [0, -1, None, "many", 2.5, True])
def test_5_a_count_that_is_none_starts_nothing(master: Master, count: object) -> None:
    answer = master.request(count, code=1)
    assert "machineCount" in answer["message"]
    assert (answer["requestId"], master.alive()) == (None, [])


def test_5_a_count_as_text_is_a_count(master: Master) -> None:
    assert len(master.status(master.request("2")["requestId"])["machines"]) == 2


@pytest.mark.parametrize("request_id", ["foo", "dir-1", "sfr-1", "fleet-1", "remove-1", "ret-1-0", "add-1-0", "ret-"])
def test_6_an_unknown_id_is_never_complete(master: Master, request_id: str) -> None:
    row = master.status(request_id)
    assert (row["status"], row["machines"]) == ("complete_with_error", [])


def test_7a_a_partial_launch_says_so_and_why(master: Master) -> None:
    full(master.aws, 4)
    answer = master.request(10)
    assert answer["message"] == f"4 of 10 machines launched; Error Code: {CAPACITY}"
    row = master.status(answer["requestId"])
    assert (row["status"], len(row["machines"])) == ("complete_with_error", 4)
    assert row["message"].endswith(f"Error Code: {CAPACITY}")


def test_7b_no_capacity_is_told_at_once_and_the_pool_left_alone(master: Master) -> None:
    full(master.aws, 0)
    answer = master.request(3, code=1)
    assert answer["message"].endswith(f"Error Code: {CAPACITY}")
    assert (answer["requestId"], master.calls("CreateFleet")) == (None, 1)
    full(master.aws, 100)
    again = master.request(3, code=1)  # whatever LSF asks
    assert again["message"].endswith(f"Error Code: {CAPACITY}")
    assert "cpu is left alone until" in again["message"]
    assert master.calls("CreateFleet") == 1
    master.later(10 * MIN)
    assert len(master.status(master.request(3)["requestId"])["machines"]) == 3


def test_7c_two_hundred_of_five_hundred_are_known_to_lsf(master: Master) -> None:
    full(master.aws, 200)
    answer = master.request(500)
    row = master.status(answer["requestId"])
    assert (row["status"], len(row["machines"]), len(master.alive())) == ("complete_with_error", 200, 200)
    assert row["message"] == f"asked 500, 200 usable; Error Code: {CAPACITY}"


def test_7d_a_call_that_is_not_allowed_is_told_and_not_repeated(master: Master) -> None:
    refuse(master.aws, "CreateFleet", "UnauthorizedOperation", status=403)
    answer = master.request(3, code=1)
    assert answer["message"].endswith("Error Code: UnauthorizedOperation")
    assert (answer["requestId"], master.calls("CreateFleet")) == (None, 1)


def test_7e_a_throttled_question_is_no_answer_and_ends_soon(master: Master) -> None:
    request_id = master.request(2)["requestId"]
    before = master.calls("DescribeInstances")
    refuse(master.aws, "DescribeInstances", "RequestLimitExceeded", status=503)
    answer = master.call("getRequestStatus", {"requests": [{"requestId": request_id}]}, 1)
    assert "RequestLimitExceeded" in answer["message"]
    assert master.calls("DescribeInstances") - before == 3
    master.aws.faults([])
    assert master.status(request_id)["status"] == "complete"


def test_8_what_ended_stopped_or_was_forgotten_is_reported_together(master: Master, ec2: Any) -> None:
    master.request(5)
    dead, stopped, *well = master.alive()
    master.hosts({})
    ec2.terminate_instances(InstanceIds=[dead])
    ec2.stop_instances(InstanceIds=[stopped])
    forgotten = "i-00000000000000bad"
    assert master.lost(dead, forgotten, stopped, *well) == {dead: 0, forgotten: 0, stopped: 0}
    assert master.alive() == sorted(well)  # a stopped machine costs money and LSF cannot use it


def test_8b_an_unknown_id_in_a_return_saves_no_machine(master: Master) -> None:
    master.request(2)
    first, second = master.alive()
    assert master.give_back(first, "i-00000000000000bad")["message"] == "1 of 2 machines are ending"
    assert master.alive() == [second]


def test_8c_a_machine_that_died_before_the_first_look_has_failed(master: Master, ec2: Any) -> None:
    request_id = master.request(2)["requestId"]
    ec2.terminate_instances(InstanceIds=master.alive()[:1])
    row = master.status(request_id)
    assert (row["status"], sorted(one["result"] for one in row["machines"])) == (
        "complete_with_error",
        ["fail", "succeed"],
    )


def test_9_another_master_without_files_answers_alike(master: Master, other: Master) -> None:
    request_id = master.request(3)["requestId"]
    assert other.status(request_id) == master.status(request_id)
    ids = master.alive()
    assert other.lost(*ids) == {}
    master.aws.timing(pending_s=0, shutting_down_s=60)
    back = other.give_back(*ids)["requestId"]
    assert other.status(back)["status"] == "running"  # they are not gone yet
    master.later(2 * MIN)
    assert master.status(back)["status"] == other.status(back)["status"] == "complete"


def test_10_machines_that_cannot_be_ended_stay_visible_until_they_are_gone(master: Master) -> None:
    master.request(2)
    ids = master.alive()
    refuse(master.aws, "TerminateInstances", "UnauthorizedOperation", status=403)
    answer = master.give_back(*ids)
    assert answer["message"].startswith("marked, but not ended yet")
    row = master.status(answer["requestId"])
    assert (row["status"], [one["result"] for one in row["machines"]]) == ("running", ["executing"] * 2)
    assert "the cloud still refuses to end 2" in row["message"]
    master.aws.faults([])
    assert master.status(answer["requestId"])["status"] == "running"  # this look ends them
    assert master.status(answer["requestId"])["status"] == "complete"
    assert master.alive() == []


def test_10_machines_that_lsf_has_dropped_are_ended_in_the_end(master: Master) -> None:
    master.request(2)
    refuse(master.aws, "TerminateInstances", "UnauthorizedOperation", status=403)
    master.give_back(*master.alive())
    master.aws.faults([])
    master.later(5 * MIN)
    master.lost()  # LSF asks for no status any more
    assert master.alive() == []


@pytest.mark.parametrize("kind", ["11_spot_fleet", "12_spot"])
def test_11_spot_machines_are_listed_like_others(master: Master, kind: str) -> None:
    row = master.status(master.request(3, pool="spot")["requestId"])
    assert (row["status"], {one["lifeCycleType"] for one in row["machines"]}) == ("complete", {"spot"})
    assert len(row["machines"]) == len(master.alive()) == 3, kind


def test_12_a_spot_notice_is_reported_with_the_time_that_is_left(master: Master, ec2: Any) -> None:
    master.request(2, pool="spot")
    taken, stays = master.alive()
    at = master.aws.clock() + 95
    Ec2Ledger(ec2, master.settings).mark([taken], {tags.NOTICE: f"{at:.0f}"})
    assert master.lost(taken, stays) == {taken: 95}
    master.later(100)
    assert master.lost(taken, stays) == {taken: 0}


def test_13_the_endpoint_of_the_settings_is_the_only_one_asked(master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    before = set(master.aws.calls())
    master.request(1)
    assert {name.partition(":")[0] for name in set(master.aws.calls()) - before} == {"ec2"}
    assert len(master.alive()) == 1


def test_14_what_is_offered_may_be_asked_for(master: Master) -> None:
    offered = master.call("getAvailableTemplates", "garbage")["templates"]
    assert [one["templateId"] for one in offered] == ["cpu", "spot"]
    for one in offered:
        assert one["maxNumber"] >= 1
        assert "_" not in one["templateId"]
        master.request(1, pool=one["templateId"])
    (master.top / "conf" / templates.FILE_NAME).unlink()
    broken = master.call("getAvailableTemplates", {}, 1)
    assert broken["templates"] == []
    assert "cannot be read" in broken["message"]


def test_15_the_largest_number_holds_whatever_is_asked(master: Master) -> None:
    pools = (replace(master.settings.pools[0], max_nodes=2),)
    (master.top / "conf" / templates.FILE_NAME).write_text(conf.dump(replace(master.settings, pools=pools)))
    answer = master.request(6)
    row = master.status(answer["requestId"])
    assert (row["status"], len(row["machines"]), len(master.alive())) == ("complete_with_error", 2, 2)
    assert "LimitReached" in master.request(1, code=1)["message"]


def test_16_two_providers_share_a_data_directory_and_nothing_else(master: Master, tmp_path: Path, cut: Path) -> None:
    second = Master(tmp_path / "b", replace(master.settings, provider="awsB"), master.aws, cut)
    second.data = master.data
    mine = master.request(2)["requestId"]
    ours = master.alive()
    theirs = second.request(1)["requestId"]
    assert master.status(theirs)["machines"] == second.status(mine)["machines"] == []
    assert master.call("requestReturnMachines", {"machines": named(set(second.alive()) - set(ours))})["message"] == (
        "the cloud knows none of these under this provider's tags: nothing to end"
    )
    second.later(3600)
    second.lost()  # ends its own, which nobody lists, and no other
    assert master.alive() == ours
    names = {file.name for file in master.data.iterdir()}
    assert {name.partition("-")[0] for name in names} == {"aws", "awsB"}


def test_no_join_within_its_time_is_told_to_lsf_and_ended_but_not_while_lsf_is_silent(master: Master) -> None:
    row = master.status(master.request(2)["requestId"])
    joined, late = row["machines"]
    ids = [joined["machineId"], late["machineId"]]
    master.later(15 * MIN)
    (master.lsf / "bhosts").write_text("#!/bin/sh\necho 'LSF is down. Please wait ...' >&2\nexit 255\n")
    assert master.lost(*ids) == {}
    assert master.alive() == sorted(ids)
    assert [event["kind"] for event in master.events()][-2:] == ["not reaped", "call"]
    master.hosts({joined["name"].partition(".")[0]: 1})
    assert master.lost(*ids) == {late["machineId"]: 0}
    assert master.alive() == [joined["machineId"]]
