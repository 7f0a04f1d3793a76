#!/bin/sh
# What EC2 tells a machine of itself; sourced by node.sh. Values a machine lacks end with 22, as curl does at a 404.
IMDS="${RIS_IMDS:-http://169.254.169.254}/latest"

# Session token first: there is no other way to ask (IMDSv2).
machine_meet() {
    TOKEN=$(curl -sf -m 2 --retry 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$IMDS/api/token")
}

# The value at a path. The token goes by stdin: arguments are there for all to read.
imds() {
    printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$TOKEN" |
        curl -sf -m 2 --retry 3 -K - "$IMDS/meta-data/$1"
}

machine_id() { imds instance-id; }
machine_type() { imds instance-type; }
machine_life() { imds instance-life-cycle; }
machine_host() { imds local-hostname; } # the name EC2 gives is the name the provider reports
machine_address() { imds local-ipv4; }
machine_tag() { imds "tags/instance/$1"; }
