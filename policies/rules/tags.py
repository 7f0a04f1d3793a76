"""Rules for tags and places: everything says whose it is and what it holds, and PHI stays where it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.rules.control import SITE, cfr, cis
from policies.rules.rule import DATA_CLASSES, HOLDS, broken, none_of, not_known, ours, phi, rule
from policies.rules.storage import data
from ris_hybrid.holdings import values

if TYPE_CHECKING:
    from policies.rules.rule import Context, Rule, Tagged, Verdict

HOLD_DATA = (values.Bucket, values.Key, values.Repository, values.FileSystem)
OTHERS = (
    values.Role,
    values.Network,
    values.Subnet,
    values.SecurityGroup,
    values.LaunchTemplate,
    values.Instance,
    values.Queue,
    values.LogGroup,
)


def _tags(value: Tagged, keys: tuple[str, ...]) -> Verdict:
    if value.tags is None:
        return not_known("its tags")
    told = value.tags.get("ris_data_class", "")
    wrong = [key for key in keys if not value.tags.get(key)]
    if told and told not in DATA_CLASSES:
        wrong.append(f"ris_data_class={told} is none of {', '.join(sorted(DATA_CLASSES))}")
    return none_of(wrong, "tags are missing or wrong")


@rule(HOLD_DATA, *(SITE, cis("3.1.3")), fix="give it its tags: whose it is, and what class of data it holds")
def data_tagged(value: Tagged, context: Context) -> Verdict:
    """Whatever can hold data says whose it is and which class of data is in it, so that the rules for PHI find it."""
    return _tags(value, context.required_tags)


@rule(OTHERS, SITE, fix="give it its tags: environment, class of data, and that it is ours", scopes=(ours,))
def all_tagged(value: Tagged, context: Context) -> Verdict:
    """Everything of ours can be found, billed and taken away by its tags."""
    return _tags(value, context.required_tags)


@rule(values.Bucket, SITE, fix="give it the tags ris_allocation and ris_lab, or ris_purpose=logs", scopes=(data,))
def bucket_has_owner(bucket: values.Bucket, _: Context) -> Verdict:
    """Every bucket of data is paid for by the lab whose allocation it mirrors."""
    return _tags(bucket, ("ris_allocation", "ris_lab"))


@rule(values.LaunchTemplate, SITE, fix="give it the tag ris_pool", scopes=(ours,))
def template_has_pool(template: values.LaunchTemplate, _: Context) -> Verdict:
    """A launch template says which pool of burst.yaml it starts nodes for."""
    return _tags(template, ("ris_pool",))


@rule(
    (values.Bucket, values.Key, values.Repository, values.Role),
    *(SITE, cfr("164.308(b)(1)"), cfr("164.312(a)(1)")),
    fix="place the allocation in an environment whose account is listed in phi_accounts of mirror.yaml",
    scopes=(phi,),
)
def phi_in_listed_account(value: values.Bucket | values.Key | values.Repository | values.Role, c: Context) -> Verdict:
    """PHI is only in accounts that are under the agreement for it."""
    return _listed(value.account, c)


@rule(
    values.Holdings,
    *(SITE, cfr("164.308(b)(1)"), cfr("164.312(a)(1)")),
    fix="take class phi off the environment, or list its account in phi_accounts of mirror.yaml",
)
def phi_network_in_listed_account(holdings: values.Holdings, context: Context) -> Verdict:
    """Networks, machines and scratch for PHI are only in accounts that are under the agreement for it."""
    kinds = (holdings.networks, holdings.launch_templates, holdings.instances, holdings.file_systems)
    found: list[Tagged] = [one for kind in kinds for one in kind or ()]
    for_phi = [one for one in found if phi(one, context)]
    if not for_phi:
        unread = None in kinds or any(one.tags is None for one in found)
        return not_known("what is for PHI") if unread else HOLDS
    return _listed(holdings.account, context)


def _listed(account: str, context: Context) -> Verdict:
    if context.phi_accounts is None or not account:
        return not_known("its account, or the accounts that may hold PHI")
    return HOLDS if account in context.phi_accounts else broken(f"PHI in account {account}, which is not listed for it")


RULES: tuple[Rule[Any], ...] = (
    data_tagged,
    all_tagged,
    bucket_has_owner,
    template_has_pool,
    phi_in_listed_account,
    phi_network_in_listed_account,
)
