"""The sandbox's endpoints with their access rules, and its Globus Groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.globus.answer import Fault, denied, json_answer, not_found
from ris_hybrid.sandbox.globus.tasks import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request, Response

    from ris_hybrid.sandbox.globus.store import Store

MOST_RULES = 1000


class Endpoints:
    """Collections and, of guest collections, who may do what."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def one(self, _request: Request, _who: Mapping[str, Any], endpoint_id: str) -> Response:
        """A collection's document."""
        found = self._found(endpoint_id)
        return json_answer({key: value for key, value in found.items() if key != "sandbox"})

    def rules(self, _request: Request, _who: Mapping[str, Any], endpoint_id: str) -> Response:
        """All access rules."""
        self._guest(endpoint_id)
        return json_answer({"DATA_TYPE": "access_list", "endpoint": endpoint_id, "DATA": self._of(endpoint_id)})

    def add_rule(self, request: Request, _who: Mapping[str, Any], endpoint_id: str) -> Response:
        """A new one; the same principal and path twice is a conflict."""
        self._guest(endpoint_id)
        asked, kept = request.get_json(), self._of(endpoint_id)
        path = str(asked["path"])
        if not (path.startswith("/") and path.endswith("/")):
            raise Fault(400, "BadRequest", "path must begin and end with a slash")
        if any((one["principal"], one["path"]) == (asked["principal"], path) for one in kept):
            raise Fault(409, "Exists", "An access rule for this principal and path exists")
        if len(kept) >= MOST_RULES:
            raise Fault(409, "LimitExceeded", "Too many access rules")
        rule_id = named("rule", endpoint_id, asked["principal"], path)
        rule = {**asked, "endpoint": endpoint_id, "id": rule_id, "role_id": None}
        self._store.put("rule", f"{endpoint_id}/{rule['id']}", rule)
        return json_answer({"DATA_TYPE": "access_create_result", "code": "Created", "access_id": rule["id"]}, 201)

    def change_rule(self, request: Request, _who: Mapping[str, Any], endpoint_id: str, rule_id: str) -> Response:
        """Other permissions."""
        rule = self._rule(endpoint_id, rule_id)
        self._store.put("rule", f"{endpoint_id}/{rule_id}", {**rule, **request.get_json()})
        return json_answer({"DATA_TYPE": "result", "code": "Updated", "message": "Access rule updated"})

    def delete_rule(self, _request: Request, _who: Mapping[str, Any], endpoint_id: str, rule_id: str) -> Response:
        """Take it away."""
        self._rule(endpoint_id, rule_id)
        self._store.drop("rule", f"{endpoint_id}/{rule_id}")
        return json_answer({"DATA_TYPE": "result", "code": "Deleted", "message": "Access rule deleted"})

    def _of(self, endpoint_id: str) -> list[dict[str, Any]]:
        return [one for one in self._store.every("rule") if one["endpoint"] == endpoint_id]

    def _rule(self, endpoint_id: str, rule_id: str) -> dict[str, Any]:
        found = self._store.get("rule", f"{endpoint_id}/{rule_id}")
        if found is None:
            raise not_found("access rule")
        return found

    def _guest(self, endpoint_id: str) -> None:
        if self._found(endpoint_id)["entity_type"] != "GCSv5_guest_collection":
            raise Fault(409, "Conflict", "only guest collections have access rules")

    def _found(self, endpoint_id: str) -> dict[str, Any]:
        found = self._store.get("endpoint", endpoint_id)
        if found is None:
            raise Fault(404, "EndpointNotFound", "No such endpoint")
        return found


class Groups:
    """Groups; who makes one is its admin."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def mine(self, _request: Request, who: Mapping[str, Any]) -> Response:
        """Those the caller is in, without their members."""
        found = [group for group in self._store.every("group") if _role(group, who)]
        return json_answer([{key: value for key, value in group.items() if key != "memberships"} for group in found])

    def make(self, request: Request, who: Mapping[str, Any]) -> Response:
        """A new one."""
        asked = request.get_json()
        group_id = named("group", str(asked["name"]), str(len(self._store.every("group"))))
        group = {
            "id": group_id,
            "name": asked["name"],
            "description": asked.get("description", ""),
            "group_type": "regular",
            "memberships": [_member(who["client"], "admin")],
        }
        self._store.put("group", group_id, group)
        return json_answer(group, 201)

    def one(self, _request: Request, who: Mapping[str, Any], group_id: str) -> Response:
        """With its members."""
        return json_answer(self._managed(group_id, who))

    def act(self, request: Request, who: Mapping[str, Any], group_id: str) -> Response:
        """Add and remove members in one call; what cannot be done is told in ``errors``."""
        group, asked = self._managed(group_id, who), request.get_json()
        members = {one["identity_id"]: one for one in group["memberships"]}
        for one in asked.get("add", ()):
            members[one["identity_id"]] = _member(one["identity_id"], one.get("role", "member"))
        gone = [one for one in asked.get("remove", ()) if members.pop(one["identity_id"], None) is None]
        self._store.put("group", group_id, {**group, "memberships": list(members.values())})
        errors = {"remove": [{**one, "code": "NOT_FOUND", "detail": "no such member"} for one in gone]}
        return json_answer({"add": asked.get("add", []), "remove": asked.get("remove", []), "errors": errors})

    def policies(self, request: Request, who: Mapping[str, Any], group_id: str) -> Response:
        """Who sees it, and whether it is high assurance."""
        group = self._managed(group_id, who)
        self._store.put("group", group_id, {**group, "policies": request.get_json()})
        return json_answer(request.get_json())

    def _managed(self, group_id: str, who: Mapping[str, Any]) -> dict[str, Any]:
        found = self._store.get("group", group_id)
        if found is None:
            raise Fault(404, "NOT_FOUND", "no such group")
        if _role(found, who) not in {"admin", "manager"}:
            raise denied("not a manager of this group")
        return found


def _member(identity_id: str, role: str) -> dict[str, Any]:
    return {"identity_id": identity_id, "role": role, "status": "active", "username": identity_id}


def _role(group: Mapping[str, Any], who: Mapping[str, Any]) -> str:
    found = (one["role"] for one in group["memberships"] if one["identity_id"] == who["client"])
    return str(next(found, ""))
