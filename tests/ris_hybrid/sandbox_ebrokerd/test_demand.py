from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.answers import Template
from ris_hybrid.sandbox.lsf.demand import (
    Limits,
    Offer,
    Threshold,
    Want,
    gate_open,
    parse_demand_policy,
    plan,
    serves,
    wanted,
)
from ris_hybrid.sandbox.lsf.rcpolicies import Borrower
from ris_hybrid.sandbox.lsf.resreq import Wish
from ris_hybrid.sandbox.lsf.spec import PendingJob, QueueSpec

AWS = frozenset({"awshost"})


def node(name: str = "node8", slots: int = 8, most: int = 100, **more: object) -> Template:
    return Template(template_id=name, max_number=most, slots=slots, **{"booleans": AWS, **more})


def offer(template: Template, **more: object) -> Offer:
    return Offer(provider="aws", template=template, **more)


def limits(**more: object) -> Limits:
    return Limits(**{"max_requests": 300, "flags": AWS, **more})


def want(slots: int, account: str = "albert", rc_hosts: str = "awshost", wish: str = "") -> Want:
    return Want(account=account, rc_hosts=rc_hosts, slots=slots, wish=Wish(wish))


def hosts(wants: list[Want], offers: list[Offer], free: dict[str, int] | None = None, **more: object) -> dict:
    spare = {(account, node().resources): slots for account, slots in (free or {}).items()}
    found = plan(wants, offers, spare, limits(**more), 0.0)
    return {(borrower.template, borrower.account): count for borrower, count in found.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("THRESHOLD[[5,10] [1,60] [100,0]]", [(5, 600), (1, 3600), (100, 0)]),
        ("THRESHOLD[ [ 5 , 10 ] [3]]", [(5, 600), (3, 0)]),
        ("  THRESHOLD[[2]]  ", [(2, 0)]),
    ],
)
def test_demand_policy_grammar(text: str, expected: list[tuple[int, float]]) -> None:
    assert [(item.jobs, item.pending_s) for item in parse_demand_policy(text, "q")] == expected


@pytest.mark.parametrize("text", ["THRESHOLD", "THRESHOLD[]", "THRESHOLD[5,10]", "THRESHOLD[[5,x]]", "[[5,10]]", "5"])
def test_a_bad_demand_policy_names_the_queue(text: str) -> None:
    with pytest.raises(ConfigError, match="queue general: RC_DEMAND_POLICY"):
        parse_demand_policy(text, "general")


@given(st.lists(st.tuples(st.integers(0, 500), st.one_of(st.none(), st.integers(0, 500))), min_size=1, max_size=6))
def test_every_written_policy_is_read_back(pairs: list[tuple[int, int | None]]) -> None:
    text = " ".join(f"[{jobs}]" if minutes is None else f"[{jobs},{minutes}]" for jobs, minutes in pairs)
    assert parse_demand_policy(f"THRESHOLD[{text}]", "q") == tuple(
        Threshold(jobs=jobs, pending_s=60.0 * (minutes or 0)) for jobs, minutes in pairs
    )


def test_any_threshold_opens_the_gate() -> None:
    both = parse_demand_policy("THRESHOLD[[5,10] [1,60]]", "q")
    assert not gate_open(both, [0.0] * 4, 600)
    assert gate_open(both, [0.0] * 5, 600)
    assert not gate_open(both, [0.0] * 5, 599)
    assert gate_open(both, [0.0], 3600)
    assert gate_open((), [0.0], 0)
    assert not gate_open((), [], 0)


@given(st.lists(st.floats(0, 5000), max_size=12), st.integers(1, 6), st.integers(0, 60))
def test_a_gate_that_is_open_stays_open_while_the_jobs_wait(times: list[float], jobs: int, minutes: int) -> None:
    gates = (Threshold(jobs=jobs, pending_s=60.0 * minutes),)
    if gate_open(gates, times, 5000):
        assert gate_open(gates, times, 9000)


def pending(queue: str, account: str, slots: int = 1, submitted: float = 0.0) -> PendingJob:
    return PendingJob(job_id="1", queue=queue, account=account, slots=slots, submitted=submitted)


def test_all_jobs_of_an_open_queue_are_wanted() -> None:
    queues = (QueueSpec(name="a", rc_hosts="all"), QueueSpec(name="b", rc_hosts="awshost"), QueueSpec(name="c"))
    jobs = [pending("a", "x", 2), pending("a", "y", 3), pending("b", "x", 4, 500), pending("b", "x", 8, 600)]
    gates = {"b": parse_demand_policy("THRESHOLD[[1,1]]", "b")}
    assert wanted(queues, gates, jobs, 559) == (want(2, "x", "all"), want(3, "y", "all"))
    assert wanted(queues, gates, jobs, 560) == (want(12, "x"), want(2, "x", "all"), want(3, "y", "all"))


@pytest.mark.parametrize(
    ("template", "rc_hosts", "flags", "expected"),
    [
        (node(), "awshost", AWS, True),
        (node(), "all", AWS, True),
        (node(), "none", AWS, False),
        (node(), "gpuhost", AWS, False),
        (node(), "gpuhost awshost", AWS, True),
        (node(slots=0), "awshost", AWS, False),
        (node(booleans=frozenset()), "all", AWS, False),
        (node(booleans=frozenset()), "all", frozenset(), True),
        (node(exclusive=frozenset({"gpu"})), "all", AWS, False),
        (node(exclusive=frozenset({"gpu"})), "awshost gpu", AWS, False),
    ],
)
def test_which_template_serves(template: Template, rc_hosts: str, flags: frozenset[str], expected: bool) -> None:
    assert serves(template, want(1, rc_hosts=rc_hosts), flags) is expected


