"""The ports between decisions and the world: at most three methods each, every docstring a promise.

Each port has one real implementation, one shipped fake, and one contract suite in ``tests/contract`` run over both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ris_hybrid.model import EndReason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.holdings.values import Holdings
    from ris_hybrid.job_ask import JobTraits
    from ris_hybrid.mirror.deployed import Deployed
    from ris_hybrid.mirror.listing import SiteListing
    from ris_hybrid.model import (
        Begun,
        Event,
        Host,
        Identity,
        Job,
        Launch,
        Launched,
        Machine,
        Notice,
        PoolMarks,
        Queue,
    )
    from ris_hybrid.pool_outputs import PoolOutputs


class Clock(Protocol):
    """Where ``now`` comes from; read once a turn, then passed on as an argument."""

    def now(self) -> float:
        """Epoch seconds."""
        ...


class Scheduler(Protocol):
    """What the batch system says. Raises ``SiteUnavailable`` when it did not answer in time or not in full."""

    def jobs(self) -> tuple[Job, ...]:
        """Every unfinished job of every user, pending and running; empty only if the system said there is none."""
        ...

    def hosts(self) -> tuple[Host, ...]:
        """Every batch host, borrowed ones included."""
        ...

    def queues(self) -> tuple[Queue, ...]:
        """Every queue."""
        ...


class Cloud(Protocol):
    """Machines of one provider. Errors are ``NoCapacity``, ``QuotaReached``, ``Refused``, ``TryAgain``."""

    def launch(self, launch: Launch) -> Launched:
        """Start up to ``launch.count`` machines that carry their ledger tags from the first moment.

        The same token gives the same machines, however often it is called. At least one machine, or an error;
        fewer than asked comes with the shortfall's codes.
        """
        ...

    def machines(self) -> tuple[Machine, ...]:
        """Every machine of this provider that the cloud still knows, ended ones included; all or an error."""
        ...

    def end(
        self, machine_ids: Sequence[str], return_id: str, reason: EndReason = EndReason.RETURNED
    ) -> tuple[str, ...]:
        """Mark the machines as returned and why, then end them; ids the cloud no longer knows are passed over.

        Returns the ids the cloud accepted. Calling it again is harmless. A refusal leaves the mark, so the
        machine stays visible as asked back, and raises.
        """
        ...


class Checks(Protocol):
    """What the cloud's own checks say of machines. Errors are ``Cloud``'s."""

    def impaired(self) -> frozenset[str]:
        """Ids of running machines that do not work; machines of others may be among them."""
        ...


class Ledger(Protocol):
    """What is written on machines and pools after their launch, so that it outlives us. Errors are ``Cloud``'s."""

    def mark(self, machine_ids: Sequence[str], marks: Mapping[str, str]) -> None:
        """Write these tags on the machines, all or an error; writing the same again changes nothing.

        Keys are those of ``burst.tags``; an empty value takes the mark away.
        """
        ...

    def pools(self) -> Mapping[str, PoolMarks]:
        """What is written on each pool, by name; a pool nothing was ever written on has empty marks."""
        ...

    def mark_pool(self, pool: str, marks: PoolMarks, before: PoolMarks) -> None:
        """Write what differs between ``before``, which was read, and ``marks``.

        What is the same in both is left as it is now, whoever wrote it since: two callers who change different marks
        of one pool do not undo each other's.
        """
        ...


class Hosts(Protocol):
    """Acts on hosts of the batch system. Raises ``SiteUnavailable`` when it did not answer, or refused.

    A name it does not know is passed over; the others are done all the same. No name means that nothing is done.
    """

    def close(self, names: Sequence[str], why: str) -> None:
        """No new jobs for these hosts; what runs there goes on. Closing a closed host is harmless."""
        ...

    def reopen(self, names: Sequence[str]) -> None:
        """Jobs may start there again. Opening an open host is harmless."""
        ...

    def requeue(self, job_ids: Sequence[str]) -> None:
        """These running jobs go back to pending, to run again from the start; one that is over is passed over."""
        ...


