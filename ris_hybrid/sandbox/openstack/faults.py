"""Faults on order, by the rules of the sandbox's AWS (``ris_hybrid.sandbox.aws.faults``), with two differences.

``match`` must fit the whole name of a call, so that ``POST /servers`` is not ``POST /servers/{id}/metadata`` as well;
and an ``error`` needs no ``code``: its ``status`` says which of OpenStack's errors it is (503 is the load balancer's
page, 429 tells when to come again). ``grant`` is of no use here.
"""

from __future__ import annotations

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.aws.faults import Deed, RuleBook


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self._book = RuleBook()

    def post(self, posted: object) -> None:
        """Replace the rules and count from new. Raises ``ConfigError`` for a rule that makes no sense."""
        if not isinstance(posted, list):
            raise ConfigError("a list of rules is expected")
        self._book.post([_adapted(one) for one in posted])

    def deed(self, name: str) -> Deed:
        """What happens to this call."""
        return self._book.deed(name)


def _adapted(rule: object) -> object:
    if not isinstance(rule, dict) or not isinstance(rule.get("do"), dict):
        return rule  # refused by the book, which says why
    do = dict(rule["do"])
    if isinstance(do.get("error"), dict):
        do["error"] = {"code": "ordered", "message": "As ordered from the sandbox.", **do["error"]}
    return {**rule, "match": rf"^(?:{rule.get('match', '.*')})$", "do": do}
