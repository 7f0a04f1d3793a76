"""What the layer reads straight from moto's memory: cheaper than asking through its API, and the only place that does.

moto's models have hardly any types, so everything leaves this module as our own values; the one exception are the
models of machines, which ``machine_xml`` writes down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.utils import filter_dict_attribute_mapping, random_fleet_id
from moto.iam.models import get_account_id_from
from moto.moto_api._internal import mock_random
from moto.sqs.models import sqs_backends

from ris_hybrid.sandbox.aws.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Place = tuple[str, str]
"""Account and region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What moto holds of an instance, ended ones included."""

    name: str
    instance_type: str
    zone: str
    spot: bool
    token: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The machines of one launch."""

    reservation_id: str
    owner_id: str
    machine_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One version of a launch template."""

    template_id: str
    name: str
    version: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet and how many addresses it has left."""

    subnet_id: str
    zone: str
    free: int


def account_of(access_key: str) -> str:
    """The account an access key belongs to; keys nobody made belong to moto's default account."""
    return str(get_account_id_from(access_key))


def _backend(place: Place) -> Any:
    account, region = place
    return ec2_backends[account][region]


def words(place: Place) -> Iterator[tuple[str, str]]:
    """``(machine id, moto's state word)`` of every instance, in the order they came."""
    for reservation in _backend(place).reservations.values():
        for instance in reservation.instances:
            yield instance.id, instance.state


def instances(place: Place) -> dict[str, Instance]:
    """Every instance of a place by id."""
    backend = _backend(place)
    # Not instance.get_tags(): that searches the tags of everything for each instance.
    tags = backend.tags
    return {
        instance.id: Instance(
            name=instance.private_dns_name,
            instance_type=instance.instance_type,
            zone=instance.availability_zone or "",
            spot=instance.lifecycle == "spot",
            token=instance.client_token or "",
            tags=dict(tags.get(instance.id, {})),
        )
        for reservation in backend.reservations.values()
        for instance in reservation.instances
    }


def reservations(place: Place) -> Iterator[Reservation]:
    """Every launch of a place, in the order they came."""
    for one in _backend(place).reservations.values():
        ids = tuple(instance.id for instance in one.instances)
        yield Reservation(reservation_id=one.id, owner_id=one.owner_id, machine_ids=ids)


def models(place: Place) -> dict[str, Any]:
    """moto's model of every machine of a place by id."""
    return {one.id: one for reservation in _backend(place).reservations.values() for one in reservation.instances}


def tags(place: Place) -> Mapping[str, dict[str, str]]:
    """The tags of everything by id; what has none may be absent."""
    found: Mapping[str, dict[str, str]] = _backend(place).tags
    return found


def show_tags(place: Place, ids: Iterable[str]) -> None:
    """Let launch templates show the tags they have now; moto shows those they were made with."""
    templates = _backend(place).launch_templates
    for one in set(ids).intersection(templates):
        templates[one].tags = templates[one].get_tags()


def passing(place: Place, wanted: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The machines that pass these filters of moto's own."""
    found = _backend(place).all_reservations(filters={name: list(values) for name, values in wanted.items()})
    return frozenset(instance.id for reservation in found for instance in reservation.instances)


def terminate(place: Place, machine_id: str) -> None:
    """End an instance as the cloud itself does: protection from the API does not hold it."""
    _backend(place).get_instance(machine_id).terminate()


def post(place: Place, queue: str, body: str) -> str:
    """Put a message into an SQS queue, made here when there is none of that name; gives the queue's path."""
    account, region = place
    backend = sqs_backends[account][region]
    if queue not in backend.queues:
        backend.create_queue(queue)
    backend.send_message(queue, body)
    return f"/{account}/{queue}"


def queue_policy(place: Place, queue: str) -> str:
    """The policy of a queue as JSON; empty for none, and for a queue there is not."""
    account, region = place
    found = sqs_backends[account][region].queues.get(queue)
    return str(found.policy or "") if found else ""


def set_queue_policy(place: Place, queue: str, policy: str) -> None:
    """Give a queue this policy."""
    account, region = place
    sqs_backends[account][region].queues[queue].policy = policy


def release(place: Place, machine_ids: Iterable[str]) -> None:
    """Give the addresses of ended instances back to their subnets; moto keeps them for ever."""
    machines, held = models(place), _backend(place).enis
    for machine_id in machine_ids:
        for interface in machines[machine_id].nics.values():
            if interface.id in held:
                interface.delete()


def subnet(place: Place, subnet_id: str) -> Subnet | None:
    """A subnet, or None when there is none of that id."""
    try:
        found = _backend(place).get_subnet(subnet_id)
    except ServiceException:
        return None
    return Subnet(subnet_id=found.id, zone=found.availability_zone, free=found.available_ip_address_count)


def default_subnet(place: Place, zone: str) -> Subnet | None:
    """The default subnet of a zone, or None; no zone means the first one of the region."""
    found = _backend(place).get_default_subnets().get(zone or f"{place[1]}a")
    return None if found is None else subnet(place, found.id)


def template(place: Place, *, template_id: str, name: str, version: str) -> Template:
    """One version of a launch template (``$Latest``, ``$Default``, empty for the default, or a number).

    Raises ``ApiError`` in moto's words when there is none.
    """
    backend = _backend(place)
    try:
        found = backend.get_launch_template(template_id) if template_id else backend.get_launch_template_by_name(name)
        chosen = found.get_version(version or "$Default")
    except ServiceException as error:
        raise ApiError(error.code, error.message) from error
    except ValueError:
        raise ApiError("InvalidLaunchTemplateVersion", f"'{version}' is no launch template version.") from None
    return Template(template_id=found.id, name=found.name, version=str(chosen.number), data=chosen.data)


def known_type(instance_type: str) -> bool:
    """Whether AWS has such an instance type (moto's recorded list)."""
    return instance_type in INSTANCE_TYPES


def known_filters() -> frozenset[str]:
    """The DescribeInstances filters that moto can answer, tags aside."""
    return frozenset(filter_dict_attribute_mapping)


def new_fleet_id() -> str:
    """The next fleet id of the seed."""
    return str(random_fleet_id())


def new_group_id() -> str:
    """The next placement group id of the seed."""
    return f"pg-{mock_random.get_random_hex(17)}"


def new_reservation_id() -> str:
    """The next capacity reservation id of the seed."""
    return f"cr-{mock_random.get_random_hex(17)}"
