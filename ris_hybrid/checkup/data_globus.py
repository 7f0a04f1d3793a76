"""Globus as the service finds it: who it is, its two collections, what holds transfers, and how many are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onprem.globus.errors import DENIED
from onprem.globus.mover import UNFINISHED
from onprem.globus.room import room
from onprem.globus.standing import needs_consent, objections
from ris_hybrid.checkup.finding import Finding, asked
from ris_hybrid.errors import Refused, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from onprem.globus.identity import Identity

_MOST_TASKS = 1000


def look(identity: Identity, phi: Sequence[str]) -> Iterator[Finding]:
    """All of it; who is not let in is asked no more. ``phi``: allocations with PHI that are mirrored."""
    who = identity.directory.whoami()
    yield Finding(name="Globus identity", ok=True, text=str(who.get("preferred_username", "")))
    documents: list[Mapping[str, Any]] = []
    named = {"site": identity.settings.site_collection, "cloud": identity.settings.cloud_collection}
    for end, collection in named.items():
        yield from asked(f"Globus collection {end}", lambda: _collection(identity, end, collection, documents))  # noqa: B023 - it is asked here and now
    if phi and len(documents) == len(named):
        yield _high_assurance(identity, documents, phi)
    yield from asked("transfers held here", lambda: [_held(identity)])
    yield from asked("Globus pauses", lambda: [_paused(identity)])
    yield from asked("Globus transfers", lambda: [_in_flight(identity)])


def _collection(identity: Identity, end: str, collection: str, documents: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """Reading it gives the consent that it asks for, or raises what stands against it."""
    document = identity.service.collection(collection)
    documents.append(document)
    told = "high assurance" if document.get("high_assurance") else "not high assurance"
    consent = ", consent given" if needs_consent(document) else ""
    text = f"{document.get('display_name') or collection}: {told}{consent}"
    yield Finding(name=f"Globus collection {end}", ok=True, text=text)


def _high_assurance(identity: Identity, documents: Sequence[Mapping[str, Any]], phi: Sequence[str]) -> Finding:
    against = tuple(objections("phi", identity.settings, documents))
    return Finding(
        name="Globus for PHI",
        ok=not against,
        text="; ".join(against) or f"both collections may see it ({len(phi)} allocations)",
        hint="PHI moves between high-assurance collections alone; until then its datasets are not planned by Globus",
        needed=False,  # another way may be open to it
    )


def _held(identity: Identity) -> Finding:
    held = [f"{direction}: {message}" for direction, message in identity.holds.read().items()]
    return Finding(
        name="transfers held here",
        ok=not held,
        text="; ".join(held) or "none",
        hint="ris-hybrid globus resume, when whoever held them agrees",
        needed=False,
    )


def _paused(identity: Identity) -> Finding:
    """By rules on the site's collection, whoever made them."""
    rules = _rules(identity)
    return Finding(
        name="Globus pauses",
        ok=not rules,
        text="; ".join(rules) or "none on the site's collection",
        hint="what is submitted waits; whoever made the rule takes it back (ours: ris-hybrid globus resume)",
        needed=False,
    )


def _rules(identity: Identity) -> list[str]:
    client, collection = identity.service.client, identity.settings.site_collection
    try:
        answer = identity.service.ask(
            "listing pause rules", lambda: client.endpoint_manager_pause_rule_list(filter_endpoint=collection)
        )
    except Refused as error:
        if error.code.endswith(DENIED):
            raise SiteUnavailable(
                "not known: this identity is no activity manager of the site's collection",
                "give it that role, so that `globus pause` stops what runs, too",
            ) from error
        raise
    return [str(rule.get("message") or "no reason given") for rule in answer["DATA"]]


def _in_flight(identity: Identity) -> Finding:
    client = identity.service.client
    answer = identity.service.ask("listing transfers", lambda: client.task_list(limit=_MOST_TASKS, filter=UNFINISHED))
    found = room(len(answer["DATA"]), "in", {}, identity.settings)
    hint = "no more is submitted before some have ended: ris-hybrid globus tasks"
    return Finding(name="Globus transfers", ok=found.free, text=found.reason, hint=hint, needed=False)
