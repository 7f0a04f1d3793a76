"""An EC2 instance ⇄ a machine of the ledger (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst import tags
from ris_hybrid.model import Machine, MachineState, UnknownWord

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeDef, TagTypeDef

    from ris_hybrid.model import Launch
    from ris_hybrid.settings import BurstSettings

_SHUT_DOWN = "Client.InstanceInitiatedShutdown"
"""EC2's StateReason of a machine that was shut down from inside (EC2 API reference, StateReason)."""


def launch_tags(launch: Launch, settings: BurstSettings) -> list[TagTypeDef]:
    """Every tag of a machine, as a launch call takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.launch_values(launch, settings).items()]


def machine_of(instance: InstanceTypeDef) -> Machine:
    """An EC2 instance as the ledger sees it."""
    launched = instance.get("LaunchTime")
    return Machine(
        machine_id=instance["InstanceId"],
        name=instance.get("PrivateDnsName", ""),
        state=state_of(instance.get("State", {}).get("Name", "")),
        instance_type=instance.get("InstanceType", ""),
        zone=instance.get("Placement", {}).get("AvailabilityZone", ""),
        private_ip=instance.get("PrivateIpAddress", ""),
        launched=launched.timestamp() if launched else 0.0,
        spot=instance.get("InstanceLifecycle") == "spot",
        gave_up=instance.get("StateReason", {}).get("Code") == _SHUT_DOWN,
        **tags.written({tag["Key"]: tag["Value"] for tag in instance.get("Tags", ())}),
    )


def state_of(word: str) -> MachineState | UnknownWord:
    """EC2's state word; one we do not know stays itself."""
    try:
        return MachineState(word)
    except ValueError:
        return UnknownWord(word)
