"""What burst is told of results that are still out: by dataset, of PHI by the staging's id alone."""

from __future__ import annotations

from dataclasses import replace

from ris_hybrid.data.values import Dataset, Estimate, StagingPlan, StagingState, Totals
from ris_hybrid.staging.leasing import not_back
from ris_hybrid.staging.values import Lease, Staging

PLAN = StagingPlan(
    staging_id="st-1",
    dataset=Dataset(allocation="kids", subtree="Active/TRIAL"),
    data_class="internal",
    bucket="b",
    way="globus",
    why=(),
    totals=Totals(),
    there=Totals(),
    left_out=(),
    estimate=Estimate(seconds_p50=1.0, seconds_p90=2.0, usd={}),
    blocked=(),
    created=100.0,
)
ENDED = Lease(job_id="7", state="ended", since=1.0)
OUT = Staging(plan=PLAN, site_path="/x", state=StagingState.RETURNING, leases=(ENDED,))


def test_what_is_not_back_is_told() -> None:
    assert not_back(OUT) == "results of 1 ended jobs on kids:Active/TRIAL are not on the site yet (returning)"
    assert not_back(replace(OUT, leases=(replace(ENDED, state="returned"),))) == ""


def test_a_directory_of_phi_has_no_name() -> None:
    phi = replace(OUT, plan=replace(PLAN, data_class="phi"))
    assert not_back(phi) == "results of 1 ended jobs on st-1 are not on the site yet (returning)"
