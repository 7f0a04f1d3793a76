"""Where resources of a stack built by release 0.1 are in Pulumi's tree, so that an upgrade replaces nothing.

That release had one component for the whole network, with the endpoints as a component inside it.
"""

from __future__ import annotations

import pulumi

_BURST = "ris-hybrid:network:BurstNetwork"
_ENDPOINTS = "ris-hybrid:network:AwsEndpoints"


def was_network(name: str) -> pulumi.ResourceOptions:
    """For the component that takes the place of the old one, and its resources with it."""
    return pulumi.ResourceOptions(aliases=[pulumi.Alias(name=name, type_=_BURST)])


def was_endpoints(name: str) -> pulumi.ResourceOptions:
    """The same for the endpoints."""
    return pulumi.ResourceOptions(aliases=[pulumi.Alias(name=name, type_=_ENDPOINTS, parent=_burst_urn(name))])


def was_in_network(name: str) -> pulumi.ResourceOptions:
    """For one resource that was a part of the old component and now belongs to another."""
    return pulumi.ResourceOptions(aliases=[pulumi.Alias(parent=_burst_urn(name))])


def _burst_urn(name: str) -> str:
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{_BURST}::{name}"
