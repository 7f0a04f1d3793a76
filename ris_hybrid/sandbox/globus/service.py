"""The sandbox's Globus as one thing: a WSGI application over a store, and the work it does.

It emulates what we call and no more. What a test or a scenario steers is under ``/sandbox/`` or a method here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.globus.answer import Fault, json_answer
from ris_hybrid.sandbox.globus.auth import Auth
from ris_hybrid.sandbox.globus.ends import Folder
from ris_hybrid.sandbox.globus.faults import Faults
from ris_hybrid.sandbox.globus.sharing import Endpoints, Groups
from ris_hybrid.sandbox.globus.store import Store
from ris_hybrid.sandbox.globus.tasks import named
from ris_hybrid.sandbox.globus.transfer import PauseRules, Transfer
from ris_hybrid.sandbox.globus.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ris_hybrid.sandbox.globus.bucket import Bucket
    from ris_hybrid.sandbox.globus.ends import End

CLIENT = named("client", "ris-hybrid")
PEOPLE_CLIENT = named("client", "people")
"""By which people log in; any other native client does too."""
SITE_COLLECTION = named("collection", "site")
CLOUD_COLLECTION = named("collection", "s3")
_MAPPED, _GUEST = "GCSv5_mapped_collection", "GCSv5_guest_collection"
_TRANSFER, _GROUPS = "transfer.api.globus.org", "groups.api.globus.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """What there is from the start."""

    secret: str
    """Of the one client, ``CLIENT``."""
    high_assurance: bool = False
    managers: tuple[str, ...] = (CLIENT,)
    """Who may make pause rules on the site's collection."""
    guests: tuple[str, ...] = field(default=())
    """Allocations with a guest collection; ``guest_id`` tells its id."""


def guest_id(allocation: str) -> str:
    """The guest collection of an allocation."""
    return named("collection", "guest", allocation)


class FakeGlobus:
    """The services. ``begin`` lets transfers run by themselves; ``settle`` runs them until nothing is left to do."""

    def __init__(
        self, root: Path, s3: Bucket, seeds: Seeds, now: Callable[[], float], state: Path | None = None
    ) -> None:
        self.store = Store(state)
        self.faults = Faults()
        ends: dict[str, End] = {SITE_COLLECTION: Folder(root), CLOUD_COLLECTION: s3}
        self.work = Work(self.store, ends, self.faults, now)
        self.auth = Auth(self.store, {CLIENT: seeds.secret}, now)
        transfer, pauses = Transfer(self.store, self.work.wake, now), PauseRules(self.store, self.work.wake)
        self._routes = _routes(self.auth, transfer, pauses, Endpoints(self.store), Groups(self.store))
        self._urls = Map([Rule(path, methods=[method], endpoint=(method, path)) for method, path in self._routes])
        self._urls.add(Rule("/sandbox/<deed>", methods=["POST"], endpoint=("POST", "sandbox")))
        self._seed(seeds)

    def begin(self) -> None:
        """Transfers run in the background from now on; those a killed service left go on."""
        self.work.begin()

    def settle(self) -> None:
        """Run until all tasks have ended or are held."""
        self.work.settle()

    def close(self) -> None:
        """End after the slice that is under way."""
        self.work.close()
        self.store.close()

    def expire(self, task_id: str, *, expired: bool = True) -> None:
        """Credentials of a task run out, or are there again."""
        status = "INACTIVE" if expired else "ACTIVE"
        self.store.change("task", task_id, lambda task: task.update(status=status))
        self.work.wake()

    def forget(self, task_id: str) -> None:
        """As Globus does with what ended some months ago."""
        self.store.drop("task", task_id)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        try:
            answer = self._answer(request)
        except Fault as fault:
            answer = fault.answer()
        except HTTPException as error:
            told = {"code": "ClientError", "message": str(error.name), "request_id": "sandbox"}
            answer = json_answer(told, error.code or 500)
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        (method, path), named_by_path = self._urls.bind_to_environ(request.environ).match()
        if path == "sandbox":
            return self._steered(request, **named_by_path)
        if self.faults.busy():
            raise Fault(503, "ServiceUnavailable", "try again")
        handle = self._routes[method, path]
        if path.startswith(("/v2/oauth2", "/v2/api", "/.well-known", "/jwk")):
            return handle(request, **named_by_path)
        server = _GROUPS if path.startswith("/v2/groups") else _TRANSFER
        return handle(request, self.auth.who(request, server), **named_by_path)

    def _steered(self, request: Request, deed: str) -> Response:
        asked = request.get_json()
        try:
            match deed:
                case "faults":
                    self.faults.replace(asked)
                case "expire":
                    self.expire(asked["task_id"], expired=bool(asked.get("expired", True)))
                case "forget":
                    self.forget(asked["task_id"])
                case "settle":
                    self.settle()
                case _:
                    raise Fault(404, "NotFound", f"nothing is steered by {deed}")
        except ConfigError as error:
            raise Fault(400, "BadRequest", error.message) from error
        return json_answer({"sandbox": True})

    def _seed(self, seeds: Seeds) -> None:
        kinds = {SITE_COLLECTION: ("site", _MAPPED), CLOUD_COLLECTION: ("s3", _MAPPED)}
        kinds |= {guest_id(name): (f"guest of {name}", _GUEST) for name in seeds.guests}
        for collection, (name, kind) in kinds.items():
            document = {
                "DATA_TYPE": "endpoint",
                "id": collection,
                "display_name": f"sandbox {name}",
                "entity_type": kind,
                "high_assurance": seeds.high_assurance,
                "mapped_collection_id": SITE_COLLECTION if kind == _GUEST else None,
                "sandbox": {"managers": list(seeds.managers)},
            }
            self.store.put("endpoint", collection, document)


