"""Runs one of GPFS's commands, by sudo or not, and says in GPFS's own words why it failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.shell import Command
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from onprem.shell import Shell

FOLDER = "/usr/lpp/mmfs/bin"
NO_SNAPSHOTS = "No snapshots in file system"
_NOT_FOUND = f"put GPFS's commands on PATH ({FOLDER}), or leave `commands` out of data.yaml"
_LATE = "a node of the cluster may be down: check with `mmgetstate -a`, then try again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How commands are run here. ``sudo``: by ``sudo -n`` and the whole path that sudoers has; else found on PATH."""

    shell: Shell
    sudo: bool = False
    timeout_s: float = 60.0

    def ask(self, words: tuple[str, ...], *, sudo: bool = True) -> str:
        """What the command printed. Raises ``SiteUnavailable`` where it failed, is not there, or takes too long."""
        argv = ("sudo", "-n", f"{FOLDER}/{words[0]}", *words[1:]) if sudo and self.sudo else words
        command = Command(argv=argv, timeout_s=self.timeout_s, not_found=_NOT_FOUND, late=_LATE)
        done = self.shell.run(command)
        if words[0] == "mmlssnapshot" and NO_SNAPSHOTS in done.stdout + done.stderr and ":HEADER:" not in done.stdout:
            return NO_SNAPSHOTS
        if done.rc:
            said = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
            raise SiteUnavailable(f"{words[0]} ended with {done.rc}: {said[:200]}", _hint(said))
        return done.stdout


def for_sudoers(words: tuple[str, ...]) -> str:
    """The command line that sudo must allow."""
    return " ".join((f"{FOLDER}/{words[0]}", *words[1:]))


def _hint(said: str) -> str:
    words = said.casefold()
    if "not known" in words or "no such" in words or "not found" in words:
        return "GPFS does not know it: compare the name with `mmlsfs all` and `mmlsfileset`"
    if "permission" in words or "not authorized" in words or "root" in words or "sudo" in words:
        return "these commands need root's rights: allow each of them by sudo, or use REST"
    return "try it by hand on this host"
