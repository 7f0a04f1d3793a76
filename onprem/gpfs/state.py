"""How a cluster of Spectrum Scale is, by its commands, read-only: its nodes, their components, its file systems.

Each command is the same words each time, so that sudo can allow exactly these (``allowed``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onprem.gpfs.afm import parse_getstate
from onprem.gpfs.asking import for_sudoers
from onprem.gpfs.attributes import parse_attributes
from onprem.gpfs.capacity import parse_capacity, parse_file_systems
from onprem.gpfs.commands import states
from onprem.gpfs.condition import parse_health, parse_nodes
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from onprem.gpfs.asking import Asking
    from onprem.gpfs.attributes import FileAttributes
    from onprem.gpfs.capacity import Capacity
    from onprem.gpfs.condition import Health, NodeState
    from ris_hybrid.data.scale import CacheState

_NODES = ("mmgetstate", "-a", "-Y")
_HEALTH = ("mmhealth", "node", "show", "-Y")


class GpfsState:
    """Each question raises ``SiteUnavailable`` where its command gave no answer."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def nodes(self) -> tuple[NodeState, ...]:
        """GPFS's daemon on every node, as the nodes themselves were asked."""
        return parse_nodes(self._asking.ask(_NODES))

    def health(self) -> Health:
        """The components of this node."""
        return parse_health(self._asking.ask(_HEALTH))

    def settings(self, file_system: str) -> Mapping[str, str]:
        """By GPFS's names, such as ``ACLSemantics``."""
        return parse_file_systems(self._asking.ask(_settings(file_system))).get(file_system, {})

    def capacity(self, file_system: str) -> Capacity:
        """Room of pools and inodes. Every disk is asked: IBM advises to do it when the system is not busy."""
        return parse_capacity(self._asking.ask(_capacity(file_system)))

    def caches(self, file_system: str) -> Mapping[str, CacheState]:
        """Its AFM filesets by name, as AFM's own word has them."""
        return parse_getstate(file_system, self._asking.ask(states(file_system)))

    def files(self, paths: Sequence[str]) -> tuple[FileAttributes, ...]:
        """Where files are kept; nothing is recalled. Raises ``ConfigError`` for a path that is not absolute."""
        for path in paths:
            if not path.startswith("/") or "\n" in path:
                raise ConfigError(f"{path!r}: expected an absolute path on one line", "name it as the site does")
        return parse_attributes(self._asking.ask(("mmlsattr", "-L", *paths), sudo=False))


def allowed(file_systems: Iterable[str]) -> tuple[str, ...]:
    """What sudo must allow for this, beside what a listing needs."""
    of_each = (words for one in file_systems for words in (_settings(one), _capacity(one)))
    return tuple(map(for_sudoers, (_NODES, _HEALTH, *of_each)))


def _settings(file_system: str) -> tuple[str, ...]:
    return ("mmlsfs", file_system, "-Y")


def _capacity(file_system: str) -> tuple[str, ...]:
    return ("mmdf", file_system, "-Y")
