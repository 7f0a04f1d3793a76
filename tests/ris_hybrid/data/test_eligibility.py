from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.data.eligibility import Around, outlook
from ris_hybrid.data.needs import JobNeeds, Need
from ris_hybrid.data.readiness import JobData
from ris_hybrid.data.values import Dataset, StagingState

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.data.sharing import Held
    from ris_hybrid.mirror.values import AllocationPlan

    Staging = Callable[..., Held]
    Allocation = Callable[..., AllocationPlan]

NODE_UP = 1000.0


class Said(NamedTuple):
    ready: bool | None
    reason: str


def need(subtree: str, allocation: str = "wucci") -> Need:
    return Need(dataset=Dataset(allocation=allocation, subtree=subtree), source="cwd")


def job(job_id: str = "7", *reads: str, writes: tuple[str, ...] = (), **fields: Any) -> JobNeeds:
    plain = JobNeeds(job_id=job_id, lab="wucci", reads=tuple(map(need, reads)), writes=tuple(map(need, writes)))
    return replace(plain, **fields)


@pytest.fixture
def around(allocation: Allocation) -> Around:
    return Around(allocations={"wucci": allocation()}, held=(), node_up_at=NODE_UP)


def said(one: JobNeeds, around: Around) -> JobData:
    return outlook([one], around)[one.job_id]


def test_a_job_that_finds_all_of_it_goes(around: Around, staging: Staging) -> None:
    its = replace(around, held=(staging("s1", "Active"),))
    assert said(job("7", "Active/a", writes=("Active/out",)), its) == JobData(
        verdict="staged", reason="wucci:Active/a is there", usd=6.0, eligible=True
    )
    assert said(job("7", "Active/a"), its).usd == 0.0


def test_a_job_whose_data_nobody_stages_stays(around: Around, staging: Staging) -> None:
    its = replace(around, held=(staging("s1", "Active/b"),))
    assert said(job("7", "Active/a"), its) == JobData(verdict="not staged", reason="wucci:Active/a (cwd) is not staged")


@pytest.mark.parametrize(
    ("ready_at", "patience_s", "verdict", "reason"),
    [
        (900.0, 0.0, "in time", "wucci:Active will be there 100 s before a node would be up"),
        (1000.0, 0.0, "in time", "wucci:Active will be there 0 s before a node would be up"),
        (1060.0, 60.0, "in time", "wucci:Active will be there 60 s after a node would be up"),
        (1061.0, 60.0, "not staged", "wucci:Active will be there 61 s after a node would be up"),
        (0.0, 60.0, "not staged", "wucci:Active is staging, and when it will be there is not known"),
    ],
)
def test_data_on_its_way_counts_if_it_comes_before_the_node(
    around: Around, staging: Staging, ready_at: float, patience_s: float, verdict: str, reason: str
) -> None:
    held = (staging("s1", "Active", state=StagingState.STAGING, ready_at=ready_at), staging("s2", "Archive"))
    found = said(job("7", "Active/a", "Archive/b"), replace(around, held=held, patience_s=patience_s))
    assert (found.verdict, found.reason, found.ready_at) == (verdict, reason, ready_at)
    assert found.eligible == (verdict == "in time")


def test_what_is_blocked_says_what_blocks_it(around: Around, staging: Staging) -> None:
    held = (staging("s1", "Active", state=StagingState.BLOCKED, blocked=("cache: dirty",)),)
    assert said(job("7", "Active"), replace(around, held=held)).reason == "wucci:Active is blocked: cache: dirty"


def test_a_job_that_says_nothing_stays_unless_the_site_lets_it_go(around: Around) -> None:
    found = said(job("7", not_printed=("its command",)), around)
    assert found == JobData(
        verdict="unknown",
        reason="it names no path of an allocation; the scheduler does not tell its command; "
        "bsub -Jd 'data=PATH', or 'data=none', would say",
    )
    gone = said(job("7"), replace(around, unknown="go"))
    assert (gone.verdict, gone.eligible) == ("none needed", True)
    assert gone.reason.endswith("; needs.unknown lets it go")


