"""What a copier's complaint means: there is no such image, it is not ours to have, or nothing is known.

The words are those of the distribution API's errors (MANIFEST_UNKNOWN, NAME_UNKNOWN, UNAUTHORIZED, DENIED,
TOOMANYREQUESTS), which skopeo and crane print with words of their own around them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onprem.shell import Command
from ris_hybrid.errors import Refused, RisHybridError, SiteUnavailable

if TYPE_CHECKING:
    from onprem.shell import Completed, Shell
    from ris_hybrid.images.values import Login

_ABSENT = re.compile(r"manifest[_ ]unknown|name[_ ]unknown|repository name not known|tag_invalid", re.IGNORECASE)
_DENIED = re.compile(r"unauthorized|denied|authentication required|no basic auth credentials|40[13] ", re.IGNORECASE)
_MANY = re.compile(r"toomanyrequests|too many requests|rate limit|429 ", re.IGNORECASE)
_LEVEL = re.compile(r'^time="[^"]*" level=\w+ msg=')
_QUERY = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']+")
"""Registries send blobs from addresses that are signed: what follows the question mark opens them."""
_MOST = 300


def run(shell: Shell, argv: tuple[str, ...], timeout_s: float) -> Completed:
    """What a program left behind. Raises ``SiteUnavailable`` with advice that fits when it cannot be run to its end."""
    try:
        return shell.run(Command(argv=argv, timeout_s=timeout_s))
    except SiteUnavailable as error:
        raise SiteUnavailable(error.message, "the registry or the way to it may be slow or down: try again") from error


def is_absent(done: Completed) -> bool:
    """Whether the registry said that there is no such image."""
    return _ABSENT.search(done.stderr) is not None


def complaint(what: str, done: Completed, login: Login | None = None) -> RisHybridError:
    """The error to raise, in the program's last words; a log-in in them is covered."""
    said = _last_words(done.stderr)
    if login is not None:
        said = said.replace(login.password, "***")
    message = f"{what}: {said or f'it ended with {done.rc} and said nothing'}"
    if _MANY.search(said):
        return SiteUnavailable(message, "the registry limits pulls: give a log-in in images.auth_file, or wait")
    if _DENIED.search(said):
        return Refused(message, "it is private or not there: give a log-in in images.auth_file, or mend the name")
    return SiteUnavailable(message, "run the same command by hand; the registry or the way to it may be down")


def _last_words(stderr: str) -> str:
    lines = [_LEVEL.sub("", line.strip()).strip('"') for line in stderr.splitlines() if line.strip()]
    return _QUERY.sub(r"\1?***", lines[-1])[:_MOST] if lines else ""
