"""Which program copies images on this host: the one the site wants, else the other; or what to install."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from onprem.images.crane import Crane
from onprem.images.skopeo import Skopeo
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from onprem.shell import Shell
    from ris_hybrid.images.ports import ImageCopier

_NAMES = ("skopeo", "crane")


def program(wanted: str, path: str | None = None) -> str:
    """The name of the program to use. Raises ``SiteUnavailable`` where there is none.

    Args:
        wanted: ``skopeo`` or ``crane``, of the settings.
        path: where to look; None is the environment's PATH.
    """
    others = [name for name in _NAMES if name != wanted]
    found = next((name for name in (wanted, *others) if shutil.which(name, path=path)), None)
    if found is None:
        raise SiteUnavailable(
            "neither skopeo nor crane is on PATH, so no image can be looked up or copied",
            "install skopeo 1.9 or later (Debian, RHEL: package skopeo), or put crane's binary on PATH",
        )
    return found


def copier(wanted: str, shell: Shell, auth_file: Path | None, path: str | None = None) -> ImageCopier:
    """Copies with what is there. Raises ``SiteUnavailable`` where nothing is."""
    kind = Skopeo if program(wanted, path) == "skopeo" else Crane
    return kind(shell, auth_file=auth_file)
