"""What the site reports, from files somebody captured: no cluster is asked.

In one folder: ``filesets.txt`` (``mmlsfileset FS -L -Y``), ``quotas.txt`` (``mmrepquota -j FS -Y``) and ``groups.txt``
(``getent group``). The time of a capture is the file's own; the oldest counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onprem.gpfs.filesets import mirrored, parse_filesets, whole, with_quotas
from onprem.groups import parse_groups
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.mirror.listing import Missing, SiteListing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    from ris_hybrid.data.scale import ScaleFileset

    Part = TypeVar("Part")


class CapturedReports:
    """See ``ris_hybrid.ports.SiteReports``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def listing(self) -> SiteListing:
        """See ``ris_hybrid.ports.SiteReports``. A file that is not there, or cannot be understood, is missing."""
        missing: list[Missing] = []
        times: list[float] = []
        filesets = self._part("filesets", _filesets, missing, times) or ()
        quotas = self._part("quotas", lambda text: with_quotas(filesets, text), missing, times)
        groups = self._part("groups", parse_groups, missing, times)
        return SiteListing(
            filesets=mirrored(filesets if quotas is None else quotas),
            groups=groups or {},
            captured_at=min(times, default=None),
            missing=tuple(missing),
        )

    def _part(self, part: str, parse: Callable[[str], Part], missing: list[Missing], times: list[float]) -> Part | None:
        path = self._folder / f"{part}.txt"
        try:
            parsed = parse(path.read_text(encoding="utf-8"))
            times.append(path.stat().st_mtime)
        except OSError as error:
            missing.append(Missing(part=part, reason=f"{path}: cannot be read: {error.strerror or error}"))
        except UnicodeDecodeError as error:
            missing.append(Missing(part=part, reason=f"{path}: expected UTF-8 text: {error.reason}"))
        except SiteUnavailable as error:
            missing.append(Missing(part=part, reason=f"{path}: {error.message}"))
        else:
            return parsed
        return None


def _filesets(text: str) -> tuple[ScaleFileset, ...]:
    """Whole, and each name once: the mirror finds a fileset by its name."""
    filesets = whole(parse_filesets(text))
    mirrored(filesets)
    return filesets
