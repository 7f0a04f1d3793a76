"""Images by ``crane`` of go-containerregistry (the port ``ImageCopier``), for sites without skopeo.

crane reads log-ins of source and target from one ``config.json`` in the folder that DOCKER_CONFIG names, so it is
started through ``env``: what stands in the command line is a folder's path. ``crane manifest`` prints the bytes as
they are, ``crane copy`` carries every platform and keeps digests. Source: crane's documentation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onprem.images.authfile import auth_file
from onprem.images.saying import complaint, is_absent, run
from onprem.images.skopeo import checked, seen

if TYPE_CHECKING:
    from pathlib import Path

    from onprem.shell import Completed, Shell
    from ris_hybrid.images.reference import Reference
    from ris_hybrid.images.values import Login, Upstream

_LOOK_S = 60.0
_COPY_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Crane:
    """Copies by ``crane``; ``auth_file`` has the source registries' log-ins."""

    shell: Shell
    auth_file: Path | None = field(default=None, kw_only=True)

    def look(self, reference: Reference) -> Upstream | None:
        """See ``ris_hybrid.images.ports.ImageCopier``."""
        with auth_file(None, self.auth_file) as config:
            done = self._run(config if self.auth_file else None, ("manifest", _exact(reference)), _LOOK_S)
        if done.rc:
            if is_absent(done):
                return None
            raise complaint(f"crane manifest {reference}", done)
        return seen(reference, done.stdout)

    def copy(self, source: Reference, target: Reference, login: Login) -> str:
        """See ``ris_hybrid.images.ports.ImageCopier``."""
        with auth_file(login, self.auth_file) as config:
            done = self._run(config, ("copy", _exact(source), str(target)), _COPY_S)
            if done.rc:
                raise complaint(f"crane copy {source}", done, login)
            arrived = self._run(config, ("digest", str(target)), _LOOK_S)
            if arrived.rc:
                raise complaint(f"crane digest {target}", arrived, login)
        return checked(source, arrived.stdout.strip(), "crane")

    def _run(self, config: Path | None, words: tuple[str, ...], timeout_s: float) -> Completed:
        """Without a file of ours crane finds the user's own."""
        set_for_it = ("env", f"DOCKER_CONFIG={config.parent}") if config else ()
        return run(self.shell, (*set_for_it, "crane", *words), timeout_s)


def _exact(reference: Reference) -> str:
    return str(reference.pinned(reference.digest) if reference.digest else reference)