class Steers(Protocol):
    """Moves pending jobs of the batch system. Raises ``SiteUnavailable`` when it gave no answer, or lets us do nothing.

    After an error it is not known which of the jobs were moved: the system itself tells. No job: nothing is done.
    """

    def switch(self, job_ids: Sequence[str], queue: str) -> Mapping[str, str]:
        """Move these pending jobs to the queue: id to why it is not there, empty where it is there now.

        One that is refused does not keep the others back; one that is over is missing. Moving a job that is there is
        harmless. LSF moves a job that started meanwhile too, where its host serves the queue; it runs on.
        """
        ...

    def require(self, job_id: str, resreq: str) -> str:
        """Give one pending job this resource requirement (the whole text, empty for none): why it has it not, or empty.

        A job that has started or ended meanwhile keeps what it has, and that is the answer.
        """
        ...


class Traits(Protocol):
    """What pending jobs ask for beyond slots. Raises ``SiteUnavailable`` as ``Scheduler`` does."""

    def traits(self, job_ids: Sequence[str]) -> Mapping[str, JobTraits]:
        """By job id; a job the system no longer lists is missing."""
        ...


class Master(Protocol):
    """Who leads the batch system now. Raises ``SiteUnavailable`` when nobody says."""

    def who(self) -> Identity:
        """The cluster and its current master."""
        ...


class Notices(Protocol):
    """The cloud's spot notices, as they arrive on the master. Errors are ``Cloud``'s."""

    def receive(self) -> tuple[Notice, ...]:
        """What has come and was not acknowledged; the same notice may come again."""
        ...

    def acknowledge(self, receipts: Sequence[str]) -> None:
        """These messages have been written into the ledger and need not come again."""
        ...


class Journal(Protocol):
    """Which launches were begun here and answered to LSF: a local cache, which tells at once what tags tell late."""

    def begin(self, begun: Begun) -> None:
        """Note, before the cloud is asked; raises ``SiteUnavailable`` when it cannot be written.

        Noting a request again changes its figures; one that was answered stays answered.
        """
        ...

    def answer(self, request_id: str) -> None:
        """Note that LSF is told of this request; a failure to write is passed over."""
        ...

    def begun(self) -> tuple[Begun, ...]:
        """Every launch noted lately. LSF does not know of those never answered; only sure under the launch lock."""
        ...


class Audit(Protocol):
    """The append-only log of calls, decisions and reasons. Losing it loses history, never a machine."""

    def record(self, event: Event) -> None:
        """Append one event; a log that cannot be written never stops the caller."""
        ...


class Spend(Protocol):
    """What ended machines have cost this month; running ones are priced from the ledger."""

    def month_to_date(self, month: str) -> dict[str, float]:
        """Dollars by lab for ``YYYY-MM``, each machine counted once."""
        ...

    def add(self, month: str, machine_id: str, lab: str, usd: float) -> bool:
        """Note the cost of an ended machine; whether it was new. Noting the same machine again changes nothing."""
        ...


class SiteReports(Protocol):
    """What the site says of its storage beside the allocation files."""

    def listing(self) -> SiteListing:
        """Filesets, quotas and directory groups; a part that could not be had is in ``missing``, never left out."""
        ...


class Inventory(Protocol):
    """What AWS holds in one account and region."""

    def holdings(self) -> Holdings:
        """Everything the rules and the mirror look at; what could not be read is None there and named in ``unread``.

        Raises ``TryAgain`` or ``Refused`` when nothing at all could be read.
        """
        ...


class Deployer(Protocol):
    """Runs the stacks' programs: Pulumi's own engine where its CLI is, the sandbox's small one in the sandbox."""

    def preview(self, stack: str) -> Deployed:
        """What ``up`` would do, and nothing done. Raises ``ConfigError`` for a stack or settings that make no sense."""
        ...

    def up(self, stack: str) -> Deployed:
        """Build the stack; safe to call again after a failure, which keeps what was finished.

        Raises ``CloudError`` when AWS refused, ``PolicyViolation`` when the policy pack did.
        """
        ...

    def outputs(self, stack: str) -> Mapping[str, object]:
        """What the stack gave out last, secrets left out; empty when it was never built."""
        ...


class BuiltPools(Protocol):
    """What the stacks built for the pools. Errors are ``Cloud``'s, and ``CloudError`` for what nobody of ours wrote."""

    def pools(self, environment: str) -> Mapping[str, PoolOutputs]:
        """By pool; empty only when nothing is built for the environment."""
        ...
