"""The list policy that makes a manifest's entries, and the command that runs it, as text for whoever administers GPFS.

``mmapplypolicy`` reads inodes, so it lists a hundred million files in minutes, opens none and recalls nothing from
tape. ``-I test`` is what is given unless a list is asked for; no rule here moves, deletes or changes a file.
``ESCAPE '%/'`` has names and the shown text percent-encoded, all but unreserved characters and the slash (IBM, "Policy
rules: Terms"): without it a name with a newline would be two records.
"""

from __future__ import annotations

import re
import shlex
from typing import Literal

from ris_hybrid.errors import ConfigError

LIST = "entries"
"""Of the list in the policy: with ``-f PREFIX`` the file is ``PREFIX.list.entries``."""
Action = Literal["test", "defer"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")  # neither SQL nor m4, which reads policies first, sees more in it
_SHOWN = (
    ("size", "VARCHAR(FILE_SIZE)"),
    ("mtime", "VARCHAR(MODIFICATION_TIME)"),
    ("uid", "VARCHAR(USER_ID)"),
    ("gid", "VARCHAR(GROUP_ID)"),
    ("mode", "MODE"),
    ("links", "VARCHAR(NLINK)"),
    ("misc", "MISC_ATTRIBUTES"),
)
"""What is told of each file; ``policy_list`` reads it in this order."""


def render_policy(filesets: tuple[str, ...]) -> str:
    """The policy that lists everything in these filesets, directories and links too.

    Raises:
        ConfigError: no fileset, or a name with characters that policies give a meaning.
    """
    if not filesets:
        raise ConfigError("no fileset to list", "name at least one, as mmlsfileset does")
    named = ", ".join(f"'{_plain(name)}'" for name in filesets)
    shown = "\n       || ".join(f"'{' ' if at else ''}{name}=' || {sql}" for at, (name, sql) in enumerate(_SHOWN))
    return f"""/* Lists files for ris-hybrid. It moves, deletes and recalls nothing. */
RULE 'external' EXTERNAL LIST '{LIST}' EXEC '' ESCAPE '%/'
RULE 'everything' LIST '{LIST}' DIRECTORIES_PLUS
  FOR FILESET({named})
  SHOW({shown})
"""


def policy_command(directory: str, policy: str, *, prefix: str = "", action: Action = "test") -> tuple[str, ...]:
    """The exact command; with ``defer`` it leaves ``PREFIX.list.entries``, which nothing acts on.

    Raises:
        ConfigError: a list without a place for it, or a directory that is not absolute.
    """
    if not directory.startswith("/"):
        raise ConfigError(f"{directory!r}: expected an absolute directory", "name it as the site does")
    if action == "defer" and not prefix:
        raise ConfigError("a list needs a prefix for its file", "give the folder of policy_lists and the allocation")
    wanted = ("-f", prefix) if prefix else ()
    return ("mmapplypolicy", directory, "-P", policy, "-I", action, *wanted)


def instructions(allocation: str, filesets: tuple[str, ...], directory: str, folder: str) -> str:
    """A shell script for the admin: write the policy, try it, make the list, and name it when it is whole.

    The list gets its final name at the end, so that one half written is never read. Raises as the others.
    """
    name = _plain(allocation)
    policy, prefix = f"{folder}/{name}.policy", f"{folder}/{name}"
    steps = (
        policy_command(directory, policy),
        policy_command(directory, policy, prefix=prefix, action="defer"),
        ("mv", f"{prefix}.list.{LIST}", f"{prefix}.list"),
    )
    lines = " &&\n".join(map(shlex.join, steps))
    return f"cat > {shlex.quote(policy)} <<'POLICY'\n{render_policy(filesets)}POLICY\n{lines}\n"


def _plain(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r}: expected letters, digits and ._+- only", "a policy would read other characters as its own"
        )
    return name
