"""A plug-in that knows nothing of this product, written to IBM's contract, runs unchanged from request to return."""

from __future__ import annotations

from pathlib import Path

from ris_hybrid.sandbox.lsf.rcevents import Granted, Joined, RequestClosed, RequestMade, Returned, ReturnStarted

PLUGIN = (Path(__file__).parents[2] / "golden" / "foreign_plugin" / "plugin.txt").read_text(encoding="utf-8")


def test_from_pending_jobs_to_returned_machines(site, python_program):
    site.lsf_conf(LSB_RC_EXTERNAL_HOST_FLAG="awshost", LSB_RC_EXTERNAL_HOST_IDLE_TIME=2)
    scripts = site.add_provider("foreign", scriptOption="-Dregion=nowhere")
    for verb in ("getAvailableTemplates", "requestMachines", "getRequestStatus", "requestReturnMachines"):
        python_program(scripts / f"{verb}.sh", PLUGIN)
    python_program(scripts / "getReturnRequests.sh", PLUGIN)
    site.start(boot_s=100.0)
    site.submit(4, run_s=5_000)  # fills the site
    site.submit(8, 4, run_s=120, user_group="compute-albert")

    site.run(60)
    (made,) = site.seen(RequestMade)
    assert (made.machines, made.borrower.account, made.borrower.template) == (2, "albert", "Template-VM-1")
    assert [event.name for event in site.seen(Granted)] == ["ip-10-0-0-1", "ip-10-0-0-2"]
    assert {row.rc_status for row in site.ebrokerd.rc_rows()} == {"Allocated"}
    assert {row.prov_status for row in site.ebrokerd.rc_rows()} == {"running"}

    site.run(101)  # 100 s after the launch, which was at the start
    assert [event.at - made.at for event in site.seen(Joined)] == [100.0, 100.0]
    assert site.cluster.counts().cloud_slots_used == 12

    site.run(600)
    assert site.ebrokerd.idle()
    assert [event.why for event in site.seen(ReturnStarted)] == ["idle", "idle"]
    assert len(site.seen(Returned)) == 2
    assert [event.granted for event in site.seen(RequestClosed)] == [2]
    assert site.cluster.counts().cloud_slots == 0
    assert {job.borrowed for job in site.cluster.finished()} == {True}
    assert site.ebrokerd.protocol_errors == ()
    assert site.ebrokerd.holdings() == ()
