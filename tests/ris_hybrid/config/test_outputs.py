from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.config.outputs import merge_outputs
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

BUILT = {"launch_template": "lt-9", "subnets": ["subnet-8", "subnet-9"]}


@pytest.fixture
def settings(make: Any) -> Any:
    return make.settings(
        outputs="outputs.json", pools=(make.pool("cpu", launch_template="", subnets=()), make.pool("own"))
    )


def test_settings_that_name_no_outputs_stay_as_they_are(make: Any, tmp_path: Path) -> None:
    plain = make.settings()
    assert merge_outputs(plain, tmp_path) is plain


def test_pools_get_what_was_built_and_others_stay_as_written(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "outputs.json").write_text(json.dumps({"cpu": BUILT, "of another site": BUILT}))
    merged = merge_outputs(settings, tmp_path)
    assert [(pool.launch_template, pool.subnets) for pool in merged.pools] == [
        ("lt-9", ("subnet-8", "subnet-9")),
        ("lt-1", ("subnet-1",)),
    ]


def test_the_queue_of_spot_notices_comes_with_the_pools(settings: Any, tmp_path: Path) -> None:
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/c1-prod-notices"
    (tmp_path / "outputs.json").write_text(json.dumps({"cpu": {**BUILT, "notices": url}}))
    assert merge_outputs(settings, tmp_path).notices == url
    own = replace(settings, notices="https://sqs.example/own")
    assert merge_outputs(own, tmp_path).notices == "https://sqs.example/own"


def test_a_file_from_before_there_was_a_queue_is_read(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "outputs.json").write_text(json.dumps({"cpu": BUILT}))
    assert merge_outputs(settings, tmp_path).notices == ""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "outputs: expected JSON"),
        ("[]", "outputs: expected keys and values, found a list"),
        ('{"cpu": {"launch_template": "lt-9"}}', "cpu.subnets: "),
        ('{"cpu": {"launch_template": 9, "subnets": []}}', "cpu.launch_template: "),
        ('{"cpu": {"launch_template": "lt-9", "subnets": ["s"], "more": 1}}', "cpu.more: "),
        ('{"cpu": {"launch_template": "lt-9", "subnets": []}}', "expected a launch template and subnets for pool cpu"),
        ('{"cpu": {"launch_template": "", "subnets": ["s"]}}', "expected a launch template and subnets for pool cpu"),
        ("{}", "expected a launch template and subnets for pool cpu"),
        ("\udcff", "outputs: cannot be read: "),
    ],
)
def test_outputs_that_cannot_be_used_are_told(settings: Any, tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "outputs.json").write_text(text, errors="surrogateescape")
    with pytest.raises(ConfigError) as raised:
        merge_outputs(settings, tmp_path)
    assert raised.value.message.startswith(f"{tmp_path / 'outputs.json'}: {complaint}")
    assert raised.value.hint == "write it again: ris-hybrid burst outputs --environment ENV"


@pytest.mark.parametrize("name", ["not there.json", ".", "no\0name"])
def test_a_file_that_cannot_be_read_is_told(make: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="outputs: cannot be read: "):
        merge_outputs(make.settings(outputs=name), tmp_path)
