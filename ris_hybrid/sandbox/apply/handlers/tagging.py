"""How types are tagged: with the create call, and later by calls of their own (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.handlers.wording import listed, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """How a type is tagged: with the create call, and later by two calls of their own."""

    param: str = "Tags"
    form: Callable[[Mapping[str, str]], Any] = listed
    at_creation: Callable[[Any], Any] | None = plain
    """What becomes of ``param`` in the create call; None: they are put on after it."""
    creation_param: str = ""
    """Its name there, where it is another one."""
    put: str = "tag_resource"
    take: str = "untag_resource"
    key: Mapping[str, Any] = field(default_factory=lambda: {"ResourceArn": "{arn}"})
    take_param: str = "TagKeys"
    take_form: Callable[[list[str]], Any] = plain


def ec2_tags(kind: str) -> Tags:
    """As EC2 does; ``kind`` is its ResourceType, ``security-group``."""
    return Tags(
        creation_param="TagSpecifications",
        at_creation=lambda tags: [{"ResourceType": kind, "Tags": tags}],
        put="create_tags",
        take="delete_tags",
        key={"Resources": ["{id}"]},
        take_param="Tags",
        take_form=lambda keys: [{"Key": key} for key in keys],
    )
