"""A move → the transfer document Globus is given (pure).

Shape: Globus Transfer API, "Task Submission", ``transfer`` document. Options that are not in it take the service's
defaults, which are off; so every option is in it. Nothing at the destination is ever deleted by a transfer.

A label stands in lists, mails and logs outside the site: it holds the staging's words, without paths, and the
submission id, by which a task that is on its way is found again.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ris_hybrid.data.excluded import EVERY
from ris_hybrid.data.keys import why_not
from ris_hybrid.errors import ConfigError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.settings import Globus
    from ris_hybrid.data.values import Move, MoveItem

_SYNC = {"mtime": 2, "checksum": 3}
_NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9 ,_-]+")
_LONGEST_LABEL = 128


def transfer_document(move: Move, token: str, settings: Globus) -> dict[str, Any]:
    """The whole document; ``token`` is the submission id.

    Raises ``Refused`` for an item that no transfer can name, ``ConfigError`` for a path outside ``site_base``.
    """
    ends = {"in": (settings.site_collection, settings.cloud_collection)}
    ends["out"] = (settings.cloud_collection, settings.site_collection)
    source, destination = ends[move.direction]
    rules = filter_rules() if any(item.recursive for item in move.items) else []
    return {
        "DATA_TYPE": "transfer",
        "DATA": list(_items(move, settings)),
        "source_endpoint": source,
        "destination_endpoint": destination,
        "label": label_of(move.label, token),
        "submission_id": token,
        "deadline": datetime.fromtimestamp(int(move.deadline), UTC).isoformat(),
        "sync_level": _SYNC["checksum" if move.again else "mtime"],
        "verify_checksum": True,
        "encrypt_data": True,
        "preserve_timestamp": True,
        "fail_on_quota_errors": True,
        "skip_source_errors": False,
        "delete_destination_extra": False,
        "notify_on_succeeded": False,
        "notify_on_failed": False,
        "notify_on_inactive": False,
    } | ({"filter_rules": rules} if rules else {})


def label_of(words: str, token: str) -> str:
    """The label of a task: letters, digits, spaces, commas, hyphens and underscores, 128 at most."""
    cleaned = _NOT_IN_LABELS.sub("-", words).strip(" -")
    return f"{cleaned[: _LONGEST_LABEL - len(token) - 1]} {token}".strip()


def filter_rules() -> list[dict[str, str]]:
    """What a directory is moved without; the service applies rules to directories it walks, not to files it is told.

    A rule without ``type`` is of files and directories alike.
    """
    return [{"DATA_TYPE": "filter_rule", "method": "exclude", "name": name} for name in EVERY]


def within(path: str, base: str) -> bool:
    """Whether a path of the site is below a collection's root."""
    root = base.rstrip("/")
    return path == root or path.startswith(f"{root}/")


def in_collection(path: str, base: str) -> str:
    """A path of the site as its collection names it, whose root is ``base``."""
    if not within(path, base):
        hint = "see globus.site_base in data.yaml"
        raise ConfigError(f"site_base is {base}: a path outside it cannot be moved", hint)
    return path[len(base.rstrip("/")) :] or "/"


def _items(move: Move, settings: Globus) -> Iterator[dict[str, Any]]:
    if not move.items:
        raise Refused(f"move {move.move_id} has no files", "a batch has at least one", "NoTransferItems")
    site = in_collection(move.site_path.rstrip("/"), settings.site_base).rstrip("/")
    cloud = f"/{move.bucket}/{move.prefix}".rstrip("/")
    for item in move.items:
        below = _below(move, item)
        pair = (f"{site}{below}", f"{cloud}{below}")
        source, destination = pair if move.direction == "in" else pair[::-1]
        yield {
            "DATA_TYPE": "transfer_item",
            "source_path": source,
            "destination_path": destination,
            "recursive": item.recursive,
        }


def _below(move: Move, item: MoveItem) -> str:
    """What stands behind the dataset's directory: a slash at its end marks a directory."""
    if item.recursive and not item.path:
        return "/"
    reason = why_not(move.prefix, item.path)
    if reason:
        raise Refused(f"move {move.move_id} has a file that cannot be moved: {reason}", "plan it again", "BadItem")
    return f"/{item.path}/" if item.recursive else f"/{item.path}"
