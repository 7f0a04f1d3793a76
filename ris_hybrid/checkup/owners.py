"""Who LSF's administrator is, and whether the Resource Connector's files are his: ebrokerd works as him."""

from __future__ import annotations

import pwd
import re
from typing import TYPE_CHECKING

from burst.rc import listing
from onprem.lsf.conf.places import owner, read
from ris_hybrid.checkup.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onprem.lsf.conf.places import LsfFiles
    from ris_hybrid.settings import BurstSettings

_ADMINISTRATORS = re.compile(r"^\s*Administrators\s*=\s*(\S+)", re.IGNORECASE | re.MULTILINE)


def look(settings: BurstSettings, files: LsfFiles) -> Iterator[Finding]:
    """The administrator, and the owner of what ebrokerd reads. Raises ``ConfigError`` as ``places.read``."""
    found = _ADMINISTRATORS.search(read(files.cluster_file))
    primary = found[1] if found else owner(files.lsf_conf)
    yield _administrator(settings.node.lsf_admin, primary, files)
    folder = files.connector
    paths = [path for path in (folder, folder / listing.PROVIDERS, folder / listing.POLICIES) if path.exists()]
    others = [f"{path.name} is {owner(path)}'s" for path in paths if owner(path) != primary]
    yield Finding(
        name="owner of resource_connector",
        ok=not others,
        text=", ".join(others) or f"{folder}: {primary}",
        hint=f"chown -R {primary} {folder}: LSF's scripts run as {primary} and must be able to read and write there",
        needed=False,
    )


def _administrator(ours: str, primary: str, files: LsfFiles) -> Finding:
    uid = _uid(ours)
    if ours != primary:
        text = f"{primary} in {files.cluster_file.name}, and {ours} in burst.yaml (node.lsf_admin)"
    elif uid is None:
        text = f"{ours}: this host knows no such user"
    else:
        text = f"{ours}, uid {uid}: the image must have it with the same uid"
    return Finding(
        name="LSF administrator",
        ok=ours == primary and uid is not None,
        text=text,
        hint="name LSF's primary administrator in node.lsf_admin: he starts the daemons and closes hosts on the nodes",
        needed=ours != primary,
    )


def _uid(name: str) -> int | None:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None
