"""Pulumi's words for AWS's and back: names of fields, lists of tags, templates such as ``{region}``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_GONE = re.compile(r"NotFound|NoSuch|NonExist|NotExist|Unknown", re.IGNORECASE)


def upper_first(name: str) -> str:
    """``cidrBlock`` as EC2, IAM and most others have it: ``CidrBlock``."""
    return name[:1].upper() + name[1:]


def lower_first(name: str) -> str:
    """``CidrBlock`` as Pulumi has it: ``cidrBlock``."""
    return name[:1].lower() + name[1:]


def pascal(value: Any) -> Any:
    """A value with every key inside it as ``CidrBlock``."""
    if isinstance(value, dict):
        return {upper_first(key): pascal(one) for key, one in value.items()}
    return [pascal(one) for one in value] if isinstance(value, list) else value


def camel(value: Any) -> Any:
    """A value with every key inside it as ``cidrBlock``."""
    if isinstance(value, dict):
        return {lower_first(key): camel(one) for key, one in value.items()}
    return [camel(one) for one in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """A value as it is: services whose fields begin with a small letter, and maps whose keys are data."""
    return value


def valued(value: Any) -> dict[str, Any]:
    """``{"Value": value}``, as EC2's Modify...Attribute calls have it."""
    return {"Value": value}


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as a list of ``{"Key", "Value"}``."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def mapped(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags as they are."""
    return dict(tags)


def unlisted(tags: Any) -> dict[str, str]:
    """Tags as AWS shows them, in any of its forms, as a map."""
    if not isinstance(tags, list):
        return dict(tags or {})
    pairs = [{key.lower().removeprefix("tag"): value for key, value in one.items()} for one in tags]
    return {pair["key"]: pair["value"] for pair in pairs}


def kms_listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as KMS has them."""
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """A template with ``{id}``, ``{region}``, ``{anyProperty}`` filled in, inside lists and maps too.

    ``"{id}"`` alone gives the value as it is, a list for example. Raises ``ConfigError`` for a value nobody gave.
    """
    if isinstance(template, dict):
        return {key: filled(one, values) for key, one in template.items()}
    if isinstance(template, list):
        return [filled(one, values) for one in template]
    if not isinstance(template, str):
        return template
    try:
        alone = re.fullmatch(r"\{(\w+)\}", template)
        return values[alone[1]] if alone else template.format_map(values)
    except KeyError as error:
        raise ConfigError(f"the sandbox needs property {error.args[0]}", "give it, or mend the handler") from error


def at(path: str, value: Any) -> Any:
    """What is at ``Vpcs.0.VpcId``; None where the path leads nowhere. The empty path is the value itself."""
    for step in filter(None, path.split(".")):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = (value or {}).get(step)
    return value


def is_gone(code: str) -> bool:
    """Whether an AWS error says that the thing is not there."""
    return bool(_GONE.search(code))


def unknown_to(knows: Iterable[str], props: Iterable[str]) -> ConfigError | None:
    """The error for properties a handler does not know; None when it knows them all."""
    strange = sorted(set(props) - set(knows))
    if not strange:
        return None
    return ConfigError(
        f"the sandbox does not know property {', '.join(strange)}", "add it to the handler of this type, with its call"
    )
