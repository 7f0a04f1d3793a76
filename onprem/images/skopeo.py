"""Images by ``skopeo`` 1.9 or later (the port ``ImageCopier``); no option is newer than Debian 12's 1.9.3.

A digest is the hash of the bytes that ``inspect --raw`` prints: a tag, or a registry's word for a digest, is not
trusted. ``copy --all --preserve-digests`` carries every platform and fails rather than change a byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onprem.images.authfile import auth_file, read_auths
from onprem.images.saying import complaint, is_absent, run
from ris_hybrid.errors import Refused, SiteUnavailable
from ris_hybrid.images.manifest import is_schema_1, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from onprem.shell import Shell
    from ris_hybrid.images.reference import Reference
    from ris_hybrid.images.values import Login, Upstream

_LOOK_S = 60.0
_COPY_S = 6 * 3600.0
"""Research images have tens of GiB."""
_RETRIES = ("--retry-times", "2")
_DIGEST_FILE = "digest"


@dataclass(frozen=True, slots=True)
class Skopeo:
    """Copies by ``skopeo``; ``auth_file`` has the source registries' log-ins."""

    shell: Shell
    auth_file: Path | None = field(default=None, kw_only=True)

    def look(self, reference: Reference) -> Upstream | None:
        """See ``ris_hybrid.images.ports.ImageCopier``."""
        auth = self._source_auth("--authfile")
        argv = ("skopeo", "inspect", "--raw", *_RETRIES, *auth, f"docker://{_exact(reference)}")
        done = run(self.shell, argv, _LOOK_S)
        if done.rc:
            if is_absent(done):
                return None
            raise complaint(f"skopeo inspect {reference}", done)
        return seen(reference, done.stdout)

    def copy(self, source: Reference, target: Reference, login: Login) -> str:
        """See ``ris_hybrid.images.ports.ImageCopier``."""
        with auth_file(login) as theirs:
            arrived = theirs.with_name(_DIGEST_FILE)
            auth = (*self._source_auth("--src-authfile"), "--dest-authfile", str(theirs))
            options = ("--all", "--preserve-digests", "--digestfile", str(arrived), *_RETRIES, *auth)
            argv = ("skopeo", "copy", *options, f"docker://{_exact(source)}", f"docker://{target}")
            done = run(self.shell, argv, _COPY_S)
            if done.rc:
                raise complaint(f"skopeo copy {source}", done, login)
            digest = arrived.read_text(encoding="utf-8").strip() if arrived.is_file() else ""
        return checked(source, digest, "skopeo")

    def _source_auth(self, option: str) -> tuple[str, ...]:
        if self.auth_file is None:
            return ()
        read_auths(self.auth_file)  # refuse one that others may read
        return (option, str(self.auth_file))


def seen(reference: Reference, manifest: str) -> Upstream:
    """What a manifest is; raises ``SiteUnavailable`` when it is none, ``Refused`` when its digest is another."""
    try:
        found = read_manifest(manifest)
    except ValueError as error:
        hint = "ask for it by hand; a proxy's page is no image"
        raise SiteUnavailable(f"{reference}: what the registry gave is no manifest", hint) from error
    if reference.digest and found.digest != reference.digest and not is_schema_1(found.media_type):
        raise Refused(f"{reference}: the registry gave other bytes ({found.digest})", "do not use this registry")
    return found


def checked(source: Reference, digest: str, program: str) -> str:
    """The digest that arrived; raises ``Refused`` when it is not the source's."""
    if digest != source.digest:
        said = f"{program} copy {source}: {digest or 'nothing'} arrived instead"
        raise Refused(said, "it is not named, so no job gets it; delete it and copy again")
    return digest


def _exact(reference: Reference) -> str:
    """Without the tag where there is a digest: skopeo takes one of them."""
    return str(reference.pinned(reference.digest) if reference.digest else reference)
