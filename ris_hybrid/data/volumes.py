r"""LSF_DOCKER_VOLUMES: what the site's wrapper mounts into a job's container (pure).

``src:dst[:options]`` by spaces, as people export it: with slashes at the ends, and over several lines with backslashes.
A word without a colon is mounted where it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ris_hybrid.data.places import segments

_CONTINUED = re.compile(r"\\\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One directory of the host as the container sees it; both without a slash at the end."""

    source: str
    target: str
    writable: bool


@lru_cache(maxsize=1024)  # jobs of one user have the same
def volumes(text: str) -> tuple[Volume, ...]:
    """Every volume whose two ends are absolute; named volumes and relative ones are none of the site's data."""
    found = (_volume(word) for word in _CONTINUED.sub(" ", text).strip("\"'").split())
    return tuple(one for one in found if one.source.startswith("/") and one.target.startswith("/"))


def at_site(path: str, mapped: tuple[Volume, ...]) -> str | None:
    """A path of the container as the host names it, by the volume that is nearest; None where none has it."""
    parts = segments(path)
    above = [one for one in mapped if parts[: len(segments(one.target))] == segments(one.target)]
    if not above:
        return None
    nearest = max(above, key=lambda one: len(segments(one.target)))
    return "/".join((nearest.source.rstrip("/"), *parts[len(segments(nearest.target)) :])) or "/"


def _volume(word: str) -> Volume:
    source, _, rest = word.partition(":")
    target, _, options = rest.partition(":")
    return Volume(
        source=source.rstrip("/") or "/" if source else "",
        target=(target or source).rstrip("/") or "/",
        writable="ro" not in options.split(","),
    )
