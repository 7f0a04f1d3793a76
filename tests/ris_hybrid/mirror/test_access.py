from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.mirror.values import AllocationPlan, RolePlan

WRITES = ("s3:Put", "s3:Delete", "s3:Abort", "s3:Restore", "ecr:Put", "ecr:Initiate", "kms:GenerateDataKey")


def only(plan: Any) -> AllocationPlan:
    (found,) = plan.allocations
    return found


def role(plan: AllocationPlan, kind: str) -> RolePlan:
    (found,) = [one for one in plan.roles if one.kind == kind]
    return found


def by_sid(one: RolePlan) -> dict[str, Mapping[str, Any]]:
    return {statement["Sid"]: statement for statement in one.statements}


def writes(one: RolePlan) -> Iterator[str]:
    return (action for statement in one.statements for action in statement["Action"] if action.startswith(WRITES))


@pytest.fixture(scope="module")
def lee(site: Any) -> AllocationPlan:
    return only(site.plan(site.wanted(secure=True, archive=True, projects=(site.project(),))))


def test_the_lab_has_its_bucket_and_its_images(lee: AllocationPlan) -> None:
    lab = by_sid(role(lee, "lab"))
    bucket = lee.bucket.name
    assert lab["Write"]["Resource"] == [f"arn:aws:s3:::{bucket}/*"]
    assert "Condition" not in lab["List"]
    assert lab["Images"]["Resource"] == ["arn:aws:ecr:us-east-1:123456789012:repository/prod/lee/*"]
    assert "ecr:PutImage" in lab["Images"]["Action"]
    assert role(lee, "lab").group == "storage-lee"


def test_jobs_pull_but_never_push_and_do_not_touch_the_archive(lee: AllocationPlan) -> None:
    jobs = by_sid(role(lee, "jobs"))
    assert jobs["Write"]["Resource"] == [f"arn:aws:s3:::{lee.bucket.name}/Active/*"]
    assert jobs["Read"]["Resource"] == [f"arn:aws:s3:::{lee.bucket.name}/*"]
    assert not set(jobs["Images"]["Action"]) & {"ecr:PutImage", "ecr:UploadLayerPart"}
    assert role(lee, "jobs").group == ""


def test_a_projects_members_see_their_prefix_alone(lee: AllocationPlan) -> None:
    for kind in ("project-rw", "project-ro"):
        one = by_sid(role(lee, kind))
        inside = [f"arn:aws:s3:::{lee.bucket.name}/Active/Cryo-EM/*"]
        assert one["List"]["Condition"] == {"StringLike": {"s3:prefix": ["Active/Cryo-EM/*"]}}
        assert {tuple(one[sid]["Resource"]) for sid in one if sid in {"Read", "Write"}} == {tuple(inside)}
        assert role(lee, kind).project == lee.projects[0].slug
    assert role(lee, "project-rw").group == "storage-lee-cryo-em-rw"
    assert role(lee, "project-ro").group == "storage-lee-cryo-em-ro"
    assert not list(writes(role(lee, "project-ro")))


def test_a_key_is_reached_by_its_alias_and_through_s3_only(lee: AllocationPlan) -> None:
    key = by_sid(role(lee, "project-rw"))["Key"]
    assert key["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": [f"alias/{lee.bucket.name}"]},
        "StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
    }
    assert key["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert by_sid(role(lee, "project-ro"))["Key"]["Action"] == ["kms:Decrypt"]


def test_without_a_key_of_its_own_nothing_is_said_of_keys(site: Any) -> None:
    plan = only(site.plan(site.wanted()))
    assert plan.bucket.key_alias == ""
    assert "Key" not in by_sid(role(plan, "lab"))


def test_a_list_without_members_makes_no_role(site: Any) -> None:
    plan = only(site.plan(site.wanted(projects=(site.project(rw=()), site.project("B", ro=())))))
    assert [(one.kind, one.project) for one in plan.roles[2:]] == [("project-rw", "b"), ("project-ro", "cryo-em")]


def test_arns_are_of_the_environments_partition(site: Any) -> None:
    settings = site.settings(environments=(site.environment(partition="aws-us-gov", region="us-gov-west-1"),))
    plan = only(site.plan(site.wanted(), settings=settings))
    assert by_sid(role(plan, "lab"))["List"]["Resource"] == [f"arn:aws-us-gov:s3:::{plan.bucket.name}"]


def test_projects_of_phi_show_in_keys_of_objects_and_groups_alone(site: Any) -> None:
    wanted = site.wanted(secure=True, projects=(site.project("Jane-Doe", archive=True),))
    (plan,) = site.plan(wanted).allocations
    (project,) = plan.projects
    assert (project.name, project.prefix) == ("Jane-Doe", "Active/Jane-Doe/")
    shown = [*(f"{role.name} {role.project}" for role in plan.roles), *plan.tags.values()]
    shown += [rule.rule_id for rule in plan.bucket.transitions]
    assert not [one for one in shown if "jane" in one.casefold()]
    assert {role.project for role in plan.roles} == {"", project.slug}
