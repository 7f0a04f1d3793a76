"""What both rounds of ebrokerd work with: the cluster, the scripts, the book, and whoever listens (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from ris_hybrid.sandbox.lsf.answers import Checked, ProtocolError, Template
from ris_hybrid.sandbox.lsf.demand import parse_demand_policy
from ris_hybrid.sandbox.lsf.holdings import Book
from ris_hybrid.sandbox.lsf.protocol import capacity_code
from ris_hybrid.sandbox.lsf.rcevents import CallMade, Note, RcEvent, TemplateDelayed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.lsf.calls import Call, Scripts
    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.lsf.demand import Threshold
    from ris_hybrid.sandbox.lsf.rcconf import Provider, RcConf
    from ris_hybrid.sandbox.lsf.rcevents import Observer

T = TypeVar("T")

_ERROR_TAIL = 500


class MachineRoom(Protocol):
    """Where the machines really are, for what LSF finds out by itself: whether a host answers."""

    def state(self, machine_id: str, name: str) -> Literal["running", "gone", "booting"]:
        """The machine's state now; ``gone`` for one that has ended, stopped or never was."""
        ...


class TrustingMachineRoom:
    """Believes the provider: a machine it calls up is up."""

    def state(self, machine_id: str, name: str) -> Literal["running", "gone", "booting"]:  # noqa: ARG002 - a port's shape
        """Always running."""
        return "running"


@dataclass(slots=True, kw_only=True)
class Desk:
    """Shared by the rounds. Changes as they work; not a value."""

    cluster: Cluster
    conf: RcConf
    scripts: Scripts
    room: MachineRoom
    observer: Observer
    boot_s: float
    book: Book = field(default_factory=Book)
    templates: dict[str, tuple[Template, ...]] = field(default_factory=dict)
    """By provider, as last answered."""
    delays: dict[tuple[str, str], float] = field(default_factory=dict)
    """Until when a template is left alone, by provider and templateId."""
    thresholds: dict[str, tuple[Threshold, ...]] = field(init=False)
    protocol_errors: list[ProtocolError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thresholds = {
            queue.name: parse_demand_policy(queue.rc_demand_policy, queue.name) for queue in self.cluster.spec.queues
        }

    @property
    def now(self) -> float:
        """The virtual time."""
        return self.cluster.now

    def tell(self, event: RcEvent) -> None:
        """Pass an event on."""
        self.observer(event)

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)
            self.tell(Note(at=self.now, text=text))

    def breach(self, error: ProtocolError, provider: str) -> None:
        """Keep and pass on a breach of the contract."""
        stamped = replace(error, at=self.now, provider=provider)
        self.protocol_errors.append(stamped)
        self.tell(stamped)

    def ask(
        self,
        provider: Provider,
        verb: str,
        payload: Mapping[str, Any],
        check: Callable[[int, str], Checked[T]],
    ) -> Checked[T]:
        """Run one of the provider's scripts and check what it answers."""
        return self.judge(self.scripts.provider(provider, verb, payload, self.now), provider.name, check)

    def judge(self, call: Call, provider: str, check: Callable[[int, str], Checked[T]]) -> Checked[T]:
        """Check a finished call and report every breach. A call without an answer is a breach of its own."""
        self.tell(
            CallMade(
                at=self.now,
                provider=provider,
                verb=call.verb,
                rc=call.rc,
                wall_s=call.wall_s,
                stderr=call.stderr[-_ERROR_TAIL:],
            )
        )
        checked: Checked[T]
        if call.problem:
            error = ProtocolError(verb=call.verb, what=call.problem, excerpt=call.stdout[:_ERROR_TAIL])
            checked = Checked(value=None, message=call.problem, breaches=(error,))
        else:
            checked = check(call.rc, call.stdout)
        for error in checked.breaches:
            self.breach(error, provider)
        return checked

    def delay(self, provider: str, template: str, message: str) -> None:
        """Leave the template alone for a while when the message carries a capacity code."""
        code = capacity_code(message)
        if code:
            until = self.now + self.conf.template_delay_s
            self.delays[provider, template] = until
            self.tell(TemplateDelayed(at=self.now, provider=provider, template=template, code=code, until=until))
