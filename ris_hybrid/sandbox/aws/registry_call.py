"""ECR's pull-through cache rules and repository creation templates, which moto does not have: kept and shown.

Nothing is pulled through, and no push makes a repository: nobody pushes to the sandbox. Source: ECR API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws.kept import Record, asked, place_of, taken
from ris_hybrid.sandbox.aws.wire import Answer, ApiError, Call, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State

_JSON = "application/x-amz-json-1.1"


def pull_through(state: State, call: Call) -> Answer:
    """Create, describe or delete rules. Raises ``ApiError`` in ECR's words."""
    rules, wanted = state.kept.of(place_of(call), "pull-through"), asked(call)
    prefix = str(wanted.get("ecrRepositoryPrefix", ""))
    if call.action == "DescribePullThroughCacheRules":
        return _answer({"pullThroughCacheRules": _chosen(rules, wanted.get("ecrRepositoryPrefixes"), _no_rule)})
    if call.action == "DeletePullThroughCacheRule":
        rule = taken(rules, prefix, _no_rule(prefix))
        return _answer(rules.pop(rule["ecrRepositoryPrefix"]))
    if prefix in rules:
        raise ApiError("PullThroughCacheRuleAlreadyExistsException", f"A rule with prefix '{prefix}' already exists.")
    rules[prefix] = {**wanted, "registryId": call.account, "createdAt": state.clock.now()}
    return _answer(rules[prefix])


def creation_template(state: State, call: Call) -> Answer:
    """Create, describe, change or delete templates. Raises ``ApiError`` in ECR's words."""
    templates, wanted = state.kept.of(place_of(call), "creation-template"), asked(call)
    prefix, now = str(wanted.get("prefix", "")), state.clock.now()
    match call.action:
        case "DescribeRepositoryCreationTemplates":
            found = _chosen(templates, wanted.get("prefixes"), _no_template)
            return _answer({"registryId": call.account, "repositoryCreationTemplates": found})
        case "CreateRepositoryCreationTemplate":
            if prefix in templates:
                raise ApiError("TemplateAlreadyExistsException", f"A template with prefix '{prefix}' already exists.")
            templates[prefix] = {**wanted, "createdAt": now, "updatedAt": now}
            shown = templates[prefix]
        case "UpdateRepositoryCreationTemplate":
            shown = taken(templates, prefix, _no_template(prefix))
            shown.update(wanted, updatedAt=now)
        case _:
            taken(templates, prefix, _no_template(prefix))
            shown = templates.pop(prefix)
    return _answer({"registryId": call.account, "repositoryCreationTemplate": shown})


def _chosen(records: Mapping[str, Record], names: object, missing: Callable[[str], ApiError]) -> list[Record]:
    if not isinstance(names, list):
        return list(records.values())
    for name in names:
        if name not in records:
            raise missing(name)
    return [records[name] for name in names]


def _no_rule(prefix: str) -> ApiError:
    return ApiError("PullThroughCacheRuleNotFoundException", f"There is no rule with prefix '{prefix}'.")


def _no_template(prefix: str) -> ApiError:
    return ApiError("TemplateNotFoundException", f"There is no template with prefix '{prefix}'.")


def _answer(content: Record) -> Answer:
    return json_answer(content, kind=_JSON)


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    **{f"ecr:{verb}PullThroughCacheRule": pull_through for verb in ("Create", "Delete")},
    "ecr:DescribePullThroughCacheRules": pull_through,
    **{f"ecr:{verb}RepositoryCreationTemplate": creation_template for verb in ("Create", "Update", "Delete")},
    "ecr:DescribeRepositoryCreationTemplates": creation_template,
}
