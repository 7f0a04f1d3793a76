"""Customer keys of KMS, and the names by which other things name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.holdings.answers import listed, statements, tags_of
from ris_hybrid.holdings.values import Key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_kms import KMSClient

    from ris_hybrid.holdings.reading import Reading

_AWS = "alias/aws/"
"""Aliases of the keys that AWS made and manages begin so."""


class KeyNames:
    """Aliases by key; ``None`` when they could not be listed."""

    def __init__(self, aliases: Mapping[str, str] | None) -> None:
        self._aliases = aliases

    @property
    def known(self) -> bool:
        """Whether the aliases could be listed."""
        return self._aliases is not None

    def name(self, key_id: str) -> str:
        """A key's alias, else its id."""
        return (self._aliases or {}).get(key_id, key_id)

    def of_aws(self, key_id: str) -> bool:
        """Whether AWS made it."""
        return self.name(key_id).startswith(_AWS)

    def customer(self, key: str) -> str | None:
        """What a thing names as its key (id, arn or alias) as alias, id or arn; empty for AWS's own.

        None when it is an id and nobody knows the aliases: it may be AWS's.
        """
        last = key.rpartition(":")[2]
        if not key or last.startswith(_AWS):
            return ""
        if last.startswith("alias/"):
            return last
        if self._aliases is None:
            return None
        alias = self._aliases.get(last.removeprefix("key/"), "")
        return key if not alias else "" if alias.startswith(_AWS) else alias


def read_names(reading: Reading) -> KeyNames:
    """The aliases of all keys; of several of one key the one that is wanted, else the first by letter."""
    found = reading.ask("aliases of keys", lambda: listed(reading.client("kms"), "list_aliases", "Aliases"))
    if found is None:
        return KeyNames(None)
    pairs = [(str(one["TargetKeyId"]), str(one["AliasName"])) for one in found if "TargetKeyId" in one]
    pairs.sort(key=lambda pair: (pair[1] in reading.scope.names, [-ord(letter) for letter in pair[1]]))
    return KeyNames(dict(pairs))


def read_keys(reading: Reading, names: KeyNames) -> tuple[Key, ...] | None:
    """The customer keys that are ours or wanted; None when keys or aliases could not be listed."""
    kms: KMSClient = reading.client("kms")
    found = reading.ask("keys", lambda: listed(kms, "list_keys", "Keys", PageSize=1000))
    if found is None or not names.known:
        return None
    ids = [str(one["KeyId"]) for one in found if not names.of_aws(one["KeyId"])]
    read = reading.each(lambda key_id: _key(reading, kms, key_id, names.name(key_id)), ids)
    return tuple(sorted(read, key=lambda key: (key.name, key.key_id)))


def _key(reading: Reading, kms: KMSClient, key_id: str, name: str) -> Key | None:
    tags = reading.ask(
        f"key {name}: tags",
        lambda: tags_of(listed(kms, "list_resource_tags", "Tags", KeyId=key_id), "TagKey", "TagValue"),
    )
    if not reading.scope.covers(tags, name):
        return Key(name=name, key_id=key_id, account=reading.account, tags=None) if tags is None else None
    state = reading.ask(f"key {name}: state", lambda: kms.describe_key(KeyId=key_id)["KeyMetadata"])
    return Key(
        name=name,
        key_id=key_id,
        account=reading.account,
        tags=tags,
        rotates=reading.ask(
            f"key {name}: rotation",
            lambda: kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"],
            {"UnsupportedOperationException": False},  # of keys that are not symmetric
        ),
        enabled=None if state is None else state.get("KeyState") == "Enabled",
        policy=reading.ask(
            f"key {name}: policy",
            lambda: statements(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]),
        ),
    )
