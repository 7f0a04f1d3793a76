from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burst.aws.errors import of_code
from burst.broker import BUCKET_S
from burst.duty import Standby, check_flags
from burst.fake import FakeOutlook
from burst.lock import if_free, one_at_a_time
from burst.outlook import Word
from ris_hybrid.data.readiness import JobData
from ris_hybrid.errors import ConfigError, RisHybridError, SiteUnavailable, TryAgain
from ris_hybrid.model import JobStatus, MachineState
from ris_hybrid.pool_settings import PathMount
from ris_hybrid.settings import Caps, Life

if TYPE_CHECKING:
    from collections.abc import Callable

    World = Any  # tests/broker/conftest.py
    Build = Callable[..., World]

BOOT_S = 240.0


def joined(world: World, jobs: int = 8, slots: int = 1) -> World:
    """One turn, and its nodes have joined and run the jobs."""
    world.submit(jobs, slots=slots)
    world.act()
    world.advance(BOOT_S)
    return world


def test_pressure_becomes_nodes_that_join_and_run_the_jobs(world: World) -> None:
    joined(world, 12)
    assert len(world.alive) == 2
    assert {job.status for job in world.scheduler.jobs()} == {JobStatus.RUN}
    world.act()
    assert len(world.alive) == 2
    assert all(machine.joined == world.now for machine in world.alive)


def test_a_second_turn_at_once_does_nothing_new(world: World) -> None:
    world.submit(40)
    first = world.act()
    assert [len(one.outcome.launched) for one in first.launches if one.outcome] == [5]
    assert world.act().launches == ()
    assert len(world.alive) == 5


def test_idle_hosts_are_closed_looked_at_again_and_ended(world: World) -> None:
    joined(world)
    world.finish_all()
    world.act()
    (machine,) = world.alive
    assert machine.idle == world.now
    world.advance(599)
    assert world.act().returned.ended == []
    world.advance(1)
    turn = world.act()
    assert turn.returned.closed == [machine.name]
    assert turn.returned.ended == [machine.machine_id]
    (gone,) = world.cloud.peek()
    assert (gone.end_reason, gone.state) == ("idle", MachineState.TERMINATED)
    assert world.hosts.reasons == {machine.name: "ris-hybrid: without jobs for 10 min (at most 10)"}
    assert world.spend.month_to_date("2027-01")["lee"] > 0


def test_nodes_come_for_jobs_whose_data_is_there_and_for_no_others(world: World) -> None:
    world.outlook = FakeOutlook()
    world.submit(16)
    assert (world.act().decisions, world.alive) == ((), [])
    ready = JobData(verdict="staged", reason="there", eligible=True, usd=0.5)
    world.outlook.said = Word(at=world.now, jobs={str(number): ready for number in range(1, 9)}, spent={"lee": 2.0})
    (decision,) = world.act().decisions
    assert (decision.nodes, decision.data_usd) == (1, 4.0)
    told = [event.fields for event in world.audit.events if event.kind == "decision"]
    assert told[-1]["data_usd"] == 4.0


def test_an_idle_node_waits_for_results_that_stay_on_its_file_system(world: World) -> None:
    scratch = PathMount(path="/scratch1", kind="lustre", source="fs-1.fsx@tcp:/abc", exports=False)
    pools = tuple(replace(pool, paths=(scratch,)) for pool in world.settings.pools)
    world.settings = replace(world.settings, pools=pools)
    joined(world)
    world.finish_all()
    world.act()
    world.advance(600)
    world.outlook = FakeOutlook(Word(at=world.now, release={"lee": "3 files are not back"}))
    assert world.act().returned.ended == []
    kept = [event.fields for event in world.audit.events if event.fields.get("action") == "wait"]
    assert kept[-1]["why"] == "without jobs for 10 min (at most 10), and waits, at most 24 h: 3 files are not back"
    world.outlook.said = Word(at=world.now)
    assert len(world.act().returned.ended) == 1


def test_a_return_that_is_stuck_keeps_no_node_for_ever(world: World) -> None:
    scratch = PathMount(path="/scratch1", kind="lustre", source="fs-1.fsx@tcp:/abc", exports=False)
    pools = tuple(replace(pool, paths=(scratch,)) for pool in world.settings.pools)
    world.settings = replace(world.settings, pools=pools)
    joined(world)
    world.finish_all()
    world.act()
    world.advance(600 + 24 * 3600 - 1)
    assert world.act().returned.ended == []
    world.advance(1)
    assert len(world.act().returned.ended) == 1


