"""ClientToken: the same token with the same request is the same launch (EC2 user guide, "Ensuring idempotency").

The fingerprint is that of the request as the client sent it, before the layer rewrites it. Only answers of calls
that were done are kept: a refused call may be repeated with its token.
"""

from __future__ import annotations

from ris_hybrid.sandbox.aws.wire import Answer, ApiError, Call

WITH_TOKEN = frozenset({"RunInstances", "CreateFleet", "CreateLaunchTemplate", "CreatePlacementGroup"})


class Tokens:
    """Answers by account, region, action and token."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str, str], tuple[str, Answer]] = {}

    def replay(self, call: Call) -> Answer | None:
        """The answer already given for this token, or None.

        Raises ``ApiError`` IdempotentParameterMismatch when the token was used for another request.
        """
        kept = self._kept.get(_key(call))
        if kept is None:
            return None
        digest, answer = kept
        if digest != call.digest():
            raise ApiError(
                "IdempotentParameterMismatch",
                "The client token was used before with other parameters.",
            )
        return answer

    def keep(self, call: Call, answer: Answer) -> None:
        """Remember the answer of a call that carried a token and was done."""
        key = _key(call)
        if key[-1] and answer.ok:
            self._kept[key] = (call.digest(), answer)


def _key(call: Call) -> tuple[str, str, str, str]:
    token = call.params.get("ClientToken") if call.service == "ec2" and call.action in WITH_TOKEN else ""
    return call.account, call.region, call.action, token
