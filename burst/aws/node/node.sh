#!/bin/sh
# What boot.sh and notice.sh share; sourced. The variables RIS_* are for tests, but for those of node.conf.
IMDS="${RIS_IMDS:-http://169.254.169.254}/latest"
ETC="${RIS_ETC:-/etc/ris-hybrid}"
STEP=start
# shellcheck disable=SC1091 # made from burst.yaml
. "$ETC/node.conf"

say() {
    printf 'ris-hybrid: %s: %s\n' "$STEP" "$*"
}

# Session token first: there is no other way to ask (IMDSv2).
imds_token() {
    TOKEN=$(curl -sf -m 2 --retry 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$IMDS/api/token")
}

# The value at a path; exit 22 when there is none. The token goes by stdin: arguments are there for all to read.
imds() {
    printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$TOKEN" |
        curl -sf -m 2 --retry 3 -K - "$IMDS/meta-data/$1"
}

# The last value of a key in the lsf.conf of this node.
lsf_conf() {
    sed -n "s/^$1=//p" "$ETC/lsf/lsf.conf" | tail -n 1 | tr -d '"'
}