def test_a_host_that_got_a_job_between_is_opened_again(world: World) -> None:
    joined(world)
    world.finish_all()
    world.act()
    world.advance(600)
    world.hosts.before = world.submit
    turn = world.act()
    assert turn.returned.closed == turn.returned.reopened == [world.alive[0].name]
    assert turn.returned.ended == []
    assert world.statuses() == ["ok"]
    assert (world.alive[0].idle, world.alive[0].closing) == (0.0, 0.0)


def test_a_host_an_administrator_closed_is_not_opened(world: World) -> None:
    joined(world)
    world.finish_all()
    world.act()
    world.submit()
    world.hosts.close([world.alive[0].name], "maintenance")
    assert world.act().returned.reopened == []
    assert world.statuses() == ["closed_Adm"]
    assert world.alive[0].idle == 0.0


def test_a_host_whose_closing_cannot_be_written_down_stays_open(world: World) -> None:
    joined(world)
    world.finish_all()
    world.act()
    world.advance(600)
    world.cloud.fail_at = 3
    turn = world.act()
    assert turn.refused == (f"not marked: {world.alive[0].machine_id}: throttled",)
    assert world.statuses() == ["ok"]
    assert len(world.act().returned.ended) == 1


def test_idle_time_survives_a_fail_over(world: World) -> None:
    joined(world)
    world.finish_all()
    world.act()
    world.advance(500)
    world.fail_over()
    world.act()
    world.advance(100)
    assert len(world.act().returned.ended) == 1


def test_work_in_between_starts_the_count_anew(world: World) -> None:
    joined(world)
    world.finish_all()
    world.act()
    world.advance(500)
    world.submit()
    world.act()
    assert world.alive[0].idle == 0.0
    world.finish_all()
    world.act()
    world.advance(500)
    assert world.act().returned.ended == []


def test_a_spot_notice_closes_the_host_and_moves_jobs_that_may_run_again(build: Build) -> None:
    world = build(rerunnable_queues=("general",))
    joined(world, 3)
    (machine,) = world.alive
    world.notices.send(machine.machine_id, "interruption", world.now + 120)
    turn = world.act()
    assert turn.watched.closed == (machine.name,)
    assert world.notices.receive() == ()
    assert sorted(turn.returned.requeued) == ["1", "2", "3"]
    world.recount()
    assert len(world.act().returned.ended) == 1
    assert world.cloud.peek()[0].end_reason == "interrupted"
    assert {job.status for job in world.scheduler.jobs()} == {JobStatus.PEND}


def test_what_lsf_refuses_is_said_and_tried_again(build: Build) -> None:
    world = build(rerunnable_queues=("general",))
    joined(world)
    world.finish_all()
    world.act()
    world.advance(600)
    world.hosts.before, world.hosts.refuses = world.submit, True
    name = world.alive[0].name
    assert world.act().refused == (f"not opened: {name}: badmin hopen failed: permission denied",)
    world.hosts.refuses = False
    assert world.act().returned.reopened == [name]
    world.cloud.change(world.alive[0].machine_id, notice=world.now + 120)
    world.hosts.refuses = True
    job = world.scheduler.jobs()[0].job_id
    assert world.act().refused == (f"not requeued: {job}: brequeue failed: permission denied",)
    world.hosts.refuses = False
    assert world.act().returned.requeued == [job]


def test_a_machine_that_is_gone_by_itself_is_paid_for(world: World) -> None:
    joined(world)
    world.cloud.set_state(world.alive[0].machine_id, MachineState.TERMINATED)
    world.act()
    assert world.spend.month_to_date("2027-01")["lee"] == pytest.approx(BOOT_S / 3600 * 0.68)


def test_jobs_of_queues_that_may_not_rerun_are_left_and_said(world: World) -> None:
    joined(world, 3)
    world.cloud.change(world.alive[0].machine_id, notice=world.now + 120)
    turn = world.act()
    assert turn.returned.requeued == []
    assert [event.fields["job"] for event in world.audit.events if event.kind == "job left"] == ["1", "2", "3"]
    assert world.act().returned.ended == []


def test_past_its_lifetime_a_node_takes_no_jobs_and_goes_when_empty(build: Build) -> None:
    world = build(life=Life(lifetime_hours=1.0))
    joined(world)
    world.act()
    world.advance(3600)
    world.act()
    assert world.statuses() == ["closed_Adm"]
    world.act()
    assert len(world.alive) == 1
    world.finish_all()
    world.act()
    assert world.alive == []
    assert world.cloud.peek()[0].end_reason == "lifetime"


