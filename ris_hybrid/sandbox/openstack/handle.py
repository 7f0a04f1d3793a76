"""The sandbox's OpenStack as tests and the demo see it: where it is, and how to steer it."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.sandbox.openstack import accounts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ANSWER_S = 30.0


class SandboxOpenStack:
    """A running one. Raises ``SiteUnavailable`` when it does not answer, ``ConfigError`` when it refuses.

    It knows project ``ris-sandbox``, flavors m1.large, m1.xlarge and m1.2xlarge, image ``lsf-node``, network ``hpc``,
    zones nova-1 and nova-2, security group ``ris-node``.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "localhost"}:
            raise ConfigError(f"{url} is no sandbox address", "a sandbox listens on http://127.0.0.1:PORT only")
        self.url = url.rstrip("/")
        """Of Keystone, as burst.yaml has it."""
        # A proxy of the environment must not see, or break, calls on loopback.
        self._open = build_opener(ProxyHandler({})).open

    @classmethod
    def attach(cls, url: str) -> SandboxOpenStack:
        """The one that listens at ``url``, which may be in another process."""
        found = cls(url)
        found.health()
        return found

    def env(self) -> dict[str, str]:
        """Environment that lets a client in with the sandbox's user and password."""
        return {
            "OS_AUTH_URL": self.url,
            "OS_IDENTITY_API_VERSION": "3",
            "OS_USERNAME": accounts.USER,
            "OS_PASSWORD": accounts.PASSWORD,
            "OS_PROJECT_NAME": accounts.PROJECT,
            "OS_USER_DOMAIN_NAME": accounts.DOMAIN,
            "OS_PROJECT_DOMAIN_NAME": accounts.DOMAIN,
            "OS_REGION_NAME": accounts.REGION,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def health(self) -> dict[str, Any]:
        """``{"sandbox": "openstack", "pid", "covers": [{"service", "call", "leaves_out"}]}``."""
        return dict(self._ask("health"))

    def clock(self) -> float:
        """Its time in epoch seconds."""
        return float(self._ask("clock"))

    def set_clock(self, now: float) -> None:
        """Stand still at ``now`` (epoch seconds); it never goes back. Tokens follow the real clock all the same."""
        self._ask("clock", now)

    def timing(self, **seconds: float) -> None:
        """Change ``placing_s``, ``building_s``, ``deleting_s``; what is not named stays, and all are 0 at first."""
        self._ask("timing", seconds)

    def capacity(self, limits: Mapping[str, Mapping[str, int]] | None) -> None:
        """Replace the limits of servers alive, by zone and flavor; what is absent is unlimited, None limits nothing."""
        self._ask("capacity", limits or {})

    def quota(self, instances: int | None) -> None:
        """At most so many servers of the project, those in ERROR among them; None for no limit."""
        self._ask("quota", [instances])

    def pages(self, items: int) -> None:
        """At most so many servers or images on one page (3 at first)."""
        self._ask("page", items)

    def faults(self, rules: Sequence[Mapping[str, object]]) -> None:
        """Replace the fault rules (see ``ris_hybrid.sandbox.openstack.faults``); none ends all faults."""
        self._ask("faults", list(rules))

    def calls(self) -> dict[str, int]:
        """How often each call was made, by ``POST /servers``."""
        return dict(self._ask("calls"))

    def servers(self) -> list[dict[str, Any]]:
        """Those that are not gone, the oldest first.

        Each: id, name, status, task, zone (empty: no room), flavor, metadata, created, deleted, fault, locked,
        networks, security_groups, user_data (base64).
        """
        return list(self._ask("servers"))

    def all_servers(self) -> list[dict[str, Any]]:
        """The same of every server there ever was; status DELETED for those that are gone."""
        return list(self._ask("all-servers"))

    def stop(self, server_id: str) -> None:
        """It switches itself off."""
        self._ask("stop", {"id": server_id})

    def crash(self, server_id: str, fault: str) -> None:
        """It goes to ERROR with this fault."""
        self._ask("crash", {"id": server_id, "fault": fault})

    def remove(self, server_id: str) -> None:
        """It is deleted by somebody else, and gone at once."""
        self._ask("remove", {"id": server_id})

    def lock(self, server_id: str, locked: bool) -> None:
        """Whether deletion and changes are refused with 409."""
        self._ask("lock", {"id": server_id, "locked": locked})

    def hide(self, server_id: str, unseen: bool) -> None:
        """Whether the cell it is in is down: a list leaves it out, or from microversion 2.69 on tells hardly its id."""
        self._ask("hide", {"id": server_id, "unseen": unseen})

    def expire_tokens(self) -> None:
        """Every token given out so far is worth nothing, until a reset."""
        self._ask("expire-tokens", {})

    def reset(self) -> None:
        """Forget servers, groups, limits, faults and counts; the clock follows real time again.

        Tokens are good again, those that were made to expire too: a client made once for many tests goes on.
        """
        self._ask("reset", {})

    def _ask(self, route: str, posted: object = None) -> Any:
        data = None if posted is None else json.dumps(posted).encode()
        request = Request(f"{self.url}/_sandbox/{route}", data=data)  # noqa: S310 - loopback, checked in __init__
        try:
            with self._open(request, timeout=_ANSWER_S) as answer:
                return json.load(answer)["result"]
        except HTTPError as error:
            with error:
                raise ConfigError(f"the sandbox refused {route}: {error.read().decode()[:300]}") from error
        except (OSError, HTTPException, ValueError, KeyError) as error:
            raise SiteUnavailable(f"the sandbox at {self.url} does not answer: {error}") from error
