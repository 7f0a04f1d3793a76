"""Whether LSF's Resource Connector is switched on for a provider of this cluster: then LSF itself does the launching.

It is on where lsf.conf sets LSB_RC_EXTERNAL_HOST_FLAG and hostProviders.json names the provider (IBM documentation).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

_FLAG = re.compile(r"^\s*LSB_RC_EXTERNAL_HOST_FLAG\s*=(?P<value>[^#\n]*)", re.MULTILINE)
_HINT = "without it nobody can tell whether LSF launches too"


def envdir(env: Mapping[str, str]) -> Path | None:
    """Where lsf.conf lies: LSF_ENVDIR, else /etc where it is there; None when neither says."""
    named = env.get("LSF_ENVDIR", "")
    if named:
        return Path(named)
    return Path("/etc") if Path("/etc/lsf.conf").is_file() else None


def switched_on(folder: Path, provider: str) -> bool:
    """Whether both files say so. Raises ``SiteUnavailable`` for a file that is there and cannot be read."""
    flags = _FLAG.findall(_text(folder / "lsf.conf"))
    if not flags or not flags[-1].strip().strip("\"'").strip():
        return False
    path = folder / "resource_connector" / "hostProviders.json"
    if not path.exists():
        return False
    try:
        entries = json.loads(_text(path))["providers"]
        return any(entry.get("name") == provider for entry in entries)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise SiteUnavailable(f"{path}: expected providers with a name", _HINT) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SiteUnavailable(f"{path}: cannot be read: {error.strerror}", _HINT) from error
