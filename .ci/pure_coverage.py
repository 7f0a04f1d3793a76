"""Demands full branch coverage of the pure modules, from the data of the test run just made."""

import subprocess
import sys

PURE = (
    "ris_hybrid/model.py",
    "ris_hybrid/settings.py",
    "burst/pressure.py",
    "burst/decide.py",
    "burst/limits.py",
    "burst/fleet.py",
    "burst/instance_types.py",
    "burst/offers.py",
    "burst/ids.py",
    "burst/lifecycle.py",
    "burst/reap.py",
    "burst/rc/wire.py",
    "burst/idle.py",
    "onprem/lsf/parse.py",
    "onprem/lsf/long_form.py",
    "onprem/lsf/brief.py",
    "onprem/lsf/moments.py",
    "onprem/lsf/envelope.py",
    "onprem/lsf/fields.py",
    "onprem/lsf/durations.py",
    "onprem/lsf/job_record.py",
    "policies/rules.py",
    "stacks/plan.py",
)

raise SystemExit(
    subprocess.call(
        [sys.executable, "-m", "coverage", "report", "--fail-under=100", f"--include={','.join(PURE)}"],
    )
)
