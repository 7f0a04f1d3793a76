"""Records of what moto does not have: what a JSON call asks, and what is not there."""

from __future__ import annotations

import pytest

from ris_hybrid.sandbox.aws.kept import Kept, asked
from ris_hybrid.sandbox.aws.wire import ApiError, Call


def call(body: bytes) -> Call:
    return Call(
        service="ecr",
        region="us-east-1",
        account="1",
        action="X",
        protocol="json",
        pairs=(),
        body=body,
        environ={},
    )


def test_a_call_without_a_body_asks_nothing():
    assert asked(call(b"")) == {}
    assert asked(call(b'{"a": 1}')) == {"a": 1}


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(ApiError, match="SerializationException"):
        asked(call(body))


def test_records_of_another_place_are_others():
    kept = Kept()
    kept.of(("1", "us-east-1"), "x")["a"] = {}
    assert not kept.of(("1", "us-west-2"), "x")
    assert kept.of(("1", "us-east-1"), "x") == {"a": {}}
