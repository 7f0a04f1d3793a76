"""Rules for launch templates and machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.rules.control import SITE, cfr, cis, config, fsbp
from policies.rules.rule import HOLDS, broken, none_of, not_known, ours, phi, rule, yes
from ris_hybrid.holdings.values import Instance, LaunchTemplate

if TYPE_CHECKING:
    from policies.rules.rule import Context, Verdict

_SECRETS = (
    ("an access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a secret key", re.compile(r"aws_secret_access_key\s*[=:]\s*\S", re.IGNORECASE)),
    (
        "a password",
        re.compile(
            r"^[^#\n]*\b(?:password|passwd|secret|token)\s*[=:]\s*['\"]?[^\s'\"$<%]", re.IGNORECASE | re.MULTILINE
        ),
    ),
)
"""What must not stand in user data, which every process of the node can read."""


@rule(
    LaunchTemplate,
    *(fsbp("EC2.170"), fsbp("AutoScaling.3"), cis("6.7"), config("EC2_IMDSV2_CHECK")),
    *(cfr("164.308(a)(3)(i)"), cfr("164.312(a)(1)")),
    fix="set httpTokens to required",
    scopes=(ours,),
)
def template_imds_v2(template: LaunchTemplate, _: Context) -> Verdict:
    """Instance metadata only by session token: a job that can be made to fetch a URL must not get credentials."""
    known = None if template.http_tokens is None else template.http_tokens == "required"
    return yes(known, "it does not require IMDSv2", "its metadata options")


@rule(
    LaunchTemplate,
    *(SITE, cfr("164.312(a)(1)")),
    fix="set httpPutResponseHopLimit to 1",
    scopes=(ours, phi),
)
def template_hop_limit(template: LaunchTemplate, _: Context) -> Verdict:
    """Where PHI is, a job in its container does not reach the node's identity."""
    known = None if template.hop_limit is None else template.hop_limit == 1
    return yes(known, f"its hop limit is {template.hop_limit or 'left open'}", "its hop limit")


@rule(
    LaunchTemplate,
    *(fsbp("EC2.25"), fsbp("AutoScaling.5"), cfr("164.312(a)(1)")),
    fix="set associatePublicIpAddress to false",
    scopes=(ours,),
)
def template_no_public_address(template: LaunchTemplate, _: Context) -> Verdict:
    """No node is reachable from the internet."""
    closed = None if template.public_ip is None else not template.public_ip
    return yes(closed, "it gives public addresses", "its network interfaces")


@rule(
    LaunchTemplate,
    *(fsbp("EC2.181"), cis("6.1.1"), cfr("164.312(a)(2)(iv)")),
    fix="set encrypted on every volume",
    scopes=(ours,),
)
def template_volumes_encrypted(template: LaunchTemplate, _: Context) -> Verdict:
    """Scratch data on a node's volumes is encrypted at rest."""
    return yes(template.volumes_encrypted, "a volume is not encrypted", "its volumes")


@rule(
    LaunchTemplate,
    *(SITE, cfr("164.312(d)")),
    fix="let the node get it by its role, from Parameter Store or Secrets Manager",
    scopes=(ours,),
)
def template_no_secrets(template: LaunchTemplate, _: Context) -> Verdict:
    """Nothing secret stands in user data, which every job on the node can read."""
    if template.user_data is None:
        return not_known("its user data")
    text = template.user_data
    return none_of([what for what, looks in _SECRETS if looks.search(text)], "its user data looks as if it held")


@rule(
    Instance,
    *(fsbp("EC2.9"), config("EC2_INSTANCE_NO_PUBLIC_IP"), cfr("164.312(a)(1)")),
    fix="end it and start it again from the pool's launch template",
    scopes=(ours,),
)
def machine_no_public_address(machine: Instance, _: Context) -> Verdict:
    """No running node is reachable from the internet."""
    closed = None if machine.public_address is None else not machine.public_address
    return yes(closed, "it has a public address", "its addresses")


@rule(
    Instance,
    *(fsbp("EC2.8"), cis("6.7"), config("EC2_IMDSV2_CHECK")),
    fix="end it and start it again from the pool's launch template",
    scopes=(ours,),
)
def machine_imds_v2(machine: Instance, _: Context) -> Verdict:
    """A running node gives its metadata by session token alone."""
    known = None if machine.http_tokens is None else machine.http_tokens == "required"
    return yes(known, "it does not require IMDSv2", "its metadata options")


@rule(
    Instance,
    *(fsbp("EC2.3"), config("ENCRYPTED_VOLUMES"), cfr("164.312(a)(2)(iv)")),
    fix="end it and start it again from the pool's launch template",
    scopes=(ours,),
)
def machine_volumes_encrypted(machine: Instance, _: Context) -> Verdict:
    """The volumes of a running node are encrypted."""
    return yes(machine.volumes_encrypted, "a volume is not encrypted", "its volumes")


@rule(
    LaunchTemplate,
    SITE,
    fix="take one of the catalogue, or give it a price in burst.yaml",
    scopes=(ours,),
)
def template_type_known(template: LaunchTemplate, context: Context) -> Verdict:
    """A bare launch of a template starts a type whose cores, memory and price we know."""
    if template.instance_type is None or not context.known_types:
        return not_known("its instance type, or the catalogue")
    if template.instance_type and template.instance_type not in context.known_types:
        return broken(f"{template.instance_type} is not in the catalogue")
    return HOLDS


RULES = (
    template_imds_v2,
    template_hop_limit,
    template_no_public_address,
    template_volumes_encrypted,
    template_no_secrets,
    template_type_known,
    machine_no_public_address,
    machine_imds_v2,
    machine_volumes_encrypted,
)
