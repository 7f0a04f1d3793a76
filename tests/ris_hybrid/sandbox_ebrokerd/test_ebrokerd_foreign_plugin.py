"""A plug-in that knows nothing of this product, written to IBM's contract, runs unchanged from request to return."""

from __future__ import annotations

from ris_hybrid.sandbox.lsf.rcevents import Granted, Joined, RequestClosed, RequestMade, Returned, ReturnStarted

# Keeps its fleet in a JSON file; machines need 45 s to run and 40 s to end, by the date of the input file.
PLUGIN = """
import json, os, sys
verb = os.path.basename(sys.argv[0])[:-3]
assert sys.argv[1] == "-f" and os.environ["LSF_ENVDIR"] and os.path.isdir(os.environ["PRO_CONF_DIR"] + "/conf")
assert os.environ["SCRIPT_OPTIONS"] == "-Dregion=nowhere"
with open(sys.argv[2]) as file:
    given = json.load(file)
now = int(os.stat(sys.argv[2]).st_mtime)
path = os.path.join(os.environ["PRO_DATA_DIR"], os.environ["PROVIDER_NAME"] + "-db.json")
db = {"next": 1, "machines": [], "back": {}}
if os.path.exists(path):
    with open(path) as file:
        db = json.load(file)

def state(m):
    if m.get("ended"):
        return "terminated" if now >= m["ended"] + 40 else "shutting-down"
    return "running" if now >= m["launched"] + 45 else "pending"

def describe(m, request, back):
    word = state(m)
    result = {"running": "succeed", "pending": "executing"}.get(word, "fail")
    if back:
        result = {"terminated": "succeed", "shutting-down": "executing"}.get(word, "fail")
    return {"machineId": m["id"], "name": m["name"] if word != "pending" else "", "result": result, "status": word,
            "privateIpAddress": "10.0.0.9", "publicIpAddress": None, "launchtime": m["launched"], "message": "",
            "rcAccount": m["account"], "reqId": request, "retId": None, "lifeCycleType": "ondemand", "ncores": 8}

def status(entry):
    request = entry["requestId"]
    ids = db["back"].get(request)
    found = [m for m in db["machines"] if (m["id"] in ids if ids is not None else m["request"] == request)]
    machines = [describe(m, request, ids is not None) for m in found]
    word = "running" if any(m["result"] == "executing" for m in machines) else "complete"
    return {"requestId": request, "status": word, "machines": machines, "message": ""}

if verb == "getAvailableTemplates":
    answer = {"status": "complete", "message": "", "templates": [{
        "templateId": "Template-VM-1", "maxNumber": 3, "imageId": "ami-1", "vmType": "x", "userData": "a=b",
        "attributes": {"type": ["String", "X86_64"], "ncores": ["Numeric", "1"], "ncpus": ["Numeric", "8"],
                       "mem": ["Numeric", "[512:2048]"], "awshost": ["Boolean", "1"]}}]}
elif verb == "requestMachines":
    request = "dir-%04d" % db["next"]
    for _ in range(given["template"]["machineCount"]):
        number, db["next"] = db["next"], db["next"] + 1
        db["machines"].append({"id": "i-%04d" % number, "name": "ip-10-0-0-%d" % number, "launched": now,
                               "request": request, "account": given["rc_account"]})
    answer = {"requestId": request, "message": "success", "status": "running"}
elif verb == "getRequestStatus":
    answer = {"status": "running", "requests": [status(entry) for entry in given["requests"]]}
elif verb == "requestReturnMachines":
    request = "remove-%04d" % db["next"]
    db["next"] += 1
    db["back"][request] = [m["machineId"] for m in given["machines"]]
    for m in db["machines"]:
        if m["id"] in db["back"][request]:
            m["ended"] = now
    answer = {"requestId": request, "message": "Delete VM success."}
else:
    answer = {"status": "complete", "message": "", "requests": []}
with open(path, "w") as file:
    json.dump(db, file)
print(json.dumps(answer))
"""


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
