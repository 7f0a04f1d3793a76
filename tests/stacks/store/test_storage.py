"""The layer ``storage``: what is registered for allocations of every class and on every step of the ladder."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.mirror.values import RolePlan
from ris_hybrid.sandbox.apply.handlers.every import handlers
from stacks.storage.allocation_key import role_patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WRITTEN = {"deployer_roles": ["deployer"], "break_glass_roles": ["aws-reserved/sso.amazonaws.com/*/Emergency_*"]}
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"


@pytest.fixture
def storage(layer_graph: Callable[..., Any], network: Mapping[str, object]) -> Callable[..., Any]:
    def build(*allocations: Any, environment: Mapping[str, Any] | None = None, **written: Any) -> Any:
        sections = {"storage": written, **(environment or {})}
        return layer_graph("storage", sections=sections, allocations=allocations, references={"network": network})

    return build


def policy_of(graph: Any, allocation: Any) -> dict[str, Mapping[str, Any]]:
    text = graph.of("aws:s3/bucketPolicy:BucketPolicy")[allocation.bucket.name]["policy"]
    return {one["Sid"]: one for one in json.loads(text)["Statement"]}


def test_the_graph_of_a_plain_and_a_phi_allocation(storage, plain, phi, golden):
    golden("stacks/storage.json", storage(plain, phi, **WRITTEN, scratch={"allocations": ["wucci"]}).text())


def test_without_allocations_there_are_only_the_logs_and_no_other_stack_is_read(layer_graph):
    graph = layer_graph("storage", sections={})
    assert list(graph.of("aws:s3/bucket:Bucket")) == ["wustl-ris-compute1-example-logs"]
    assert graph.outputs == {
        "allocations": {},
        "log_bucket": "wustl-ris-compute1-example-logs",
        "scratch_dns_name": "",
        "scratch_mount_name": "",
    }


@pytest.mark.parametrize("data_class", ["internal", "phi"])
def test_an_allocation_on_its_way_out_takes_no_writes_and_loses_nothing(storage, staged, data_class):
    marked, closed, archived = (staged(data_class, stage) for stage in ("marked", "read-only", "archived"))
    assert "NoMoreWrites" not in policy_of(storage(marked), marked)
    for leaving in (closed, archived):
        graph = storage(leaving)
        refused = policy_of(graph, leaving)["NoMoreWrites"]
        assert "Condition" not in refused
        assert {"s3:PutObject*", "s3:DeleteObject*"} <= set(refused["Action"])
        assert leaving.bucket.name in graph.of("aws:s3/bucket:Bucket")
    moved, unfinished, own = storage(archived).of(LIFECYCLE)[archived.bucket.name]["rules"]
    assert moved["transitions"] == [{"days": 0, "storageClass": "DEEP_ARCHIVE"}]
    assert moved["filter"] == {"prefix": ""}
    assert set(unfinished) == {"id", "status", "filter", "abortIncompleteMultipartUpload"}
    assert own["filter"] == {"prefix": ".ris-hybrid/"}


def test_markers_are_put_before_the_policy_may_refuse_them(storage, staged):
    leaving = staged("phi", "read-only")
    graph = storage(leaving)
    kinds = [key for key in graph.order if leaving.bucket.name in key]
    policy = kinds.index(f"aws:s3/bucketPolicy:BucketPolicy {leaving.bucket.name}")
    marker = kinds.index(f"aws:s3/bucketObjectv2:BucketObjectv2 {leaving.bucket.name}/Active/")
    encryption = next(n for n, key in enumerate(kinds) if "ServerSideEncryption" in key)
    assert encryption < marker < policy


def test_a_bucket_whose_file_is_back_takes_writes_before_it_gets_new_markers(storage, plain):
    kinds = [key for key in storage(plain).order if plain.bucket.name in key]
    policy = kinds.index(f"aws:s3/bucketPolicy:BucketPolicy {plain.bucket.name}")
    assert policy < kinds.index(f"aws:s3/bucketObjectv2:BucketObjectv2 {plain.bucket.name}/Active/")


@pytest.mark.parametrize("data_class", ["internal", "phi"])
def test_hundreds_of_projects_fit_into_the_policies_of_bucket_and_key(storage, staged, data_class):
    slim = staged(data_class, "read-only")
    projects = tuple(f"Active/{'Project' * 5}-{number}/" for number in range(400))
    lab = [
        RolePlan(name=f"compute1-prod-leaving.{kind}", kind=kind, group="", statements=()) for kind in ("lab", "jobs")
    ]
    people = [
        RolePlan(name=f"compute1-prod-leaving.{'p' * 30}-{number}.rw", kind="project-rw", group="g", statements=())
        for number in range(400)
    ]
    cut = RolePlan(name=f"compute1-prod-{'l' * 40}-123456.rw", kind="project-rw", group="g", statements=())
    wide = replace(slim, bucket=replace(slim.bucket, prefixes=projects), roles=(*lab, *people, cut))
    graph = storage(wide, **WRITTEN)
    assert len(graph.of("aws:s3/bucketPolicy:BucketPolicy")[wide.bucket.name]["policy"]) < 20_480
    for key in graph.of("aws:kms/key:Key").values():
        assert len(key["policy"]) < 32_768
    assert role_patterns(wide) == ("compute1-prod-leaving.*", cut.name)


def test_phi_needs_a_key_and_an_environment_for_it(storage, phi):
    with pytest.raises(ConfigError, match="neuro_trials holds PHI, planned without a key"):
        storage(replace(phi, bucket=replace(phi.bucket, key_alias="")))
    with pytest.raises(ConfigError, match="this environment says phi: false"):
        storage(phi, environment={"phi": False})


def test_a_scratch_shows_only_what_may_be_seen_together(storage, plain, phi):
    with pytest.raises(ConfigError, match=r"storage\.scratch\.allocations: nobody is not planned here"):
        storage(plain, scratch={"allocations": ["nobody"]})
    with pytest.raises(ConfigError, match="neuro_trials holds PHI and every node sees the whole file system"):
        storage(plain, phi, scratch={"allocations": ["wucci", "neuro_trials"]})


def test_phi_alone_on_a_scratch_is_let_through_to_fsx(storage, phi):
    graph = storage(phi, scratch={"allocations": ["neuro_trials"]})
    network = policy_of(graph, phi)["OnlyFromOurNetwork"]["Condition"]
    assert network["StringNotEqualsIfExists"] == {"aws:SourceVpce": ["vpce-1", "vpce-2"]}
    (lustre,) = network["ArnNotLikeIfExists"]["aws:PrincipalArn"]
    assert lustre.endswith("/AWSServiceRoleForFSxS3Access_*")
    key = graph.of("aws:kms/key:Key")["wustl-ris-neuro-trials-abc123"]["policy"]
    assert {"UseLustre", "GrantLustre"} <= {one["Sid"] for one in json.loads(key)["Statement"]}


def test_datasync_reaches_phi_and_its_key_only_where_its_role_was_asked_for(storage, phi):
    role = "arn:aws:iam::123456789012:role/compute1-example-transfer"
    for identity, there in (({"datasync": True}, True), ({}, False)):
        graph = storage(phi, environment={"identity": identity})
        excused = policy_of(graph, phi)["OnlyFromOurNetwork"]["Condition"].get("ArnNotLikeIfExists", {})
        assert (role in excused.get("aws:PrincipalArn", [])) == there
        (key,) = (row["policy"] for row in graph.of("aws:kms/key:Key").values())
        used = next(one for one in json.loads(key)["Statement"] if one["Sid"] == "UseS3")
        assert (role in used["Condition"]["ArnLike"]["aws:PrincipalArn"]) == there


def test_nothing_goes_back_into_a_bucket_that_takes_no_writes(storage, staged):
    leaving = staged("internal", "read-only")
    (link,) = (
        storage(leaving, scratch={"allocations": ["leaving"], "deployment": "SCRATCH_2"})
        .of("aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation")
        .values()
    )
    assert "autoExportPolicy" not in link["s3"]


def test_a_file_deleted_on_the_scratch_is_not_deleted_in_the_bucket(storage, plain):
    graph = storage(plain, scratch={"allocations": ["wucci"]})
    (link,) = graph.of("aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation").values()
    assert link["s3"]["autoExportPolicy"]["events"] == ["NEW", "CHANGED"]
    assert link["deleteDataInFilesystem"] is False


def test_a_short_lived_scratch_has_no_throughput_and_no_key_of_its_own(storage, plain):
    graph = storage(plain, scratch={"deployment": "SCRATCH_2", "storage_gib": 4800})
    (made,) = graph.of("aws:fsx/lustreFileSystem:LustreFileSystem").values()
    assert (made["storageCapacity"], made["fileSystemTypeVersion"]) == (4800, "2.15")
    assert not {"perUnitStorageThroughput", "kmsKeyId"} & set(made)


def test_root_is_root_on_a_scratch_unless_it_is_said_where(storage, plain):
    kind = "aws:fsx/lustreFileSystem:LustreFileSystem"
    (made,) = storage(plain, scratch={}).of(kind).values()
    assert "rootSquashConfiguration" not in made
    (made,) = storage(plain, scratch={"root_clients": ["10.80.0.[10-12]@tcp"]}).of(kind).values()
    assert made["rootSquashConfiguration"] == {"rootSquash": "65534:65534", "noSquashNids": ["10.80.0.[10-12]@tcp"]}


def test_no_inventory_where_none_is_wanted(storage, plain):
    assert not storage(plain, inventory=False).of("aws:s3/inventory:Inventory")


@pytest.mark.parametrize("written", [{"storage_gib": 1300}, {"storage_gib": 1000}, {"allocations": ["a", "a"]}])
def test_a_scratch_of_a_size_that_is_not_sold_is_refused(storage, written):
    with pytest.raises(ValueError, match=r"1200, or a multiple of 2400|written twice"):
        storage(scratch=written)


def test_no_change_of_a_plan_makes_another_bucket_or_key(storage, plain, staged):
    """Over every two plans of one bucket: nothing that AWS fixes at a creation differs, unless it is ignored."""
    lab = replace(plain, name="other", tags={**plain.tags, "ris_allocation": "other"})
    plans = [plain, lab, replace(plain, quota_bytes=None, data_class="public")]
    for data_class in ("confidential", "phi"):
        for stage in ("active", "archived"):
            made = staged(data_class, stage)
            name = plain.bucket.name
            bucket = replace(made.bucket, name=name, key_alias=f"alias/{name}", object_lock=data_class == "phi")
            plans.append(replace(made, bucket=bucket))
    graphs = [storage(plan) for plan in plans]
    for kind in ("aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:kms/alias:Alias"):
        fixed = handlers()[kind].replace_on
        for before, after in permutations(graphs, 2):
            for name in before.of(kind).keys() & after.of(kind).keys():
                old, new = before.of(kind)[name], after.of(kind)[name]
                ignored = set(after.asked[f"{kind} {name}"].ignoreChanges)
                assert not {key for key in fixed - ignored if old.get(key) != new.get(key)}, (kind, name)
    assert all(plain.bucket.name in graph.of("aws:s3/bucket:Bucket") for graph in graphs)
