"""Who may do what: roles of the lab, of its jobs and of each project's members, with the statements of their policies.

A role reaches one bucket, a project's role one prefix of it, and each only the bucket's own key (by its alias, so
that no key id must be known). ``ro`` never writes; from the stage ``read-only`` on nobody does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.mirror.naming import role_name, role_word
from ris_hybrid.mirror.values import RolePlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.mirror.facts import Facts
    from ris_hybrid.mirror.values import RoleKind

# Lists, as IAM's JSON has them. They are shared by the statements of ten thousand allocations: nobody changes them.
_LIST = ["s3:ListBucket"]
_READ = ["s3:GetObject", "s3:GetObjectVersion"]
_READ_AND_RESTORE = [*_READ, "s3:RestoreObject"]
_WRITE = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
_DECRYPT = ["kms:Decrypt"]
_ENCRYPT = [*_DECRYPT, "kms:GenerateDataKey"]
_PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
_PUSH = [*_PULL, "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
_EVERYWHERE = ""

_Statement = dict[str, Any]

_SIGN_IN: _Statement = {
    "Sid": "SignIn",
    "Effect": "Allow",
    "Action": ["ecr:GetAuthorizationToken"],
    "Resource": ["*"],
}


def roles(facts: Facts) -> tuple[RolePlan, ...]:
    """The lab's, its jobs', and of each project one for who writes and one for who reads, if there are any."""
    return (_lab(facts), _jobs(facts), *_project_roles(facts))


def _lab(facts: Facts) -> RolePlan:
    statements = (
        _list(facts, _EVERYWHERE),
        _objects(facts, "Read", _READ_AND_RESTORE, _EVERYWHERE),
        *_writing(facts, _EVERYWHERE),
        *_key(facts, writes=facts.writable),
        *_images(facts, _PUSH if facts.writable else _PULL),
    )
    return _role(facts, "lab", facts.group, statements)


def _jobs(facts: Facts) -> RolePlan:
    """Jobs read everything and write only what is not archive."""
    statements = (
        _list(facts, _EVERYWHERE),
        _objects(facts, "Read", _READ, _EVERYWHERE),
        *_writing(facts, "Active/"),
        *_key(facts, writes=facts.writable),
        *_images(facts, _PULL),
    )
    return _role(facts, "jobs", "", statements)


def _project_roles(facts: Facts) -> Iterator[RolePlan]:
    for project in facts.projects:
        inside = project.prefix
        reading = (_list(facts, inside), _objects(facts, "Read", _READ, inside))
        if project.rw:
            statements = (*reading, *_writing(facts, inside), *_key(facts, writes=facts.writable))
            yield _role(facts, "project-rw", project.rw_group, statements, project.slug)
        if project.ro:
            statements = (*reading, *_key(facts, writes=False))
            yield _role(facts, "project-ro", project.ro_group, statements, project.slug)


def _role(facts: Facts, kind: RoleKind, group: str, statements: tuple[_Statement, ...], project: str = "") -> RolePlan:
    parts = (role_word(facts.name), project) if project else (role_word(facts.name),)
    return RolePlan(
        name=role_name(facts.prefix, parts, kind.removeprefix("project-")),
        kind=kind,
        group=group,
        statements=statements,
        project=project,
    )


def _list(facts: Facts, prefix: str) -> _Statement:
    bucket = f"arn:{facts.environment.partition}:s3:::{facts.bucket}"
    statement: _Statement = {"Sid": "List", "Effect": "Allow", "Action": _LIST, "Resource": [bucket]}
    return statement | ({"Condition": {"StringLike": {"s3:prefix": [f"{prefix}*"]}}} if prefix else {})


def _objects(facts: Facts, sid: str, actions: list[str], prefix: str) -> _Statement:
    objects = f"arn:{facts.environment.partition}:s3:::{facts.bucket}/{prefix}*"
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": [objects]}


def _writing(facts: Facts, prefix: str) -> tuple[_Statement, ...]:
    return (_objects(facts, "Write", _WRITE, prefix),) if facts.writable else ()


def _key(facts: Facts, *, writes: bool) -> tuple[_Statement, ...]:
    """Only by S3, and only the key that has this bucket's alias now."""
    if not facts.key_alias:
        return ()
    where = facts.environment
    statement = {
        "Sid": "Key",
        "Effect": "Allow",
        "Action": _ENCRYPT if writes else _DECRYPT,
        "Resource": [f"arn:{where.partition}:kms:{where.region}:{where.account}:key/*"],
        "Condition": {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": [facts.key_alias]},
            "StringEquals": {"kms:ViaService": f"s3.{where.region}.amazonaws.com"},
        },
    }
    return (statement,)


def _images(facts: Facts, actions: list[str]) -> tuple[_Statement, ...]:
    where = facts.environment
    ours = f"arn:{where.partition}:ecr:{where.region}:{where.account}:repository/{facts.namespace}/*"
    return (_SIGN_IN, {"Sid": "Images", "Effect": "Allow", "Action": actions, "Resource": [ours]})