@pytest.mark.parametrize(
    ("wish", "expected"),
    [("", False), ("burst", True), ("(burst) && (mem>1)", True), ("!burst", False), ("awshost", False), ("big", False)],
)
def test_an_exclusive_template_serves_only_jobs_that_name_its_flag(wish: str, expected: bool) -> None:
    flagged = node(booleans=AWS | {"burst"}, exclusive=frozenset({"burst"}))
    assert serves(flagged, want(1, wish=wish), AWS) is expected


def test_jobs_that_name_the_flag_and_jobs_that_do_not_are_wanted_apart() -> None:
    flagged = node("b", slots=4, booleans=AWS | {"burst"}, exclusive=frozenset({"burst"}))
    jobs = [replace(pending("a", "x", 4), selection="burst"), pending("a", "x", 8)]
    wants = wanted((QueueSpec(name="a", rc_hosts="awshost"),), {}, jobs, 0.0)
    assert wants == (want(4, "x", wish="burst"), want(8, "x"))
    once = {Borrower(provider="aws", template="b", account="x"): 1}
    assert plan(wants, [offer(flagged)], {}, limits(), 0.0) == once
    free = {("x", node().resources): 8, ("x", flagged.resources): 3}
    assert plan(wants, [offer(flagged)], free, limits(), 0.0) == once
    assert plan(wants, [offer(flagged)], free | {("x", flagged.resources): 4}, limits(), 0.0) == {}


def test_hosts_are_slots_rounded_up_less_what_is_free() -> None:
    assert hosts([want(17)], [offer(node())]) == {("node8", "albert"): 3}
    assert hosts([want(17)], [offer(node())], {"albert": 1}) == {("node8", "albert"): 2}
    assert hosts([want(17)], [offer(node())], {"albert": 17, "bohr": 9}) == {}


def test_templates_by_priority_then_name_and_the_rest_to_the_next() -> None:
    offers = [
        offer(node("b", slots=4, most=2)),
        offer(node("a", slots=4, most=3), in_use=2),
        offer(node("z", slots=4, most=1, priority=9)),
    ]
    assert list(hosts([want(16)], offers).items()) == [(("z", "albert"), 1), (("a", "albert"), 1), (("b", "albert"), 2)]


def test_a_delayed_template_is_left_alone() -> None:
    offers = [offer(node("a"), delayed_until=1.0), offer(node("b"))]
    assert hosts([want(8)], offers) == {("b", "albert"): 1}
    assert hosts([want(8)], [offer(node("a"), delayed_until=0.0)]) == {("a", "albert"): 1}


def test_max_number_zero_means_none_and_below_zero_no_limit() -> None:
    assert hosts([want(80)], [offer(node(most=0))]) == {}
    assert hosts([want(80)], [offer(node(most=-1), in_use=7)]) == {("node8", "albert"): 10}


def test_ceilings_hold_over_all_accounts() -> None:
    wants = [want(24, "albert"), want(24, "bohr")]
    assert hosts(wants, [offer(node())], max_requests=6, requested=2) == {("node8", "albert"): 3, ("node8", "bohr"): 1}
    assert hosts(wants, [offer(node())], max_new=2) == {("node8", "albert"): 2}
    assert hosts(wants, [offer(node())], max_requests=2, requested=9) == {}


def test_what_one_queue_leaves_of_a_host_serves_the_next_of_the_same_account() -> None:
    assert hosts([want(9), want(7, rc_hosts="all")], [offer(node())]) == {("node8", "albert"): 2}
    assert hosts([want(9), want(8, rc_hosts="all")], [offer(node())]) == {("node8", "albert"): 3}


@given(
    st.lists(st.tuples(st.sampled_from(["x", "y"]), st.integers(1, 200)), max_size=5),
    st.lists(st.tuples(st.integers(1, 64), st.integers(0, 9), st.integers(0, 9)), max_size=4),
    st.integers(0, 20),
    st.integers(0, 30),
)
def test_no_limit_is_ever_passed(
    demand: list[tuple[str, int]], kinds: list[tuple[int, int, int]], free: int, ceiling: int
) -> None:
    wants = [want(slots, account) for account, slots in demand]
    offers = [offer(node(f"t{i}", slots, most), in_use=used) for i, (slots, most, used) in enumerate(kinds)]
    found = plan(wants, offers, {("x", node().resources): free}, limits(max_requests=ceiling), 0.0)
    assert sum(found.values()) <= ceiling
    for item in offers:
        new = sum(count for borrower, count in found.items() if borrower.template == item.template.template_id)
        assert new == 0 or item.in_use + new <= item.template.max_number
    for account in ("x", "y"):
        sizes = {item.template.template_id: item.template.slots for item in offers}
        got = [(sizes[b.template], count) for b, count in found.items() if b.account == account]
        needed = sum(slots for name, slots in demand if name == account) - (free if account == "x" else 0)
        # Never a whole host more than needed.
        assert not got or sum(size * count for size, count in got) - max(size for size, _ in got) < needed
