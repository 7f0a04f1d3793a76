"""The policy pack's process: serves the rules to Pulumi's engine, or the sandbox's, until it is told to stop.

Pulumi starts it as ``python -m pulumi.policy ENGINE_ADDRESS THIS_FOLDER``; it prints its port. What the stack's
configuration says under ``ris-hybrid:policy`` is what the rules know beside the resources (see ``pack.told``).
"""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.pack.checks import checks
from policies.pack.told import told_by_config

if __name__ == "__main__":
    PolicyPack(name="ris-hybrid", policies=checks(told_by_config()), enforcement_level=EnforcementLevel.MANDATORY)
