"""The port ``Scale`` by GPFS's own commands, read-only: the last of the three surfaces, where REST is not to be had.

Every command of a listing is the same words each time, so that sudo can allow exactly these (``allowed``). ``mmgetacl``
needs no more rights than the one who asks has. A command that fails leaves its part ``missing``, with its own words.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from onprem.gpfs.acl_text import parse_acl
from onprem.gpfs.afm import checked, parse_dirty, parse_getstate, without_relation
from onprem.gpfs.asking import Asking, for_sudoers
from onprem.gpfs.filesets import parse_filesets, whole, with_quotas
from onprem.gpfs.snapshots import parse_snapshots
from ris_hybrid.data.scale import ScaleListing
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.mirror.listing import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from onprem.shell import Shell
    from ris_hybrid.data.scale import Acl, CacheState, ScaleFileset, Snapshot

    Part = TypeVar("Part")


class GpfsCommands:
    """See ``ris_hybrid.data.ports.Scale``."""

    def __init__(
        self, shell: Shell, file_systems: Sequence[str], *, now: Callable[[], float], sudo: bool = False
    ) -> None:
        """``sudo``: by ``sudo -n`` and the whole path that sudoers has; else as the one who asks, found on PATH."""
        self._asking = Asking(shell=shell, sudo=sudo)
        self._file_systems = tuple(dict.fromkeys(filter(None, file_systems)))
        self._now = now

    def listing(self) -> ScaleListing:
        """See ``ris_hybrid.data.ports.Scale``: every file system's filesets, quotas and snapshots."""
        at = self._now()
        missing: list[Missing] = []
        filesets: list[ScaleFileset] = []
        snapshots: list[Snapshot] = []
        for one in self._file_systems:
            found = self._part("filesets", _filesets(one), _whole, missing) or ()
            limited = self._part("quotas", _quotas(one), partial(with_quotas, found), missing)
            filesets += found if limited is None else limited
            snapshots += self._part("snapshots", _snapshots(one), parse_snapshots, missing) or ()
        return ScaleListing(
            filesets=tuple(filesets),
            snapshots=tuple(snapshots),
            surface="command",
            captured_at=at,
            missing=tuple(missing),
        )

    def cache(self, file_system: str, fileset: str) -> CacheState:
        """See ``ris_hybrid.data.ports.Scale``. Where AFM is not active, ``checkDirty`` is asked, which walks inodes."""
        found = parse_getstate(file_system, self._asking.ask(states(file_system))).get(fileset)
        if found is None:
            return without_relation(parse_filesets(self._asking.ask(_filesets(file_system))), file_system, fileset)
        if found.health != "unknown":
            return found
        return checked(found, dirty=parse_dirty(self._asking.ask(_dirty(file_system, fileset))))

    def acl(self, path: str) -> Acl:
        """See ``ris_hybrid.data.ports.Scale``."""
        if not path.startswith("/"):
            raise ConfigError(f"{path!r}: expected an absolute path", "name it as the site does")
        return parse_acl(self._asking.ask(("mmgetacl", "-k", "nfs4", path), sudo=False), path)

    def allowed(self) -> tuple[str, ...]:
        """What sudo must allow, a command line each; for caches that are not active also ``checkDirty`` of each."""
        return tuple(
            for_sudoers(words)
            for one in self._file_systems
            for words in (_filesets(one), _quotas(one), _snapshots(one), states(one))
        )

    def _part(
        self, part: str, words: tuple[str, ...], parse: Callable[[str], Part], missing: list[Missing]
    ) -> Part | None:
        try:
            return parse(self._asking.ask(words))
        except SiteUnavailable as error:
            missing.append(Missing(part=part, reason=f"{' '.join(words)}: {error.message}"))
        return None


def _whole(text: str) -> tuple[ScaleFileset, ...]:
    return whole(parse_filesets(text))


def _filesets(file_system: str) -> tuple[str, ...]:
    return ("mmlsfileset", file_system, "-L", "--afm", "-Y")


def _quotas(file_system: str) -> tuple[str, ...]:
    return ("mmrepquota", "-j", "-Y", file_system)


def _snapshots(file_system: str) -> tuple[str, ...]:
    return ("mmlssnapshot", file_system, "-s", "all", "-Y")


def states(file_system: str) -> tuple[str, ...]:
    """The words that tell how a file system's AFM caches are."""
    return ("mmafmctl", file_system, "getstate")


def _dirty(file_system: str, fileset: str) -> tuple[str, ...]:
    return ("mmafmctl", file_system, "checkDirty", "-j", fileset, "--dirty-data", "-Y")
