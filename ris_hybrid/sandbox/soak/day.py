"""Drives one day of a soak: jobs come, LSF calls our scripts, trouble comes, and the service takes its turns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from burst.clients import Clients
from burst.turn import Turn
from onprem.lsf.act import LsfHosts
from onprem.lsf.read import LsfScheduler
from ris_hybrid import wiring
from ris_hybrid.errors import RisHybridError
from ris_hybrid.sandbox.bill import bill_of, rented
from ris_hybrid.sandbox.history import Happening
from ris_hybrid.sandbox.lsf.calls import Outcome
from ris_hybrid.sandbox.soak.fate import Fate, by_children, in_process, killed_or
from ris_hybrid.sandbox.soak.ordeals import Kind
from ris_hybrid.sandbox.soak.premises import STARTS, ClusterShell
from ris_hybrid.sandbox.soak.trouble import Trouble
from ris_hybrid.sandbox.soak.verdict import Figures
from ris_hybrid.sandbox.soak.watch import Watch, alive

if TYPE_CHECKING:
    from ris_hybrid.sandbox.lsf.answers import ProtocolError
    from ris_hybrid.sandbox.soak.ordeals import Day
    from ris_hybrid.sandbox.soak.premises import Site

TURN_S = 600.0
"""How often the service takes a turn; a resident one takes it every minute."""
_NOTICED_S = 30.0
_REST_S = 8 * 3600.0
"""How long after the last trouble all must have come to rest."""
_PATIENCE_S = 45 * 60.0
"""A machine LSF does not know is gone by then: 15 min to join, 10 min unlisted, two turns, a call that failed."""


class Drive:
    """One day on one site."""

    def __init__(self, day: Day, site: Site, *, children: bool = False) -> None:
        self._day, self._site = day, site
        self._fate = Fate(day.seed, day.kill_share, lambda: site.cluster.now)
        self._trouble = Trouble(site, day.seed)
        self._watch = Watch(site, _PATIENCE_S)
        self._arrived = self._suffered = 0
        self._next_turn = STARTS + TURN_S
        self._clients = Clients()  # of the notices' queue; those of EC2 are made anew, so that the knife is in them
        own = by_children(self._fate, site.ebrokerd.runner) if children else in_process(self._fate)
        site.ebrokerd.call_by(own)

    def run(self) -> Figures:
        """Until everything is at rest, or the time for that is up."""
        began = time.monotonic()
        deadline = STARTS + self._day.hours * 3600 + _REST_S
        while self._site.cluster.now < deadline and not self._at_rest:
            self._step(min(self._next(), deadline))
        return self._figures(time.monotonic() - began)

    @property
    def _at_rest(self) -> bool:
        day, site = self._day, self._site
        over = self._arrived == len(day.arrivals) and self._suffered == len(day.ordeals) and not self._trouble.ends()
        return over and not site.cluster.unfinished() and site.ebrokerd.idle() and not self._watch.look()

    def _next(self) -> float:
        day, site = self._day, self._site
        times = [self._next_turn, site.ebrokerd.next_tick(), *self._trouble.ends()]
        times += [STARTS + arrival.at for arrival in day.arrivals[self._arrived : self._arrived + 1]]
        times += [STARTS + ordeal.at for ordeal in day.ordeals[self._suffered : self._suffered + 1]]
        event = site.cluster.next_event()
        times += [] if event is None else [event]
        return max(site.cluster.now, min(times))

    def _step(self, to: float) -> None:
        site, day = self._site, self._day
        site.cluster.advance(to)
        while self._arrived < len(day.arrivals) and STARTS + day.arrivals[self._arrived].at <= to:
            site.cluster.submit(day.arrivals[self._arrived].request)
            self._arrived += 1
        self._trouble.clear(to)
        while self._suffered < len(day.ordeals) and STARTS + day.ordeals[self._suffered].at <= to:
            site.set_clock(to)
            self._suffer()
        if site.ebrokerd.next_tick() <= to:
            site.set_clock(to)
            site.ebrokerd.tick()
        if self._next_turn <= to:
            site.set_clock(to)
            self._turn()
            self._next_turn = to + TURN_S

    def _suffer(self) -> None:
        ordeal = self._day.ordeals[self._suffered]
        self._suffered += 1
        did = self._trouble.suffer(ordeal)
        if did:
            self._tell(ordeal.kind, did)
        if ordeal.kind is Kind.INTERRUPT:  # what a service that looks every minute would see in time
            self._next_turn = min(self._next_turn, self._site.cluster.now + _NOTICED_S)

    def _turn(self) -> None:
        """What the service does by itself: nothing when there is no machine, and nothing when LSF is silent."""
        if self._watch.look():
            killed_or(self._fate, "turn", self._serve)

    def _serve(self) -> Outcome:
        site = self._site
        shell = ClusterShell(site.cluster, site.server)
        try:
            provider = wiring.hook_provider(wiring.HookPlaces(conf=site.conf, data=site.data), site.env)
            notices = wiring.notices(provider, self._clients)
        except RisHybridError as error:
            self._tell("turn failed", error.message)
            return Outcome(rc=1, stdout=b"")
        turned = Turn(LsfScheduler(shell), notices, LsfHosts(shell)).take(provider)
        for kind, machines in (("noticed", turned.noticed), ("closed", turned.closed), ("reaped", turned.ended)):
            if machines:
                self._tell(kind, ", ".join(machines))
        for problem in turned.problems:
            self._tell("turn problem", f"{problem.what}: {problem.text}")
        return Outcome(rc=0, stdout=b"")

    def _tell(self, kind: str, text: str) -> None:
        self._site.history.happenings.append(Happening(at=self._site.cluster.now, kind=kind, text=text))

    def _figures(self, wall_s: float) -> Figures:
        site, day, watch, fate = self._site, self._day, self._watch, self._fate
        rows, known = site.world.instances(), self._watch.known()
        left = [row["id"] for row in alive(rows)]
        faults = self._trouble.counts + type(self._trouble.counts)(
            {Kind.KILL: len(fate.kills), Kind.NO_JOIN: len(site.room.never)}
        )
        errors = site.ebrokerd.protocol_errors
        return Figures(
            seed=day.seed,
            jobs=len(day.arrivals),
            finished=len(site.cluster.finished()),
            faults={str(kind): faults[kind] for kind in Kind if faults[kind]},
            nodes=len(rows),
            most_alive=watch.most_alive,
            cap=site.settings.caps.nodes,
            usd=bill_of((rented(row) for row in rows), site.settings.prices, site.cluster.now).usd,
            budget_usd=site.settings.budget.usd_per_month,
            orphans=(*left, *site.world.unplaced()),
            unknown=tuple(one for one in left if one not in known),
            leaked=tuple(watch.leaked),
            doubled=tuple(watch.doubled),
            breaches=tuple(f"{e.verb}: {e.what}" for e in errors if not _excused(e, fate)),
            hours=(site.cluster.now - STARTS) / 3600,
            wall_s=wall_s,
        )


def _excused(error: ProtocolError, fate: Fate) -> bool:
    """Whether it is no fault of the provider: a killed call, or EC2 gave the address of a dead machine again.

    LSF sends the newcomer back then, because it has not yet noticed that the old host is gone.
    """
    return (error.at, error.verb) in fate.kills or "there is a host" in error.what
