"""The sandbox's ebrokerd: runs any Resource Connector plug-in unchanged against the virtual cluster (sandbox).

The driver advances the cluster to ``next_tick()`` and calls ``tick()``. Decisions depend on the virtual time, the
cluster and what the scripts answer, never on the wall clock or on the order of a set. Only the driver's
thread may call ``tick``; the views may be read from any thread meanwhile, also by a script that calls bhosts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.lsf.asking import ask_for_machines, refresh_templates
from ris_hybrid.sandbox.lsf.calls import Scripts
from ris_hybrid.sandbox.lsf.desk import Desk, TrustingMachineRoom
from ris_hybrid.sandbox.lsf.holdings import Stage, recognised
from ris_hybrid.sandbox.lsf.leaving import join, leave, look_at_hosts
from ris_hybrid.sandbox.lsf.rcevents import Note
from ris_hybrid.sandbox.lsf.watching import hand_back, look_for_reclaims, poll

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.lsf.answers import ProtocolError
    from ris_hybrid.sandbox.lsf.calls import Runner
    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.lsf.desk import MachineRoom
    from ris_hybrid.sandbox.lsf.holdings import Holding
    from ris_hybrid.sandbox.lsf.rcconf import RcConf
    from ris_hybrid.sandbox.lsf.rcevents import Observer, RcEvent

TEMPLATES_EVERY_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RcRow:
    """What ``bhosts -rc`` adds to a host's line; ``updated_at`` is epoch seconds."""

    name: str
    rc_status: str
    prov_status: str
    updated_at: float
    instance_id: str


