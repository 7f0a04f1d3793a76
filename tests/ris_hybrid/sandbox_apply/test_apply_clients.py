from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.clients import ACCOUNT, SandboxClients

if TYPE_CHECKING:
    from ris_hybrid.sandbox.aws.child import SandboxAws


def test_the_users_own_profile_has_no_say(aws: SandboxAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "at-work")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    clients = SandboxClients.of(aws)
    assert clients.get("sts").get_caller_identity()["Account"] == ACCOUNT
    assert aws.calls_by_key() == {"sandbox-pulumi": {"sts:GetCallerIdentity": 1}}
    clients.close()


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="not on loopback"):
        SandboxClients("http://10.0.0.1:5000", "us-east-1")