def _routes(
    auth: Auth, transfer: Transfer, pauses: PauseRules, endpoints: Endpoints, groups: Groups
) -> dict[tuple[str, str], Callable[..., Response]]:
    v0, managed = "/v0.10", "/v0.10/endpoint_manager"
    task, endpoint = f"{v0}/task/<task_id>", f"{v0}/endpoint/<endpoint_id>"
    return {
        ("POST", "/v2/oauth2/token"): auth.token,
        ("GET", "/v2/oauth2/authorize"): auth.authorize,
        ("GET", "/.well-known/openid-configuration"): auth.openid,
        ("GET", "/jwk.json"): auth.keys,
        ("POST", "/v2/oauth2/token/revoke"): auth.revoke,
        ("GET", "/v2/oauth2/userinfo"): auth.userinfo,
        ("GET", "/v2/api/identities"): auth.identities,
        ("GET", f"{v0}/submission_id"): transfer.submission_id,
        ("POST", f"{v0}/transfer"): transfer.submit,
        ("GET", f"{v0}/task_list"): transfer.task_list,
        ("GET", task): transfer.task,
        ("POST", f"{task}/cancel"): transfer.cancel,
        ("GET", f"{task}/event_list"): transfer.events,
        ("GET", f"{task}/successful_transfers"): transfer.moved,
        ("GET", f"{task}/skipped_errors"): transfer.skipped,
        ("GET", endpoint): endpoints.one,
        ("GET", f"{endpoint}/access_list"): endpoints.rules,
        ("POST", f"{endpoint}/access"): endpoints.add_rule,
        ("PUT", f"{endpoint}/access/<rule_id>"): endpoints.change_rule,
        ("DELETE", f"{endpoint}/access/<rule_id>"): endpoints.delete_rule,
        ("GET", f"{managed}/pause_rule_list"): pauses.listed,
        ("POST", f"{managed}/pause_rule"): pauses.make,
        ("PUT", f"{managed}/pause_rule/<rule_id>"): pauses.update,
        ("DELETE", f"{managed}/pause_rule/<rule_id>"): pauses.delete,
        ("GET", "/v2/groups/my_groups"): groups.mine,
        ("POST", "/v2/groups"): groups.make,
        ("GET", "/v2/groups/<group_id>"): groups.one,
        ("POST", "/v2/groups/<group_id>"): groups.act,
        ("PUT", "/v2/groups/<group_id>/policies"): groups.policies,
    }
