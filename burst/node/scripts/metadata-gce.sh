#!/bin/sh
# What Google's Compute Engine tells a machine of itself; sourced by node.sh. Values a machine lacks end with 22, as curl
# does at a 404. Source: Compute Engine, "Predefined metadata keys".
IMDS="${RIS_IMDS:-http://169.254.169.254}/computeMetadata/v1/instance"

machine_meet() {
    NAME=$(gce name)
    ZONE=$(gce zone) # projects/NUMBER/zones/ZONE
}

gce() {
    curl -sf -m 5 --retry 3 -H 'Metadata-Flavor: Google' "$IMDS/$1"
}

# The words that the provider reports: with the cloud's name before them.
machine_id() { echo "$RIS_CLOUD/$NAME.${ZONE##*/}"; }
machine_type() { gce machine-type | sed "s|^.*/|$RIS_CLOUD/|"; }
machine_life() { echo on-demand; }
machine_host() { echo "$NAME"; }
machine_address() { gce network-interfaces/0/ip; }
machine_tag() { gce "attributes/$1"; }