def test_a_job_of_which_only_a_part_is_told_stays_too(around: Around, staging: Staging) -> None:
    its = replace(around, held=(staging("s1", "Active"),))
    part = job("7", "Active", not_printed=("its command",))
    assert said(part, its) == JobData(
        verdict="unknown", reason="the scheduler does not tell its command: it may need more than is known"
    )
    assert said(replace(part, said=True), its).eligible
    assert said(part, replace(its, unknown="go")).eligible


def test_a_job_that_needs_none_goes(around: Around) -> None:
    assert said(job("7", none=True), around) == JobData(
        verdict="none needed", reason="it says that it needs no data", eligible=True
    )
    assert said(job("7", writes=("Active/out",)), around) == JobData(
        verdict="none needed", reason="it reads nothing of an allocation", eligible=True
    )


def test_a_strange_path_is_unknown_whatever_the_site_says(around: Around) -> None:
    found = said(job("7", strange=("cwd /x: no", "volume /y: no")), replace(around, unknown="go"))
    assert found == JobData(verdict="unknown", reason="cwd /x: no; volume /y: no")


def test_the_image_comes_first(around: Around) -> None:
    its = replace(around, images={"1": Said(False, "old"), "2": Said(None, "ECR?"), "3": Said(True, "there")})
    found = outlook([job(str(number), none=True) for number in (1, 2, 3, 4)], its)
    assert [(one.verdict, one.eligible) for one in found.values()] == [
        ("no image", False),
        ("unknown", False),
        ("none needed", True),
        ("unknown", False),
    ]
    reasons = [found[name].reason for name in ("1", "2", "4")]
    assert reasons == ["old", "ECR?", "nobody has looked at its image yet"]


def test_directories_of_phi_are_not_named(around: Around, staging: Staging, allocation: Allocation) -> None:
    its = replace(around, allocations={"wucci": allocation(data_class="phi")})
    coming = staging("s1", "Active/TRIAL", state=StagingState.STAGING, ready_at=900.0)
    for held in ((), (coming,), (staging("s1", "Active/TRIAL"),)):
        reason = said(job("7", "Active/TRIAL"), replace(its, held=held)).reason
        assert reason.startswith("wucci:(a directory)")
        assert "TRIAL" not in reason
    assert said(job("7", ""), replace(its, held=(staging("s1", ""),))).reason == "wucci:/ is there"


def test_phi_goes_to_its_own_lab_on_pools_that_may_see_it(
    around: Around, staging: Staging, allocation: Allocation
) -> None:
    phi = allocation(data_class="phi")
    its = replace(around, held=(staging("s1", "Active"),), allocations={"wucci": phi})
    assert said(job("7", "Active"), its).eligible
    assert said(job("7", "Active", lab="lee"), its) == JobData(
        verdict="not staged", reason="wucci is PHI of lab wucci: jobs of others do not see it in the cloud"
    )
    none = replace(its, allocations={"wucci": replace(phi, pools=())})
    assert said(job("7", "Active"), none).reason == "wucci is PHI, and no pool may see it"
    assert said(job("7", none=True, writes=("Active/out",), lab="lee"), its).verdict == "not staged"


def test_a_node_does_not_reach_the_bucket_of_another_lab(around: Around, staging: Staging) -> None:
    held = staging("s1", "Active")
    foreign = job("7", "Active", writes=("Active/out",), lab="lee")
    assert said(foreign, replace(around, held=(held,))) == JobData(
        verdict="not staged",
        reason="wucci:Active is of another lab, whose bucket nodes of lab lee do not reach; "
        "wucci:Active/out is of another lab, whose bucket nodes of lab lee do not reach",
    )
    mounted = replace(held, plan=replace(held.plan, way="mount"))
    assert said(foreign, replace(around, held=(mounted,))).eligible