@pytest.mark.parametrize("break_it", ["scheduler", "cloud"])
def test_a_turn_that_cannot_see_does_nothing(world: World, break_it: str) -> None:
    joined(world)
    world.finish_all()
    world.act()
    world.advance(600)
    before = world.cloud.peek()
    if break_it == "scheduler":
        world.scheduler.down = True
    else:
        world.cloud.fail_at = 2  # the service's turn saw it, the broker's did not
    with pytest.raises((SiteUnavailable, TryAgain)):
        world.turn()
    assert world.cloud.peek() == before
    world.scheduler.down = False
    assert len(world.act().returned.ended) == 1


def test_an_lsf_that_dies_after_closing_ends_nothing(world: World) -> None:
    joined(world)
    world.finish_all()
    world.act()
    world.advance(600)
    world.hosts.before = lambda: setattr(world.scheduler, "down", True)
    with pytest.raises(SiteUnavailable):
        world.turn()
    assert len(world.alive) == 1


def test_what_ec2_will_not_end_is_said_and_asked_for_again(world: World) -> None:
    joined(world)
    world.finish_all()
    world.act()
    world.advance(600)
    world.hosts.before = lambda: setattr(world.cloud, "fail_at", 1)
    turn = world.act()
    assert turn.refused == (f"not ended: {world.alive[0].machine_id}: throttled",)
    world.advance(300)
    world.act()
    assert world.alive == []


def test_a_dry_run_changes_nothing(world: World) -> None:
    joined(world)
    world.finish_all()
    world.act()
    world.advance(600)
    world.submit(1, lab="wu")
    world.scheduler.all_jobs = (*world.scheduler.all_jobs, world.make.job("99", slots=64))
    before = (world.cloud.peek(), world.scheduler.hosts(), len(world.audit.events))
    turn = world.act(dry_run=True)
    assert (world.cloud.peek(), world.scheduler.hosts(), len(world.audit.events)) == before
    assert turn.launches == ()
    assert sum(decision.nodes for decision in turn.decisions) == 8


def test_only_the_master_acts_and_says_who_is(world: World) -> None:
    world.submit(8)
    made = world.turn(here="m2")
    assert made == Standby(why="the master is m1, this host is m2")
    assert world.alive == []
    world.master.master = "M2.example.org"
    assert not isinstance(world.turn(here="m2"), Standby)


def test_one_process_at_a_time(world: World) -> None:
    world.submit(8)
    with one_at_a_time(world.lock):
        made = world.turn()
        assert world.act(dry_run=True).decisions[0].nodes == 1
    assert isinstance(made, Standby)
    assert "another broker is at work" in made.why
    assert world.alive == []
    with if_free(world.lock) as ours:
        assert ours


def test_another_cluster_is_refused(world: World) -> None:
    world.master.cluster = "c2"
    with pytest.raises(ConfigError, match="for cluster c1, the batch system here is c2"):
        world.turn()


def test_an_unknown_master_is_no_master(world: World) -> None:
    world.master.down = True
    with pytest.raises(SiteUnavailable):
        world.turn()


@pytest.mark.parametrize("started", [0.0, BUCKET_S - 1.0])
def test_a_turn_that_died_over_its_launch_is_repeated_as_the_same_launch(world: World, started: float) -> None:
    world.now += started
    world.submit(40)
    world.cloud.lose = 1
    world.turn()
    world.now += 5  # the bucket has ended in one of the cases
    world.turn()
    world.cloud.hidden = False
    assert len(world.alive) == 5
    assert world.act().launches == ()
    assert world.provider.unanswered() == frozenset()


def test_a_launch_whose_answer_was_lost_is_answered_when_its_machines_show(world: World) -> None:
    world.submit(40)
    world.cloud.lose = 1
    world.turn()
    assert len(world.provider.unanswered()) == 1
    world.cloud.hidden = False
    assert world.act().launches == ()
    assert world.provider.unanswered() == frozenset()


def test_no_double_launch_when_the_master_moves_without_files(world: World) -> None:
    world.submit(40)
    world.cloud.lose = 1
    world.turn()
    world.fail_over()
    world.master.master = "m2"
    world.cloud.hidden = False
    assert isinstance(world.turn(here="m1"), Standby)
    assert world.act(here="m2").launches == ()
    world.advance(BOOT_S)
    world.act(here="m2")
    assert len(world.alive) == 5
    assert all(machine.joined for machine in world.alive)


