"""The layer ``identity``: which roles there are, who may take them, and what no role of ours may ever do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from burst import tags
from stacks.environment import Environment
from stacks.identity import trust
from stacks.identity.boundary import MOST_CHARACTERS, boundary_statements
from stacks.identity.data_policy import Buckets
from stacks.identity.faults import identity_faults
from stacks.identity.layer import controller_spec, node_spec
from stacks.identity.place import document
from stacks.identity.settings import IdentitySettings
from stacks.identity.transfer_policy import transfer_policies
from stacks.marks import MACHINE_MARKS, POOL_MARKS
from stacks.outputs import IdentityOutputs
from stacks.references import typed
from tests.stacks.conftest import NETWORK
from tests.stacks.labs import lab

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONTROLLER = "arn:aws:iam::123456789012:user/lsf-controller"
ANCHOR = "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/0123abcd-0123-4567-89ab-0123456789ab"
DATA = "arn:aws:iam::123456789012:user/ris-data"
ROLE, PROFILE = "aws:iam/role:Role", "aws:iam/instanceProfile:InstanceProfile"


@pytest.fixture
def identity(layer_graph: Callable[..., Any]) -> Callable[..., Any]:
    def build(*allocations: Any, phi: bool = True, **written: Any) -> Any:
        network = {**NETWORK, "endpoints": {"site_buckets": True}}
        sections = {"identity": written, "phi": phi, "network": network}
        return layer_graph("identity", sections=sections, allocations=allocations)

    return build


def place(**changed: Any) -> Environment:
    plain = {
        "cluster": "compute1",
        "provider": "ris-aws",
        "organization": "wustl-ris",
        "env": "example",
        "account": "123456789012",
        "region": "us-east-1",
    }
    return Environment(**{**plain, **changed})


def statements(text: str) -> list[Mapping[str, Any]]:
    return list(json.loads(text)["Statement"])


def test_the_graph_of_two_labs(identity, golden):
    graph = identity(
        *(lab("wucci"), lab("neuro", "phi")),
        controllers=[CONTROLLER],
        node_log_group="/ris/nodes",
        data_hosts=[DATA],
        datasync=True,
    )
    golden("stacks/identity.json", graph.text())


def test_every_role_is_bounded_tagged_and_named_in_the_outputs(identity):
    graph = identity(lab("wucci"), controllers=[CONTROLLER])
    roles = graph.of(ROLE)
    for name, role in roles.items():
        assert role["permissionsBoundary"] == graph.outputs["boundary_arn"]
        assert role["name"] == role["tags"]["Name"] == name
    assert {role["tags"]["ris_role"] for role in roles.values()} == {
        "node",
        "controller",
        "lab",
        "jobs",
        "project-rw",
        "project-ro",
    }
    assert set(graph.outputs["role_names"]) == {
        name for name in roles if ".lab" in name or ".jobs" in name or "p1" in name
    }
    assert roles["compute1-example-wucci.p1.ro"]["tags"]["ris_project"] == "p1"


def test_machines_take_the_nodes_and_the_jobs_roles_by_profiles(identity):
    graph = identity(lab("wucci"))
    assert set(graph.of(PROFILE)) == {"compute1-example-node", "compute1-example-wucci.jobs"}
    assert graph.outputs["node_profile"] == "compute1-example-node"
    assert graph.outputs["jobs_profiles"] == {"wucci": "compute1-example-wucci.jobs"}
    for name in graph.of(PROFILE):
        (trusted,) = statements(graph.of(ROLE)[name]["assumeRolePolicy"])
        assert trusted["Principal"] == {"Service": "ec2.amazonaws.com"}


def test_jobs_reach_the_labs_data_and_do_what_a_node_does(identity):
    graph = identity(lab("wucci"))
    policies = graph.of("aws:iam/policy:Policy")
    attached = graph.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert set(attached) == set(policies) - {"compute1-example-boundary"}
    jobs = {name: statements(row["policy"]) for name, row in policies.items() if "wucci.jobs" in name}
    assert set(jobs) == {"compute1-example-wucci.jobs-data", "compute1-example-wucci.jobs-node"}
    pull = next(one for one in jobs["compute1-example-wucci.jobs-node"] if one["Sid"] == "Pull")
    assert pull["Resource"] == ["arn:aws:ecr:us-east-1:123456789012:repository/example/wucci/*"]
    shared = statements(policies["compute1-example-node-node"]["policy"])
    assert not any("s3:" in action for one in shared for action in one["Action"])


def test_people_come_with_their_directory_group_by_either_way():
    by_saml, by_center = (trust.of_group(place(), "storage-wucci", provider) for provider in ("wustl", ""))
    assert by_saml["Principal"] == {"Federated": "arn:aws:iam::123456789012:saml-provider/wustl"}
    assert by_saml["Condition"]["StringLike"] == {"aws:RequestTag/ris_groups": "*:storage-wucci:*"}
    assert by_center["Condition"]["StringLike"] == {"aws:PrincipalTag/ris_groups": "*:storage-wucci:*"}
    assert "sso.amazonaws.com" in by_center["Condition"]["ArnLike"]["aws:PrincipalArn"]
    gov = trust.of_group(place(partition="aws-us-gov"), "g", "wustl")
    assert gov["Condition"]["StringEquals"] == {"SAML:aud": "https://signin.amazonaws-us-gov.com/saml"}


def test_without_controllers_there_is_no_controller(identity):
    graph = identity()
    assert graph.outputs["controller_role_arn"] == ""
    assert set(graph.of(ROLE)) == {"compute1-example-node"}


def test_a_certificate_is_trusted_by_its_name_alone():
    by_key, by_certificate = trust.of_controllers([CONTROLLER, ANCHOR], ["lsf1.example.edu"])
    assert by_key["Principal"] == {"AWS": [CONTROLLER]}
    assert by_certificate["Condition"] == {
        "ArnEquals": {"aws:SourceArn": [ANCHOR]},
        "StringEquals": {"aws:PrincipalTag/x509Subject/CN": ["lsf1.example.edu"]},
    }


@pytest.mark.parametrize(
    "written",
    [
        {"controllers": ["*"]},
        {"controllers": ["arn:aws:iam::123456789012:root"]},
        {"controllers": ["arn:aws:iam::123456789012:user/*"]},
        {"controllers": [ANCHOR]},
        {"trusted_accounts": ["*"]},
        {"controller": [CONTROLLER]},
    ],
)
def test_settings_that_trust_too_many_are_refused(written):
    with pytest.raises(ValidationError):
        IdentitySettings.model_validate_json(json.dumps(written), strict=True)


def test_the_controller_gives_nodes_only_their_own_roles():
    old = lab("old")
    kept = replace(old, roles=(replace(old.roles[1], name="kept-from-before"),))
    spec = controller_spec(place(), IdentitySettings(controllers=(CONTROLLER,)), [lab("wucci"), kept])
    (passed,) = [one for one in spec.policies["burst"] if "iam:PassRole" in one["Action"]]
    assert passed["Resource"] == [
        "arn:aws:iam::123456789012:role/compute1-example-node",
        "arn:aws:iam::123456789012:role/compute1-example-*.jobs",
        "arn:aws:iam::123456789012:role/kept-from-before",
    ]
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_what_burst_writes_is_what_the_policy_lets_it_write():
    written = {
        tags.ADOPTED, tags.ASKED, tags.CLOSING, tags.END, tags.IDLE, tags.JOINED, tags.NOTICE, tags.REBALANCE,
        tags.REQUEST, tags.RETURN, tags.SHORTFALL, tags.UNHELD, tags.UNLISTED,
    }  # fmt: skip
    assert set(MACHINE_MARKS) == written
    assert set(POOL_MARKS) == {tags.BOOT, tags.HELD, tags.JOIN_FAILURES, tags.OFF, tags.SPENT}


@given(agent=st.booleans(), log_group=st.sampled_from(["", "/ris/nodes"]))
def test_a_node_tags_itself_alone(agent, log_group):
    spec = node_spec(place(), IdentitySettings(node_agent=agent, node_log_group=log_group))
    for one in spec.policies["node"]:
        if "ec2:CreateTags" in one["Action"]:
            assert one["Condition"]["StringLike"] == {"aws:userid": "*:${ec2:InstanceID}"}
            assert one["Condition"]["ForAllValues:StringEquals"] == {"aws:TagKeys": ["ris_notice", "ris_rebalance"]}
        else:
            assert not any(word in action for action in one["Action"] for word in ("Delete", "Terminate", "iam:"))
    sids = {one["Sid"] for one in spec.policies["node"]}
    assert ("Agent" in sids, "Logs" in sids) == (agent, bool(log_group))


def test_policies_of_ours_fit_into_iam(identity):
    graph = identity(lab("l" * 40), controllers=[CONTROLLER], node_log_group="/ris/nodes")
    for row in graph.of("aws:iam/policy:Policy").values():
        assert len("".join(row["policy"].split())) <= MOST_CHARACTERS


def test_the_boundary_fits_and_says_what_never_may_be():
    for phi in (True, False):
        many = boundary_statements(place(phi=phi, cluster="c" * 31, env="e" * 16), ["1" * 12] * 20)
        assert len(document(*many).replace(" ", "")) <= MOST_CHARACTERS
    denied = {one["Sid"]: one for one in boundary_statements(place(), ["210987654321"]) if one["Effect"] == "Deny"}
    assert denied["OwnRegion"]["Condition"] == {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}
    assert denied["OwnAccount"]["Condition"]["StringNotEquals"] == {
        "aws:ResourceAccount": ["123456789012", "210987654321"]
    }
    assert denied["ClassStays"]["Condition"]["ForAnyValue:StringEquals"] == {"aws:TagKeys": ["ris_data_class"]}
    assert {"NoPhi", "NoNewPhi", "NoIdentities"} <= set(denied)
    assert not {one["Sid"] for one in boundary_statements(place(phi=True), [])} & {"NoPhi", "NoNewPhi"}


NAMES = Buckets(organization="wustl-ris", records=("wustl-ris-compute1-example-logs",))


def test_datasync_takes_its_role_for_this_environment_alone(identity):
    graph = identity(lab("wucci"), lab("neuro", "phi"), data_hosts=[DATA], datasync=True, transfer_roles=["older"])
    name = "compute1-example-transfer"
    (trusted,) = statements(graph.of(ROLE)[name]["assumeRolePolicy"])
    assert trusted["Principal"] == {"Service": "datasync.amazonaws.com"}
    assert trusted["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": "arn:aws:datasync:us-east-1:123456789012:*"},
    }
    policies = graph.of("aws:iam/policy:Policy")
    buckets, _ = statements(policies[f"{name}-buckets-1"]["policy"])
    assert buckets["Resource"] == ["arn:aws:s3:::wustl-ris-neuro-abc123", "arn:aws:s3:::wustl-ris-wucci-abc123"]
    (keys,) = statements(policies[f"{name}-keys"]["policy"])
    assert keys["Condition"]["ForAnyValue:StringLike"] == {"kms:ResourceAliases": ["alias/wustl-ris-*-??????"]}
    passed = next(
        one
        for one in statements(policies["compute1-example-data-staging"]["policy"])
        if "iam:PassRole" in one["Action"]
    )
    assert passed["Resource"] == [f"arn:aws:iam::123456789012:role/{one}" for one in ("older", name)]
    given_out = typed("identity-example", graph.outputs, IdentityOutputs)
    assert given_out.transfer_role_arn.endswith(name)
    assert given_out.data_role_arn.endswith("compute1-example-data")
    assert name not in given_out.role_names  # a budget's action stops people and jobs: data on its way arrives


def test_without_datasync_there_is_no_role_for_it(identity):
    graph = identity(lab("wucci"), data_hosts=[DATA])
    assert set(graph.of(ROLE)) & {"compute1-example-transfer", "compute1-example-data"} == {"compute1-example-data"}
    assert "transfer_role_arn" not in graph.outputs
    assert not any("keys" in name for name in identity(lab("wucci"), datasync=True).of("aws:iam/policy:Policy"))
    assert "compute1-example-transfer" in identity(datasync=True).of(ROLE)


@given(st.sets(st.from_regex(r"wustl-ris-[a-z]{1,40}-[0-9a-f]{6}", fullmatch=True), max_size=200), st.booleans())
def test_each_bucket_is_named_in_one_policy_that_fits_into_iam(buckets, keyed):
    made = transfer_policies(place(), sorted(buckets), NAMES, keyed=keyed)
    assert len(made) <= 10
    named = [one for statements in made.values() for one in statements if one["Sid"] == "Buckets"]
    assert sorted(arn for one in named for arn in one["Resource"]) == sorted(f"arn:aws:s3:::{one}" for one in buckets)
    assert ("keys" in made) == keyed
    for statements in made.values():
        assert len(document(*statements).replace(" ", "")) <= MOST_CHARACTERS


def test_more_buckets_than_iam_has_room_for_are_named_by_their_pattern():
    many = [f"wustl-ris-{number:04}-abc123" for number in range(1000)]
    made = transfer_policies(place(), many, NAMES, keyed=True)
    assert set(made) == {"buckets-1", "keys"}
    buckets, objects, records = made["buckets-1"]
    assert buckets["Resource"] == ["arn:aws:s3:::wustl-ris-*-??????"]
    assert objects["Resource"] == ["arn:aws:s3:::wustl-ris-*-??????/*"]
    assert records["Effect"] == "Deny"
    assert "arn:aws:s3:::wustl-ris-compute1-example-logs/*" in records["Resource"]


def test_where_phi_may_be_a_data_host_needs_a_way_to_the_buckets():
    hosts = IdentitySettings(data_hosts=(DATA,))
    (fault,) = identity_faults(hosts, ["ecr.api"], phi=True)
    assert fault[0] == ("data_hosts",)
    assert not [*identity_faults(hosts, ["s3"], phi=True), *identity_faults(hosts, [], phi=False)]
    assert not list(identity_faults(IdentitySettings(), [], phi=True))


def test_a_lab_role_without_statements_has_no_policy(identity):
    plain = lab("wucci")
    bare = replace(plain, roles=(replace(plain.roles[0], statements=()),))
    graph = identity(bare)
    assert graph.outputs["jobs_profiles"] == {}
    assert not any("wucci" in name for name in graph.of("aws:iam/policy:Policy"))


def test_what_the_layer_gives_out_is_what_it_promises(identity):
    given_out = typed("identity-example", identity(lab("wucci"), controllers=[CONTROLLER]).outputs, IdentityOutputs)
    assert given_out.jobs_profiles == {"wucci": "compute1-example-wucci.jobs"}
    assert given_out.controller_role_arn.endswith("compute1-example-controller")
    assert len(given_out.role_names) == 4
