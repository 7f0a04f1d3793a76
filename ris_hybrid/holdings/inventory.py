"""The port ``Inventory`` over AWS itself: one account and region, read in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from burst import deadline
from burst.aws.calls import translated
from ris_hybrid.errors import Refused
from ris_hybrid.holdings.account import read_account
from ris_hybrid.holdings.buckets import read_buckets
from ris_hybrid.holdings.budgets import read_budgets
from ris_hybrid.holdings.clients import Clients
from ris_hybrid.holdings.file_systems import read_file_systems
from ris_hybrid.holdings.keys import KeyNames, read_keys, read_names
from ris_hybrid.holdings.logs import read_log_groups
from ris_hybrid.holdings.machines import read_instances, read_launch_templates
from ris_hybrid.holdings.networks import UNKNOWN, read_networks
from ris_hybrid.holdings.queues import read_queues
from ris_hybrid.holdings.reading import Reading, threads
from ris_hybrid.holdings.repositories import read_repositories
from ris_hybrid.holdings.roles import read_roles
from ris_hybrid.holdings.trails import read_trails
from ris_hybrid.holdings.values import Holdings

if TYPE_CHECKING:
    from ris_hybrid.holdings.scope import Scope

PATIENCE_S = 900.0
"""Nothing is asked later than this after a run began: some 10,000 buckets take a third of it."""


class AwsInventory:
    """What one account and region hold, by AWS's own credentials chain, or by a profile of its configuration.

    An empty ``endpoint_url`` is AWS's own, or what ``AWS_ENDPOINT_URL`` says. Calls of one run go out up to
    ``reading.WORKERS`` at once; each waits at most 25 s and is tried five times; the run as a whole ends soon after
    ``patience_s``, and what was not asked by then is not known.
    """

    def __init__(
        self,
        account: str,
        region: str,
        scope: Scope,
        *,
        endpoint_url: str = "",
        profile: str = "",
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._account, self._scope, self._patience_s = account, scope, patience_s
        self._clients = Clients(region, endpoint_url, profile)

    def holdings(self) -> Holdings:
        """See ``Inventory``. Raises ``Refused`` also when the credentials are those of another account."""
        with deadline.within(self._patience_s), threads() as pool:
            self._be_in_the_account()
            return _read(Reading(self._clients, self._scope, self._account, pool))

    def close(self) -> None:
        """Give all connections back."""
        self._clients.close()

    def _be_in_the_account(self) -> None:
        sts: Any = self._clients.get("sts")
        with translated():
            found = sts.get_caller_identity()["Account"]
        if found != self._account:
            raise Refused(
                f"the credentials are those of account {found}, not of {self._account}",
                "choose the profile or role of that account: profile in mirror.yaml, or AWS_PROFILE",
                "OtherAccount",
            )


def _read(reading: Reading) -> Holdings:
    names = reading.kind("aliases of keys", lambda: read_names(reading)) or KeyNames(None)
    networks = reading.kind("networks", lambda: read_networks(reading)) or UNKNOWN
    return Holdings(
        account=reading.account,
        region=reading.region,
        buckets=reading.kind("buckets", lambda: read_buckets(reading, names)),
        keys=reading.kind("keys", lambda: read_keys(reading, names)),
        repositories=reading.kind("repositories", lambda: read_repositories(reading)),
        roles=reading.kind("roles", lambda: read_roles(reading)),
        security_groups=networks.security_groups,
        networks=networks.networks,
        subnets=networks.subnets,
        launch_templates=reading.kind("launch templates", lambda: read_launch_templates(reading)),
        instances=reading.kind("instances", lambda: read_instances(reading)),
        queues=reading.kind("queues", lambda: read_queues(reading)),
        log_groups=reading.kind("log groups", lambda: read_log_groups(reading)),
        file_systems=reading.kind("file systems", lambda: read_file_systems(reading, names)),
        trails=reading.kind("trails", lambda: read_trails(reading)),
        budgets=reading.kind("budgets", lambda: read_budgets(reading)),
        accounts=(read_account(reading),),
        unread=reading.unread(),  # last: arguments are read in this order
    )