def test_a_launch_that_never_joins_is_no_orphan_for_long(world: World) -> None:
    world.submit(8)
    world.act()
    world.fail_over()
    world.now += 900  # nobody let it join
    world.scheduler.all_hosts = (world.make.host("onprem-1"),)  # a cluster that lists no host at all is not believed
    world.scheduler.all_jobs = ()
    world.act()
    assert world.alive == []
    assert world.cloud.peek()[0].end_reason == "failed-to-join"


def test_the_same_empty_fleet_a_day_later_is_another_launch(world: World) -> None:
    world.submit(8)
    world.act()
    first = world.alive[0]
    world.cloud.set_state(first.machine_id, MachineState.TERMINATED)
    world.cloud.forget(first.machine_id)
    world.now += 86400 - world.now % BUCKET_S
    assert [len(one.outcome.launched) for one in world.act().launches if one.outcome] == [1]
    assert world.alive[0].request_id != first.request_id


def test_a_pool_without_capacity_does_not_keep_the_others_back(build: Build, make: Any) -> None:
    pools = (make.pool("first", priority=20, queues=("general",)), make.pool("second", queues=("other",)))
    world = build(pools=pools)
    world.scheduler.all_queues = (make.queue(), make.queue("other"))
    world.submit(8)
    world.submit(8, queue="other")
    world.cloud.capacity = 1
    turn = world.act()
    assert [one.decision.pool for one in turn.launches if one.outcome] == ["first"]
    assert len(turn.refused) == 1
    assert turn.refused[0].startswith("second: ")
    assert world.provider.unanswered() == frozenset()


def test_a_journal_that_cannot_be_written_breaks_off_no_turn(build: Build) -> None:
    world = build()
    world.submit(8)

    class Full(type(world.journal)):  # type: ignore[misc]  # the fake, with a full disk under it
        def begin(self, *_: Any) -> None:
            raise SiteUnavailable("launches.log: cannot be written: no space left")

    world.journal = Full()
    turn = world.act()
    assert turn.refused == (f"{world.settings.pools[0].name}: launches.log: cannot be written: no space left",)
    assert world.alive == []


@pytest.mark.parametrize("code", ["InsufficientInstanceCapacity", "VcpuLimitExceeded"])
def test_the_next_pool_takes_over_in_the_same_turn(build: Build, make: Any, code: str) -> None:
    world = build(pools=(make.pool("first", priority=20), make.pool("second")))
    world.submit(3, slots=8)
    world.cloud.refuses = {"first": of_code(code, "no room")}
    turn = world.act()
    assert [(one.decision.pool, one.nodes, one.empty) for one in turn.launches] == [
        ("first", 0, True),
        ("second", 3, False),
    ]
    assert [machine.pool for machine in world.alive] == ["second"] * 3
    assert world.ledger.pools()["first"].held_for == code
    world.advance(60)
    assert world.act().launches == ()  # what starts is counted, and the first pool is held


def test_pools_are_tried_until_one_gives_or_none_is_left(build: Build, make: Any) -> None:
    names = ("first", "second", "third")
    world = build(pools=tuple(make.pool(name, priority=30 - n) for n, name in enumerate(names)))
    world.submit(1, slots=8)
    world.cloud.refuses = {name: of_code("InsufficientInstanceCapacity", "no room") for name in names[:2]}
    assert [one.decision.pool for one in world.act().launches] == list(names)
    assert [machine.pool for machine in world.alive] == ["third"]
    world.cloud.refuses["third"] = world.cloud.refuses["first"]
    world.submit(2, slots=8)
    world.advance(60)
    assert [one.decision.pool for one in world.act().launches] == ["third"]  # the others are held


def test_what_the_first_pool_gave_another_lab_is_not_launched_again(build: Build, make: Any) -> None:
    pools = (make.pool("first", priority=20, labs=("lee",)), make.pool("mid", priority=15), make.pool("second"))
    world = build(pools=pools)
    world.submit(2, slots=8, lab="lee")
    world.submit(1, slots=8, lab="kim")
    world.cloud.refuses = {"mid": of_code("InsufficientInstanceCapacity", "no room")}
    world.act()
    assert sorted((machine.pool, machine.lab) for machine in world.alive) == [
        ("first", "lee"),
        ("first", "lee"),
        ("second", "kim"),
    ]


@pytest.mark.parametrize("port", ["spend", "ledger"])
def test_hosts_are_given_back_when_the_spend_cannot_be_read(build: Build, port: str) -> None:
    world = build()
    world.submit(1)
    world.act()
    world.advance(BOOT_S)
    world.act()
    world.finish_all()
    unreadable(world, port)
    for _ in range(40):
        world.advance(60)
        turn = world.act()
    assert world.alive == []
    world.submit(8)
    turn = world.act()
    assert (turn.decisions, turn.launches) == ((), ())
    assert any(text.startswith("nothing is launched on missing knowledge: ") for text in turn.refused)


