"""Names that are GPFS's own, a snapshot, or ours: no walk, list or transfer takes them for somebody's data (pure).

``.snapshots`` has every file again as it was, and would multiply a transfer; the others belong to space management,
LTFS, SMB, the backup and AFM; ``.ris-hybrid`` is what we write into a bucket ourselves. A name counts at any depth of
a tree, and what is below it goes with it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

OWN = ".ris-hybrid"
"""What is ours at the top of a bucket: manifests of transfers, which its lifecycle may delete."""
NAMES = (
    ".snapshots",
    ".SpaceMan",
    ".ltfsee",
    ".mmSharedTmpDir",
    ".mmbackupCfg",
    ".afm",
    ".ptrash",
    ".pconflicts",
    OWN,
)
"""As they are."""
PATTERNS = ("mmbackup*", ".mmbackupShadow*")
"""With ``*`` for any text."""
EVERY = (*NAMES, *PATTERNS)
"""All of them as patterns, for a filter that takes patterns (Globus, rsync)."""
_EXACT = frozenset(NAMES)


def excluded(name: str) -> bool:
    """Whether a directory entry of this name, without its path, is left out."""
    return name in _EXACT or (
        name.startswith(("mmbackup", ".mmbackup")) and any(fnmatchcase(name, one) for one in PATTERNS)
    )


def is_own(key: str) -> bool:
    """Whether a key, or a prefix of keys, is of nothing but what we wrote for ourselves."""
    return key.startswith(f"{OWN}/")


def excluded_path(path: str) -> bool:
    """Whether a path, relative to its tree, is or is below something left out."""
    return any(map(excluded, path.split("/")))