class Ebrokerd:
    """One ebrokerd for one cluster. It starts at the cluster's present time; nothing is called before a tick."""

    def __init__(
        self,
        cluster: Cluster,
        conf: RcConf,
        env: Mapping[str, str],
        observer: Observer | None = None,
        machine_room: MachineRoom | None = None,
        boot_s: float = 300.0,
    ) -> None:
        self._desk = Desk(
            cluster=cluster,
            conf=conf,
            scripts=Scripts(conf, cluster.spec.name, env),
            room=machine_room or TrustingMachineRoom(),
            observer=observer or _ignore,
            boot_s=boot_s,
        )
        self._next_update = cluster.now
        self._next_query = cluster.now + conf.query_interval_s
        self._next_templates = cluster.now
        for warning in conf.warnings:
            self._desk.note(warning)

    @property
    def protocol_errors(self) -> tuple[ProtocolError, ...]:
        """Every breach of the contract so far, in order."""
        return tuple(self._desk.protocol_errors)

    @property
    def notes(self) -> tuple[str, ...]:
        """What LSF would have passed over in silence."""
        return tuple(self._desk.notes)

    def next_tick(self) -> float:
        """When ``tick`` has something to do: an update, a query, a machine that joins, a host whose time is up."""
        joins = [holding.join_at for holding in self._desk.book.at_stage(Stage.BOOTING)]
        leaves = [holding.leave_at for holding in self._desk.book.at_stage(Stage.DRAINING)]
        return min([self._next_update, self._next_query, *joins, *leaves])

    def tick(self) -> None:
        """Do what is due now; nothing if nothing is. Afterwards ``next_tick`` is later than now."""
        now, conf = self._desk.now, self._desk.conf
        self._timers()
        if now >= self._next_query:
            self._query()
            self._next_query = _after(self._next_query, conf.query_interval_s, now)
        if now >= self._next_update:
            self._update()
            self._next_update = _after(self._next_update, conf.update_interval_s, now)

    @property
    def runner(self) -> Runner:
        """What runs the scripts: child processes unless ``call_by`` named another."""
        return self._desk.scripts.runner

    def call_by(self, runner: Runner) -> None:
        """Run the scripts by this from now on, in place of child processes."""
        self._desk.scripts.runner = runner

    def restart(self) -> None:
        """mbatchd and ebrokerd start again on the same master: machines are read back, open requests are not.

        Nothing IBM publishes says what ebrokerd writes down; the harder case for a provider is assumed, in which
        machines of an open request come up and nobody asks for them.
        """
        self._forget()
        self._desk.tell(Note(at=self._desk.now, text="ebrokerd restarted: open requests are forgotten"))

    def fail_over(self) -> None:
        """Another master takes over without the book: only hosts that have joined are known, by what they say.

        A host carries its provider, template, account and instance id as resources (user data writes them). What has
        not joined, and what had left the cluster but not yet ended, LSF knows no more.
        """
        self._forget()
        book, desk = self._desk.book, self._desk
        book.held.clear()
        book.returns.clear()
        book.history.clear()
        for host in desk.cluster.hosts():
            if host.borrowed is not None:
                book.keep(recognised(host.borrowed, desk.now))
        text = f"another master took over: {len(book.held)} hosts recognised"
        desk.tell(Note(at=desk.now, text=text))

    def _forget(self) -> None:
        """What no process remembers over its end; the new one asks and looks at once."""
        desk = self._desk
        desk.book.requests.clear()
        desk.templates.clear()
        desk.delays.clear()
        self._next_update = self._next_templates = desk.now
        self._next_query = desk.now + desk.conf.query_interval_s

    def _timers(self) -> None:
        """Machines that are ready join; hosts whose time is up leave and are handed back at once."""
        desk = self._desk
        for holding in desk.book.at_stage(Stage.BOOTING):
            if desk.now >= holding.join_at:
                join(desk, holding)
        for holding in desk.book.at_stage(Stage.DRAINING):
            if desk.now >= holding.leave_at:
                leave(desk, holding, holding.why)
                for provider in desk.conf.providers:
                    hand_back(desk, provider, [desk.book.held[holding.key]])

    def _query(self) -> None:
        desk = self._desk
        for provider in desk.conf.providers:
            poll(desk, provider)
            look_for_reclaims(desk, provider)
        look_at_hosts(desk)
        self._timers()
        for provider in desk.conf.providers:
            hand_back(desk, provider, desk.book.at_stage(Stage.LEAVING))

    def _update(self) -> None:
        if self._desk.now >= self._next_templates and refresh_templates(self._desk):
            self._next_templates = self._desk.now + TEMPLATES_EVERY_S
        ask_for_machines(self._desk)

    def holdings(self) -> tuple[Holding, ...]:
        """Every machine held or on its way back, in order."""
        return tuple(self._desk.book.all())

    def asked_for(self) -> int:
        """Machines asked for that have neither come nor failed."""
        return sum(request.outstanding for request in list(self._desk.book.requests.values()))

    def idle(self) -> bool:
        """Whether nothing is held, and no request or return is open."""
        return self._desk.book.empty

    def rc_rows(self) -> tuple[RcRow, ...]:
        """What ``bhosts -rc`` shows, by host name. Machines still to be given a place in the cluster are there too."""
        rows = [
            RcRow(
                name=holding.name,
                rc_status=_rc_status(holding),
                prov_status=holding.prov_status,
                updated_at=holding.updated_at,
                instance_id=holding.machine_id,
            )
            for holding in self._desk.book.all()
        ]
        return tuple(sorted(rows, key=lambda row: (row.name, row.instance_id)))


def _rc_status(holding: Holding) -> str:
    """RC_STATUS words of ``bhosts -rc``; only Allocated is seen in a recorded output, the others are from memory."""
    if holding.stage is Stage.DRAINING and holding.why == "reclaimed":
        return "Reclaim_Received"
    return {Stage.LEAVING: "RelinquishReq_Sent", Stage.RETURNING: "Deallocated_Sent"}.get(holding.stage, "Allocated")


def _after(due: float, interval: float, now: float) -> float:
    """The next time of a fixed beat that is later than now; beats that were missed are left out."""
    return due + interval * (int((now - due) // interval) + 1)


def _ignore(_event: RcEvent) -> None:
    """Listen to nothing."""
