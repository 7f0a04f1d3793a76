"""What happened in a replay, as samples and events, for the live view, the summary and the picture."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The cluster at one moment; slots unless it says nodes."""

    at: float
    pending_jobs: int
    pending_slots: int
    onprem_used: int
    cloud_used: int
    cloud_slots: int
    nodes_starting: int
    nodes_joined: int
    nodes_leaving: int

    @property
    def nodes(self) -> int:
        """Nodes that cost money."""
        return self.nodes_starting + self.nodes_joined + self.nodes_leaving


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing worth a line: a decision with its reason, a launch, a join, a return, an error."""

    at: float
    kind: str
    text: str
    nodes: int = 0


@dataclass(slots=True)
class History:
    """Samples and happenings in order of virtual time."""

    started: float
    samples: list[Sample] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)

    def minutes(self, at: float) -> float:
        """Virtual minutes since the start."""
        return (at - self.started) / 60

    def forget(self, kept: int) -> None:
        """Keep the newest ``kept`` samples and happenings."""
        del self.samples[:-kept], self.happenings[:-kept]
