"""Globus as ``doctor`` finds it, on the sandbox's service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from onprem.globus.app import service_app
from ris_hybrid.checkup import data_globus
from ris_hybrid.errors import Refused
from ris_hybrid.sandbox.globus import service as sandbox

if TYPE_CHECKING:
    from ris_hybrid.checkup.finding import Finding


def found(place: Any, *phi: str, **settings: Any) -> dict[str, Finding]:
    identity = replace(place.identity, settings=replace(place.identity.settings, **settings))
    told = list(data_globus.look(identity, phi))
    assert len({one.name for one in told}) == len(told)
    return {one.name: one for one in told}


def test_all_well(place: Any) -> None:
    told = found(place)
    assert {name: one.text for name, one in told.items() if one.ok} == {
        "Globus identity": f"{sandbox.CLIENT}@clients.auth.globus.org",
        "Globus collection site": "sandbox site: not high assurance, consent given",
        "Globus collection cloud": "sandbox s3: not high assurance, consent given",
        "transfers held here": "none",
        "Globus pauses": "none on the site's collection",
        "Globus transfers": "0 of 3 tasks run",
    }
    assert len(told) == 6


def test_phi_asks_for_high_assurance(place: Any) -> None:
    told = found(place, "neuro_trials", "onco")["Globus for PHI"]
    assert (told.ok, told.needed) == (False, False)
    assert "is not high assurance, by its own document" in told.text
    place.again(high_assurance=True)
    told = found(place, "neuro_trials", "onco")["Globus for PHI"]
    assert (told.ok, told.text) == (True, "both collections may see it (2 allocations)")


def test_a_collection_that_does_not_exist_is_told_and_the_rest_goes_on(place: Any) -> None:
    gone = "00000000-0000-4000-8000-000000000000"
    told = found(place, "onco", cloud_collection=gone)
    assert (told["Globus collection cloud"].ok, told["Globus collection site"].ok) == (False, True)
    assert "UUIDs in data.yaml" in told["Globus collection cloud"].hint
    assert "Globus for PHI" not in told  # nothing can be said of it
    assert told["Globus transfers"].ok


def test_what_holds_transfers_is_told(place: Any) -> None:
    place.identity.control().pause("out", "maintenance of the link")
    told = found(place)
    assert told["transfers held here"].text == "out: maintenance of the link"
    assert told["Globus pauses"].text == "ris-hybrid: maintenance of the link"
    assert not told["Globus pauses"].needed


def test_who_manages_nothing_cannot_know_of_pauses(place: Any) -> None:
    place.again(managers=())
    told = found(place)["Globus pauses"]
    assert (told.ok, told.text.startswith("not known: ")) == (False, True)


def test_tasks_in_flight_are_held_against_the_limits(place: Any) -> None:
    place.put("a")
    place.submit("a")
    told = found(place, active_tasks=1, pending_tasks=0)["Globus transfers"]
    assert (told.ok, told.needed, told.text) == (
        False,
        False,
        "1 tasks of this identity have not ended; 1 are the most",
    )


def test_who_is_not_let_in_is_asked_no_more(place: Any) -> None:
    (place.folder / "secret").write_text("wrong")
    identity = replace(place.identity, app=service_app(place.identity.settings, place.folder))
    with pytest.raises(Refused):
        list(data_globus.look(identity, ()))
