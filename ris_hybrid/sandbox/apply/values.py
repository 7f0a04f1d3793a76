"""Property values between Pulumi's wire form, what the engine decides on, what handlers get and what the state keeps.

In the engine a value is plain Python with three more kinds: ``Secret`` around a value, ``UNKNOWN`` for one that only
comes with the run, and ``Asset`` for a text or a file. The signatures are those of Pulumi's SDK
(``pulumi/runtime/rpc.py``); the state keeps the same, so that a secret stays marked there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format, struct_pb2

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # the mark, no secret itself
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown(Enum):
    """A value nobody has yet."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is shown nowhere; equal to another secret of the same value."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A text, or a file by its path and what was in it."""

    text: str = ""
    path: str = ""
    digest: str = ""


Values = dict[str, Any]


def from_wire(struct: struct_pb2.Struct) -> Values:
    """The properties of a request; those without a value are left out."""
    return {key: _inward(value) for key, value in json_format.MessageToDict(struct).items() if value is not None}


def to_wire(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The properties of an answer."""
    struct = struct_pb2.Struct()
    json_format.ParseDict({key: to_json(value) for key, value in values.items()}, struct)
    return struct


def to_json(value: Any) -> Any:
    """A value as JSON has it, with Pulumi's signatures; ``from_json`` gives it back."""
    if isinstance(value, dict):
        return {key: to_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(one) for one in value]
    if isinstance(value, Secret):
        return {_SIGNATURE: _SECRET, "value": to_json(value.value)}
    if isinstance(value, Asset):
        return {_SIGNATURE: _ASSET, "text": value.text, "path": value.path, "hash": value.digest}
    return _UNKNOWN if value is UNKNOWN else value


def from_json(value: Any) -> Any:
    """What ``to_json`` wrote."""
    return _inward(value)


def _inward(value: Any) -> Any:
    if isinstance(value, dict):
        signature = value.get(_SIGNATURE)
        if signature is not None:
            return _signed(str(signature), value)
        return {key: _inward(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_inward(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # the wire has floats only
    return UNKNOWN if value == _UNKNOWN else value


def _signed(signature: str, value: dict[str, Any]) -> Any:
    if signature == _SECRET:
        return Secret(_inward(value["value"]))
    if signature == _OUTPUT:
        inner = _inward(value["value"]) if "value" in value else UNKNOWN
        return Secret(inner) if value.get("secret") else inner
    if signature == _RESOURCE:
        return _inward(value.get("id") or value["urn"])
    if signature == _ASSET and "uri" not in value:
        return _asset(value)
    raise ConfigError("the sandbox takes texts and local files, no archives and no addresses", "give a file's text")


def _asset(value: dict[str, Any]) -> Asset:
    path = str(value.get("path") or "")
    if value.get("hash"):  # from the state: what was in the file then
        return Asset(text=str(value["text"]), path=path, digest=str(value["hash"]))
    try:
        content = Path(path).read_bytes() if path else str(value.get("text", "")).encode()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", "mend the path in the program") from error
    return Asset(text=str(value.get("text") or ""), path=path, digest=sha256(content).hexdigest())


def opened(value: Any) -> Any:
    """A value as handlers get it: secrets open, files as their text.

    Raises:
        ConfigError: a part of it is not known yet.
    """
    if value is UNKNOWN:
        raise ConfigError("a value is not known although everything before it was made", "look at what it comes from")
    if isinstance(value, Asset):
        return value.text or (Path(value.path).read_text(encoding="utf-8") if value.path else "")
    return _through(value, opened)


def bare(value: Any) -> Any:
    """A value without its marks of secrecy, to compare it; what is not known stays so."""
    return _through(value, bare)


def _through(value: Any, turn: Callable[[Any], Any]) -> Any:
    if isinstance(value, Secret):
        return turn(value.value)
    if isinstance(value, dict):
        return {key: turn(one) for key, one in value.items()}
    return [turn(one) for one in value] if isinstance(value, list) else value


def holds(value: Any, what: Callable[[Any], bool]) -> bool:
    """Whether a value, or anything inside it, is such."""
    if what(value):
        return True
    if isinstance(value, Secret):
        return holds(value.value, what)
    if isinstance(value, dict):
        return any(holds(one, what) for one in value.values())
    return isinstance(value, list) and any(holds(one, what) for one in value)


def is_unknown(value: Any) -> bool:
    """Whether any part of it is not known."""
    return holds(value, lambda one: one is UNKNOWN)


def is_secret(value: Any) -> bool:
    """Whether any part of it is a secret."""
    return holds(value, lambda one: isinstance(one, Secret))
