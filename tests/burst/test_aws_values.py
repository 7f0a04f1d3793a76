"""Prices, tags and errors: EC2's words and ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from burst.aws import errors
from burst.aws.instance import launch_tags, machine_of, state_of
from burst.aws.prices import catalog, prices_for
from burst.rc.wire import LSF_CAPACITY_CODES
from ris_hybrid.errors import AskedBefore, ConfigError, NoCapacity, QuotaReached, Refused, TryAgain
from ris_hybrid.model import MachineState, UnknownWord


def test_prices_are_the_settings_own_else_the_catalogues(make: Any) -> None:
    pool = make.pool(instance_types=("c6i.4xlarge", "m6i.4xlarge", "own.type"))
    settings = make.settings(pools=(pool,), prices={"own.type": 0.1, "c6i.4xlarge": 0.5, "unused": 9.0})
    priced = {"own.type": 0.1, "c6i.4xlarge": 0.5, "unused": 9.0, "m6i.4xlarge": 0.768}
    assert prices_for(settings) == priced
    assert prices_for(make.settings(pools=(pool,), prices=priced)) == priced


def test_a_type_nobody_can_price_is_told_with_the_line_to_write(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"pool cpu: instance type own\.type has no price") as caught:
        prices_for(make.settings(pools=(make.pool(instance_types=("own.type",)),)))
    assert "prices: {own.type: <dollars per hour>}" in caught.value.hint


def test_the_catalogue_is_sound() -> None:
    for name, kind in catalog().items():
        assert kind.name == name
        assert 0 < kind.cores <= kind.vcpus
        assert kind.memory_mib > 0
        assert kind.usd_per_hour is None or 0 < kind.usd_per_hour < 1000
        assert kind.threads_per_core in {1, 2}
        assert kind.maker in {"Intel", "AMD", "AWS", "Apple"}
    has = {name: (kind.efa, kind.spot, kind.gpus, kind.x86) for name, kind in catalog().items()}
    assert has["p5.48xlarge"] == (True, True, 8, True)
    assert has["hpc6a.48xlarge"] == (True, False, 0, True)
    assert has["mac1.metal"][3] is False


def test_tags_of_a_launch_are_read_back(make: Any) -> None:
    launch = make.launch(3, lab="lee", asked=5, shortfall="LimitReached")
    written = launch_tags(launch, make.settings())
    machine = machine_of(
        {
            "InstanceId": "i-1",
            "PrivateDnsName": "ip-10-0-0-4.ec2.internal",
            "PrivateIpAddress": "10.0.0.4",
            "State": {"Name": "running", "Code": 16},
            "InstanceType": "c6i.4xlarge",
            "Placement": {"AvailabilityZone": "us-east-1a"},
            "LaunchTime": datetime.fromtimestamp(make.now, UTC),
            "InstanceLifecycle": "spot",
            "Tags": written,
        }
    )
    assert machine == make.machine(
        machine_id="i-1",
        name="ip-10-0-0-4.ec2.internal",
        private_ip="10.0.0.4",
        launched=make.now,
        spot=True,
        request_id=launch.request_id,
        asked=5,
        shortfall="LimitReached",
    )
    assert {"Key": "Name", "Value": "c1-cpu-lee"} in written
    assert {tag["Key"] for tag in written} == {
        *("Name", "ris_managed", "ris_version", "ris_cluster", "ris_provider", "ris_pool", "ris_lab", "ris_request"),
        *("ris_asked", "ris_shortfall", "ris_template"),
    }


def test_a_launch_without_lab_or_shortfall(make: Any) -> None:
    written = {tag["Key"]: tag["Value"] for tag in launch_tags(make.launch(lab=""), make.settings())}
    assert (written["Name"], written["ris_lab"]) == ("c1-cpu-default", "")
    assert "ris_shortfall" not in written


def test_a_machine_for_every_job_says_so(make: Any) -> None:
    for is_open in (True, False):
        written = {tag["Key"]: tag["Value"] for tag in launch_tags(make.launch(open=is_open), make.settings())}
        assert written.get("ris_open") == ("1" if is_open else None)


def test_an_instance_of_nothing_but_an_id_is_read() -> None:
    machine = machine_of({"InstanceId": "i-1", "Tags": [{"Key": "ris_asked", "Value": "many"}]})
    assert (machine.state, machine.name, machine.launched, machine.asked) == ("", "", 0.0, 0)


def test_an_unknown_state_stays_itself() -> None:
    assert state_of("shutting-down") is MachineState.SHUTTING_DOWN
    unknown = state_of("hibernating")
    assert (unknown, isinstance(unknown, UnknownWord)) == ("hibernating", True)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        *((code, 500, NoCapacity) for code in sorted(errors.CAPACITY_CODES)),
        *((code, 400, QuotaReached) for code in sorted(errors.QUOTA_CODES)),
        *((code, 400, TryAgain) for code in sorted(errors.AGAIN_CODES)),
        *((code, 403, Refused) for code in sorted(errors.AUTH_CODES)),
        ("NeverHeardOf", 502, TryAgain),
        ("NeverHeardOf", 400, Refused),
        ("InvalidSubnetID.NotFound", 400, Refused),
        ("IdempotentParameterMismatch", 400, AskedBefore),
    ],
)
def test_what_ec2_answers(code: str, status: int, kind: type[Exception]) -> None:
    response: Any = {"Error": {"Code": code, "Message": "why"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    found = errors.of_client_error(ClientError(response, "CreateFleet"))
    assert (type(found), found.code, found.message) == (kind, code, "why")
    assert found.hint


def test_no_code_has_two_meanings() -> None:
    tables = (errors.CAPACITY_CODES, errors.QUOTA_CODES, errors.AGAIN_CODES, errors.AUTH_CODES, {errors.OTHER_REQUEST})
    assert sum(map(len, tables)) == len(frozenset().union(*tables))
    assert frozenset(LSF_CAPACITY_CODES) <= errors.CAPACITY_CODES


def test_a_token_used_for_another_request_is_told_as_such() -> None:
    found = errors.of_code("IdempotentParameterMismatch", "why")
    assert (found.code, "made before" in found.hint) == (errors.OTHER_REQUEST, True)


@pytest.mark.parametrize("status", [403, 500])
def test_an_encoded_authorization_message_goes_no_further(status: int) -> None:
    said = "You are not authorized to perform this operation. User: arn:aws:iam::1:user/x is not authorized"
    message = f"{said} Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abcdefghijklmn-abc"
    response: Any = {
        "Error": {"Code": "UnauthorizedOperation", "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    assert errors.of_client_error(ClientError(response, "CreateFleet")).message == said


def test_an_answer_without_a_code_is_a_refusal() -> None:
    found = errors.of_client_error(ClientError({}, "CreateFleet"))
    assert (type(found), found.code) == (Refused, "Unknown")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (exceptions.NoCredentialsError(), Refused, "AWS credentials"),
        (exceptions.ProfileNotFound(profile="x"), Refused, "AWS credentials"),
        (exceptions.ParamValidationError(report="x"), Refused, "AWS call was not valid"),
        (exceptions.NoRegionError(), Refused, "AWS call was not valid"),
        (exceptions.EndpointConnectionError(endpoint_url="http://x"), TryAgain, "AWS did not answer"),
        (exceptions.ReadTimeoutError(endpoint_url="http://x"), TryAgain, "AWS did not answer"),
    ],
)
def test_what_happens_before_ec2_answers(error: Any, kind: type[Exception], words: str) -> None:
    found = errors.of_botocore(error)
    assert (type(found), found.code) == (kind, type(error).__name__)
    assert found.message.startswith(words)
