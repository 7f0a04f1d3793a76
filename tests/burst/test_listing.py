"""hostProviders.json and policy_config.json with us and without us."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from burst.rc import listing
from ris_hybrid.errors import ConfigError

HOME = Path("/lsf/conf/resource_connector/ris")
OURS = listing.entry("ris", HOME)
SCRIPT = HOME / "scripts" / "policy.sh"


@pytest.mark.parametrize(
    "text",
    [
        '{"providers": []}\n',
        '{"providers": [{"name": "a"}]}',
        '{\n\t"version": 1,\n\t"providers": [\n\t\t{"name": "a"}\n\t]\n}\n',
        '{\n  "providers": [\n    {\n      "name": "a"\n    }\n  ],\n  "x": [1]\n}\n',
    ],
)
def test_our_entry_is_added_and_others_stay(text: str) -> None:
    made = listing.with_provider(text, OURS, "f")
    before = json.loads(text)
    assert json.loads(made) == {**before, "providers": [*before["providers"], OURS]}
    assert listing.with_provider(made, OURS, "f") == made
    gone = listing.without_provider(made, "ris", "f")
    assert gone is None or json.loads(gone) == before


def test_a_line_of_another_provider_keeps_its_bytes() -> None:
    text = '{\n    "providers": [\n        {"name":"a",   "type":"aProv"}\n    ]\n}\n'
    assert '        {"name":"a",   "type":"aProv"},\n        {"name": "ris",' in listing.with_provider(text, OURS, "f")


def test_what_an_admin_adds_to_our_entry_stays_and_a_stranger_is_no_entry_of_ours() -> None:
    more = json.dumps({"providers": [{**OURS, "preProvPath": "/x"}]})
    assert listing.with_provider(more, OURS, "f") == more
    strange = json.dumps({"providers": [{"name": "ris", "type": "awsProv"}]})
    with pytest.raises(ConfigError, match="provider ris is there with type awsProv"):
        listing.with_provider(strange, OURS, "f")
    assert json.loads(listing.with_provider(strange, OURS, "f", replace=True)) == {"providers": [OURS]}


@pytest.mark.parametrize("text", ["{", "[]", '{"providers": 1}', '{"providers": [1]}'])
def test_a_file_that_is_no_list_of_providers_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^f: "):
        listing.with_provider(text, OURS, "f")


@pytest.mark.parametrize(
    ("text", "replace", "script", "kept"),
    [
        ("", False, str(SCRIPT), ""),
        ('{"Policies": [{"Name": "a"}]}', False, str(SCRIPT), ""),
        ('{"UserDefinedScriptPath": "/theirs"}', False, "/theirs", "/theirs"),
        ('{"UserDefinedScriptPath": "/theirs", "Policies": []}', True, str(SCRIPT), ""),
    ],
)
def test_the_policy_script_is_set_and_the_list_is_always_there(
    text: str, replace: bool, script: str, kept: str
) -> None:
    made, other = listing.with_policy(text, SCRIPT, file="f", replace=replace)
    body = json.loads(made)
    assert (body["UserDefinedScriptPath"], other) == (script, kept)
    assert body["Policies"] == json.loads(text or "{}").get("Policies", [])
    assert listing.with_policy(made, SCRIPT, file="f", replace=replace) == (made, kept)


def test_the_policy_file_gets_its_earlier_script_back() -> None:
    before = '{"UserDefinedScriptPath": "/theirs", "Policies": []}'
    now = json.dumps({"UserDefinedScriptPath": str(SCRIPT), "Policies": [{"Name": "later"}]})
    gone = listing.without_policy(now, SCRIPT, before, "f")
    assert json.loads(gone or "") == {"UserDefinedScriptPath": "/theirs", "Policies": [{"Name": "later"}]}
    assert listing.without_policy(before, SCRIPT, before, "f") == before
    alone = json.dumps({"UserDefinedScriptPath": str(SCRIPT), "Policies": []})
    assert listing.without_policy(alone, SCRIPT, None, "f") is None