def test_results_need_a_bucket_that_takes_them(around: Around, allocation: Allocation, staging: Staging) -> None:
    plan = allocation()
    closed = replace(plan, bucket=replace(plan.bucket, writable=False))
    its = replace(around, held=(staging("s1", "Active"),), allocations={"wucci": closed})
    assert said(job("7", "Active"), its).eligible
    assert said(job("7", "Active", writes=("Active/out",)), its).reason == (
        "results cannot be kept: wucci:Active/out takes no writes in the cloud"
    )
    nowhere = said(job("7", "Active", writes=("Active",)), replace(its, allocations={}))
    assert nowhere.reason == (
        "allocation wucci is not mirrored; results cannot be kept: wucci:Active takes no writes in the cloud"
    )


def test_jobs_share_what_a_staging_costs(around: Around, staging: Staging) -> None:
    planned = staging("s1", "Active", state=StagingState.PLANNED, ready_at=1.0, jobs=("0", "1"))
    jobs = [job("1", "Active/a"), job("2", "Active/b", writes=("Active/out",)), job("3", "Active/c", "Active/d")]
    found = outlook(jobs, replace(around, held=(planned,)))
    assert [round(one.usd, 6) for one in found.values()] == [2.5, 4.5, 2.5]


def test_a_job_that_stays_pays_no_part(around: Around, staging: Staging) -> None:
    planned = staging("s1", "Active", state=StagingState.PLANNED, ready_at=1.0)
    jobs = [job("1", "Active/a"), job("2", "Active/b"), job("3", "Active/c", "Archive"), job("4", "Active/d")]
    images = {"1": Said(True, ""), "2": Said(True, ""), "3": Said(True, ""), "4": Said(False, "old")}
    found = outlook(jobs, replace(around, held=(planned,), images=images))
    assert [(one.usd, one.eligible) for one in found.values()] == [(5.0, True), (5.0, True), (0.0, False), (0.0, False)]


@given(
    st.lists(st.tuples(st.sampled_from(["a", "a/b", "c", "d"]), st.booleans()), max_size=6),
    st.sampled_from(list(StagingState)),
    st.sampled_from([0.0, 900.0, 1100.0]),
)
def test_dollars_add_up_and_nothing_unknown_goes(
    allocation: Allocation, staging: Staging, asked: list[tuple[str, bool]], state: StagingState, ready_at: float
) -> None:
    held = (staging("s1", "a", state=state, ready_at=ready_at), staging("s2", "c"))
    around = Around(allocations={"wucci": allocation()}, held=held, node_up_at=NODE_UP)
    jobs = [job(str(number), path, writes=(path,) if writes else ()) for number, (path, writes) in enumerate(asked)]
    found = outlook(jobs, around)
    assert list(found) == [one.job_id for one in jobs]
    due = sum(one.due_usd for one in held)
    assert sum(one.usd for one in found.values()) <= due + 6.0 * 2 + 1e-9
    if any(path != "d" for path, _ in asked) and all(one.eligible for one in found.values()):
        used = {"s1" if path.startswith("a") else "s2" for path, _ in asked}
        written = {"s1" if path.startswith("a") else "s2" for path, writes in asked if writes}
        owed = sum(one.due_usd for one in held if one.plan.staging_id in used) + 6.0 * len(written)
        assert sum(one.usd for one in found.values()) == pytest.approx(owed)
    for (path, _), one in zip(asked, found.values(), strict=True):
        assert one.eligible == (one.verdict in {"staged", "in time", "none needed"})
        assert one.reason
        assert one.usd >= 0
        if path == "d":
            assert not one.eligible


def test_results_that_nothing_would_bring_back_keep_a_job(around: Around, staging: Staging) -> None:
    """What lies in the bucket beside all stagings is looked at by none of them."""
    its = replace(around, held=(staging("s1", "Active/in"),))
    told = Need(dataset=Dataset(allocation="wucci", subtree="Active/out"), source="results=")
    one = replace(job("7", "Active/in"), writes=(told,))
    assert said(one, its).reason == "results would not come back: wucci:Active/out (results=) is in no staging"
    assert said(one, replace(its, held=(*its.held, staging("s2", "Active/out")))).eligible
