"""The port ``Mover`` over AFM to cloud object storage, as far as Spectrum Scale lets anybody but its engineers do it.

A fileset of mode single-writer or independent-writer writes to its bucket by itself: there is nothing to start, and
how its queue stands says how it goes. Explicit uploads (mode manual-update) and downloads are done by ``mmafmcosctl``
as root on a node of the cluster; no call of REST v2 for them is documented, so they are refused with the command. What
AFM wrote has no digest of its own: only the comparison of checksums afterwards says that it arrived. There is no
``MoverControl``: what is queued in a cache cannot be called back, and stopping a fileset is the engineers' decision.
Source: IBM Storage Scale documentation, "AFM to cloud object storage", mmafmcosctl, mmafmctl.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.data.values import MoveSeen
from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.data.ports import Scale
    from ris_hybrid.data.scale import AfmHealth, ScaleFileset
    from ris_hybrid.data.settings import Afm
    from ris_hybrid.data.values import Move, MoveState

_STATES: Mapping[AfmHealth, MoveState] = {
    "clean": "done",
    "busy": "moving",
    "broken": "failed",
    "none": "failed",
    "unknown": "moving",
}
"""How the queue stands is not known: the fileset is, and it goes on writing. The reason says that nobody could tell."""
_WRITES_BY_ITSELF = ("single-writer", "independent-writer")
_BETWEEN = "\t"
"""Not in a name of a file system, a fileset or a token."""
_OTHER_WAY = "stage it by another way: data.yaml names which there are"


class AfmMover:
    """Of the filesets that data.yaml's part ``afm`` names, all of one file system."""

    def __init__(self, scale: Scale, settings: Afm, file_system: str) -> None:
        self._scale, self._settings, self._file_system = scale, settings, file_system

    def token(self, move: Move) -> str:
        """The move's own id: nothing is started, so nothing can be started twice."""
        return move.move_id

    def submit(self, move: Move, token: str) -> str:
        """Takes a dataset that lies in a fileset which writes to this bucket by itself.

        Raises ``Refused`` for PHI, whose buckets no static key may open, and for all that only an engineer can do.
        """
        if move.data_class == "phi":
            raise Refused("AFM needs keys that do not expire, and PHI is not opened by such", _OTHER_WAY)
        fileset = self._fileset(move)
        if move.direction == "out":
            raise Refused("results come back through AFM by an engineer's command alone", _command(fileset, "download"))
        if not fileset.afm_mode.startswith(_WRITES_BY_ITSELF):
            raise Refused(
                f"{fileset.name} is {fileset.afm_mode}: it writes when it is told to", _command(fileset, "upload")
            )
        return _BETWEEN.join((fileset.file_system, fileset.name, token))

    def look(self, task_id: str) -> MoveSeen:
        """As the fileset's queue stands, which is everybody's who writes there; AFM counts no files of a dataset."""
        parts = task_id.split(_BETWEEN)
        if len(parts) != 3:
            return MoveSeen(state="unknown", reason="not a task of AFM")
        seen = self._scale.cache(parts[0], parts[1])
        return MoveSeen(state=_STATES[seen.health], reason="" if seen.health == "clean" else seen.reason)

    def _fileset(self, move: Move) -> ScaleFileset:
        names = set(self._settings.filesets.values())
        listed = [one for one in self._scale.listing().filesets if one.file_system == self._file_system]
        at = f"{move.site_path}/"
        here = [one for one in listed if one.name in names and one.path and at.startswith(f"{one.path.rstrip('/')}/")]
        if not here:
            raise Refused("the dataset is in no fileset that AFM writes to a bucket", f"copy it there, or {_OTHER_WAY}")
        fileset = max(here, key=lambda one: len(one.path))
        if fileset.afm_target.rstrip("/").rpartition("/")[2] != move.bucket:
            raise Refused(
                f"AFM does not write {fileset.name} to the bucket {move.bucket}", "see `ris-hybrid gpfs show`"
            )
        return fileset


def _command(fileset: ScaleFileset, verb: str) -> str:
    file = f"{fileset.file_system} {fileset.name} {fileset.path}"
    return f"an engineer runs: mmafmcosctl {file} {verb} --object-list FILE --wait; or {_OTHER_WAY}"
