"""What it takes to read an account with 300 buckets of ours and 300 of others, in the sandbox's AWS.

Bound: 10 calls for each bucket of ours and one for each of the others, and 30 for all else. Ends with 1 when the bound
is missed. The seconds are the sandbox's, which answers one call at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from ris_hybrid.holdings.inventory import AwsInventory
from ris_hybrid.holdings.scope import Scope
from ris_hybrid.sandbox.apply.clients import ACCOUNT, SandboxClients
from ris_hybrid.sandbox.aws.child import SandboxAws

CALLS_EACH, CALLS_REST = 10, 30


def furnish(aws: SandboxAws, buckets: int) -> None:
    """As many buckets of ours as of others."""
    clients = SandboxClients.of(aws)
    s3 = clients.get("s3")
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    for number in range(buckets):
        name = f"org-lab{number:04}"
        s3.create_bucket(Bucket=name)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "ris_managed", "Value": "ris-hybrid"}]})
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        s3.create_bucket(Bucket=f"of-others-{number:04}")
    clients.close()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--buckets", type=int, default=300)
    buckets = parser.parse_args().buckets
    with tempfile.TemporaryDirectory() as folder:
        aws = SandboxAws.start(Path(folder) / "aws.json", seed=1)
        try:
            furnish(aws, buckets)
            os.environ.update(aws.env())
            return measure(aws, buckets)
        finally:
            aws.stop()


def measure(aws: SandboxAws, buckets: int) -> int:
    """One run of the inventory over what was furnished."""
    inventory = AwsInventory(ACCOUNT, aws.region, Scope(cluster="c1"))
    inventory.holdings()  # its clients are made
    before, started = sum(aws.calls().values()), time.monotonic()
    found = inventory.holdings()
    took, calls = time.monotonic() - started, sum(aws.calls().values()) - before
    inventory.close()
    assert len(found.buckets or ()) == buckets
    assert all(bucket.policy for bucket in found.buckets or ())
    most = (CALLS_EACH + 1) * buckets + CALLS_REST
    print(f"{buckets} buckets of ours and {buckets} of others: {calls} calls (at most {most}), {took:.1f} s (sandbox)")
    return 0 if calls <= most else 1


if __name__ == "__main__":
    sys.exit(main())