def unreadable(world: World, port: str) -> None:
    def refuse(*_: object) -> Any:
        raise TryAgain("cannot be read") if port == "ledger" else SiteUnavailable("cannot be read")

    if port == "ledger":
        world.ledger.pools = refuse  # type: ignore[method-assign]  # the rest of the ledger goes on
    else:
        world.spend.month_to_date = refuse  # type: ignore[method-assign]  # it can be written


@pytest.mark.parametrize("purchase", ["spot", "mixed"])
def test_spot_nodes_with_a_flag_no_job_names_are_refused(make: Any, purchase: str) -> None:
    settings = make.settings(pools=(make.pool(), make.pool("cheap", purchase=purchase)))
    with pytest.raises(ConfigError, match=r"pool cheap: .* exclusive flag risspot") as caught:
        check_flags(settings)
    assert 'spot_flag: ""' in caught.value.hint
    check_flags(replace(settings, spot_flag=""))
    check_flags(replace(settings, pools=settings.pools[:1]))


def notice(world: World, number: int) -> None:
    if world.alive:
        world.cloud.change(world.alive[number % len(world.alive)].machine_id, notice=world.now + 120)


def lose(world: World, number: int) -> None:
    """The cloud takes a machine, with whatever runs there."""
    if world.alive:
        world.cloud.set_state(world.alive[number % len(world.alive)].machine_id, MachineState.TERMINATED)
        world.look()


def throttle(world: World, call: int) -> None:
    world.cloud.fail_at = call


def race(world: World) -> None:
    world.hosts.before = world.submit


def down(world: World, off: bool) -> None:
    world.scheduler.down = off


def tolerant(world: World) -> None:
    try:
        world.turn()
    except RisHybridError:
        return
    finally:
        world.recount()


def submit(world: World, count: int, lab: str) -> None:
    world.submit(count, lab=lab)


def advance(world: World, seconds: float) -> None:
    world.advance(seconds)


def finish(world: World, number: int) -> None:
    world.finish(number)


def finish_all(world: World) -> None:
    world.finish_all()


def fail_over(world: World) -> None:
    world.fail_over()


EVENTS = st.one_of(
    st.tuples(st.just(submit), st.integers(1, 30), st.sampled_from(["lee", "wu"])),
    st.tuples(st.just(advance), st.sampled_from([1, 60, 240, 600, 900])),
    st.tuples(st.just(finish), st.integers(0, 40)),
    st.tuples(st.just(finish_all)),
    st.tuples(st.just(notice), st.integers(0, 9)),
    st.tuples(st.just(lose), st.integers(0, 9)),
    st.tuples(st.just(throttle), st.integers(1, 6)),
    st.tuples(st.just(race)),
    st.tuples(st.just(down), st.booleans()),
    st.tuples(st.just(fail_over)),
    st.tuples(st.just(tolerant)),
    st.tuples(st.just(tolerant)),
)


def calm(world: World) -> None:
    """Nothing is in the way any more."""
    world.scheduler.down, world.cloud.fail_at, world.hosts.before = False, 0, None


@settings(max_examples=150)
@given(events=st.lists(EVENTS, max_size=40))
def test_never_above_caps_never_with_jobs_and_all_is_gone_in_the_end(
    make: Any, built: Build, events: list[tuple[Any, ...]]
) -> None:
    caps = Caps(nodes=7, per_lab=5)
    world = built(caps=caps, pools=(make.pool(max_nodes=6),), rerunnable_queues=("general",))
    for event in events:
        event[0](world, *event[1:])
        alive = world.alive
        assert len(alive) <= 6
        assert max((sum(m.lab == lab for m in alive) for lab in ("lee", "wu")), default=0) <= 5
    calm(world)
    for _ in range(60):
        world.advance(120)
        tolerant(world)
        world.finish_all()
    assert world.scheduler.jobs() == ()
    assert world.alive == []


@given(events=st.lists(EVENTS, max_size=25))
def test_a_turn_repeated_at_once_changes_nothing_more(built: Build, events: list[tuple[Any, ...]]) -> None:
    world = built(caps=Caps(nodes=7))
    for event in events:
        event[0](world, *event[1:])
    calm(world)
    tolerant(world)
    tolerant(world)
    before = [replace(machine, idle=0.0) for machine in world.cloud.peek()]
    tolerant(world)
    assert [replace(machine, idle=0.0) for machine in world.cloud.peek()] == before
