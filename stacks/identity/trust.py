"""Who may take which role (pure). Nothing here trusts everybody.

People come by the account's SAML provider, or by IAM Identity Center; both say the directory groups of a person in
the session tag ``ris_groups``: names between colons, ``:storage-wucci:compute-wucci:``. A tag's value ends at 256
characters, so the identity provider sends only groups that begin with ``storage-`` or ``compute-``. Source: IAM user
guide, "Passing session tags", and the condition keys of SAML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks.identity.place import iam_arn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stacks.identity.place import Place, Statement

_ANCHOR = ":trust-anchor/"


def of_machines() -> Statement:
    """EC2's machines, by their instance profile."""
    return {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}


def of_group(place: Place, group: str, saml_provider: str) -> Statement:
    """People of one directory group; without a SAML provider those whom IAM Identity Center has signed in."""
    among = f"*:{group}:*"
    if saml_provider:
        return {
            "Effect": "Allow",
            "Principal": {"Federated": iam_arn(place, f"saml-provider/{saml_provider}")},
            "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
            "Condition": {
                "StringEquals": {"SAML:aud": _sign_in(place)},
                "StringLike": {"aws:RequestTag/ris_groups": among},
            },
        }
    return {
        "Effect": "Allow",
        "Principal": {"AWS": iam_arn(place, "root")},
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnLike": {"aws:PrincipalArn": iam_arn(place, "role/aws-reserved/sso.amazonaws.com/*")},
            "StringLike": {"aws:PrincipalTag/ris_groups": among},
        },
    }


def of_controllers(principals: Sequence[str], hosts: Sequence[str]) -> tuple[Statement, ...]:
    """The controller's host.

    Args:
        principals: arns of users and roles, and of trust anchors of IAM Roles Anywhere.
        hosts: common names of the certificates a trust anchor's clients show; others of the same authority may not.
    """
    anchors = [one for one in principals if _ANCHOR in one]
    plain = [one for one in principals if one not in anchors]
    by_key = {"Effect": "Allow", "Principal": {"AWS": plain}, "Action": "sts:AssumeRole"}
    by_certificate = {
        "Effect": "Allow",
        "Principal": {"Service": "rolesanywhere.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
        "Condition": {
            "ArnEquals": {"aws:SourceArn": anchors},
            "StringEquals": {"aws:PrincipalTag/x509Subject/CN": list(hosts)},
        },
    }
    return (*((by_key,) if plain else ()), *((by_certificate,) if anchors else ()))


def _sign_in(place: Place) -> str:
    """The audience of a SAML assertion for AWS's sign-in."""
    return (
        "https://signin.amazonaws-us-gov.com/saml"
        if place.partition == "aws-us-gov"
        else "https://signin.aws.amazon.com/saml"
    )
