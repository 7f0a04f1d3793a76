"""Globus Groups and identities, as far as permissions need them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from globus_sdk import AuthClient, BatchMembershipActions, GroupsClient
from globus_sdk.scopes import AuthScopes, GroupsScopes

from ris_hybrid.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from globus_sdk import GlobusApp
    from globus_sdk.transport import RetryConfig

    from onprem.globus.service import Service

_AT_ONCE = 100
"""People in one call."""


class Directory:
    """Groups this identity manages, and who people are to Globus; for one thread."""

    def __init__(self, service: Service, app: GlobusApp, retries: RetryConfig) -> None:
        self._service = service
        self._groups = GroupsClient(app=app, app_scopes=[GroupsScopes.all], retry_config=retries)
        self._auth = AuthClient(app=app, app_scopes=[AuthScopes.openid], retry_config=retries)

    def whoami(self) -> dict[str, Any]:
        """The caller, as Globus Auth knows it: ``sub`` and ``preferred_username``."""
        return dict(self._service.ask("asking who this is", self._auth.userinfo).data)

    def groups(self) -> dict[str, str]:
        """Groups this identity is in, by name, with their ids."""
        found = self._service.ask("listing groups", self._groups.get_my_groups)
        return {str(one["name"]): str(one["id"]) for one in found}

    def members(self, group_id: str) -> dict[str, str]:
        """Active members and people invited, identity to role."""
        deed = f"reading group {group_id}"
        found = self._service.ask(deed, lambda: self._groups.get_group(group_id, include="memberships"))
        gone = {"removed", "left", "rejected", "declined"}
        return {
            str(one["identity_id"]): str(one["role"])
            for one in found.get("memberships") or ()
            if one.get("status") not in gone
        }

    def identities(self, usernames: Sequence[str]) -> dict[str, str]:
        """Ids by user name, case-folded; who has no identity is not in it."""
        found: dict[str, str] = {}
        for start in range(0, len(usernames), _AT_ONCE):
            part = usernames[start : start + _AT_ONCE]
            answer = self._service.ask("looking people up", partial(self._auth.get_identities, usernames=part))
            found |= {str(one["username"]).casefold(): str(one["id"]) for one in answer["identities"]}
        return found

    def make(self, name: str, *, high_assurance: bool) -> str:
        """A new group that only its managers see into; its id."""
        deed = "making a group"
        group_id = str(self._service.ask(deed, lambda: self._groups.create_group({"name": name}))["id"])
        policies = {
            "is_high_assurance": high_assurance,
            "group_visibility": "private",
            "group_members_visibility": "managers",
            "join_requests": False,
            "signup_fields": [],
        }
        self._service.ask("setting a group's policies", lambda: self._groups.set_group_policies(group_id, policies))
        return group_id

    def change(self, group_id: str, add: Iterable[str], remove: Iterable[str]) -> None:
        """Add and remove members, in batches. Raises ``CloudError`` when Globus could not do all of it."""
        deeds = [("add", one) for one in add] + [("remove", one) for one in remove]
        failed: list[str] = []
        for start in range(0, len(deeds), _AT_ONCE):
            failed += self._batch(group_id, deeds[start : start + _AT_ONCE])
        if failed:
            raise CloudError(f"group {group_id}: not done for {', '.join(failed)}", "plan again to see what is left")

    def _batch(self, group_id: str, deeds: Sequence[tuple[str, str]]) -> list[str]:
        actions = BatchMembershipActions()
        if adds := [one for deed, one in deeds if deed == "add"]:
            actions.add_members(adds)
        if removes := [one for deed, one in deeds if deed == "remove"]:
            actions.remove_members(removes)
        told = self._service.ask(
            f"changing group {group_id}", lambda: self._groups.batch_membership_action(group_id, actions)
        )
        errors = told.get("errors") or {}
        return [str(one.get("identity_id")) for kind in errors.values() for one in kind]
