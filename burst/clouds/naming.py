"""What machines and types of a second cloud are called here: ``research/<the cloud's own name>`` (pure).

EC2's are called as EC2 calls them. So an id tells by itself which cloud to ask, and a price which one's it is. A
cloud's name has no slash, and no id or type of EC2 has one; what a second cloud calls its own may have some.
"""

from __future__ import annotations

_BETWEEN = "/"


def qualified(cloud: str, name: str) -> str:
    """The name in our books. One that is empty, of EC2 or qualified already stays as it is."""
    if not (cloud and name) or cloud_of(name) == cloud:
        return name
    return f"{cloud}{_BETWEEN}{name}"


def cloud_of(name: str) -> str:
    """Which second cloud an id or a type is of; empty for EC2's."""
    cloud, between, _ = name.partition(_BETWEEN)
    return cloud if between else ""


def plain(name: str) -> str:
    """What its own cloud calls it."""
    return name.partition(_BETWEEN)[2] if cloud_of(name) else name
