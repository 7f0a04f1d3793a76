"""What data.yaml names on this host: files with secrets, and what was captured of Spectrum Scale."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from onprem.gpfs.captured_scale import CapturedScale
from onprem.gpfs.trust import OLD_S
from ris_hybrid.checkup.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.data.settings import DataSettings

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_DAY_S = 86400.0


def look(settings: DataSettings, folder: Path, now: float) -> Iterator[Finding]:
    """Every file and folder; ``folder`` is data.yaml's."""
    for name, told in _secrets(settings):
        yield _secret(name, folder / told)
    gpfs = settings.gpfs
    if gpfs.ca_file:
        path = folder / gpfs.ca_file
        ok = os.access(path, os.R_OK)
        text = f"{path}{'' if ok else ': cannot be read'}"
        yield Finding(name="gpfs.ca_file", ok=ok, text=text, hint="put the certificate of the GUI's authority there")
    if gpfs.listing:
        yield _listing(settings, folder / gpfs.listing, now)
    if gpfs.policy_lists:
        yield _lists(folder / gpfs.policy_lists, now)


def _secrets(settings: DataSettings) -> Iterator[tuple[str, str]]:
    """Field and path of each file with a secret."""
    if settings.gpfs.guis:
        yield "gpfs.password_file", settings.gpfs.password_file
    if settings.globus is not None:
        yield "globus.secret_file", settings.globus.secret_file
        if settings.globus.gateway is not None and settings.globus.gateway.key_file:
            yield "globus.gateway.key_file", settings.globus.gateway.key_file
    if settings.afm is not None:
        for bucket, path in sorted(settings.afm.key_files.items()):
            yield f"afm.key_files of {bucket}", path
    if settings.images.auth_file:
        yield "images.auth_file", settings.images.auth_file


def _secret(name: str, path: Path) -> Finding:
    """By its mode and size alone; nothing of it is read."""
    try:
        seen = path.stat()
    except OSError as error:
        hint = "put the secret there, readable by its owner alone"
        return Finding(name=f"secret {name}", ok=False, text=f"{path}: {error.strerror}", hint=hint)
    mode = stat.S_IMODE(seen.st_mode)
    wrong, hint = "", ""
    if not stat.S_ISREG(seen.st_mode) or not seen.st_size:
        wrong, hint = "is no file with anything in it", "put the secret there"
    elif mode & _OTHERS:
        wrong = f"others may read or write it (mode {mode:04o})"
        hint = f"run: chmod 600 {path}; if others could read it, the secret should be changed too"
    elif not os.access(path, os.R_OK):
        wrong, hint = "cannot be read by this user", "run the data plane as the user who owns it"
    return Finding(name=f"secret {name}", ok=not wrong, text=f"{path}: {wrong or f'mode {mode:04o}'}", hint=hint)


def _listing(settings: DataSettings, folder: Path, now: float) -> Finding:
    found = CapturedScale(folder, now=lambda: now).listing()
    others = bool(settings.gpfs.guis or settings.gpfs.commands)
    if found.missing:
        text = "; ".join(f"{one.part}: {one.reason}" for one in found.missing)
        hint = "capture what is missing (docs/data.md names the commands)"
        # What a capture lacks is asked of REST or of commands, where there are any; snapshots are of use, no more.
        needed = not others and any(one.part != "snapshots" for one in found.missing)
        return Finding(name="captured listing", ok=False, text=text, hint=hint, needed=needed)
    age_s = now - (found.captured_at or 0.0)
    return Finding(
        name="captured listing",
        ok=age_s <= OLD_S,
        text=f"{len(found.filesets)} filesets, {age_s / _DAY_S:.1f} days old",
        hint=f"capture it at least every {OLD_S / _DAY_S:g} days: a listing counts before REST and commands do",
        needed=False,
    )


def _lists(folder: Path, now: float) -> Finding:
    lists = sorted(folder.glob("*.list"))
    hint = "ris-hybrid gpfs policy ALLOCATION prints the script that makes one; an allocation without cannot be planned"
    if not lists:
        text = f"{folder}: no list of any allocation"
        return Finding(name="policy lists", ok=False, text=text, hint=hint, needed=False)
    oldest = min(lists, key=lambda one: one.stat().st_mtime)
    age_s = now - oldest.stat().st_mtime
    return Finding(
        name="policy lists",
        ok=age_s <= OLD_S,
        text=f"{len(lists)}, the oldest ({oldest.stem}) {age_s / _DAY_S:.1f} days old",
        hint="make it anew before its allocation is planned: what came since is not in it",
        needed=False,
    )
