#!/bin/sh
# Waits for EC2's word that this spot machine goes away. Then: a tag on the machine, which the provider reads, and
# `badmin hclose` of this host, where the cluster lets the LSF administrator do that from here. The tag alone is enough.
set -eu
# shellcheck source=burst/node/scripts/node.sh
. "$(dirname "$0")/node.sh"
STEP=notice
PATH="$PATH:$(lsf_conf LSF_BINDIR)"
export LSF_ENVDIR="$ETC/lsf"

# Seconds since 1970 in a field of the JSON at a path; fails when there is no notice.
when() {
    body=$(imds "$1") || return
    said=$(printf '%s' "$body" | sed -n "s/.*\"$2\" *: *\"\([^\"]*\)\".*/\1/p")
    date -u -d "${said:-unreadable}" +%s 2>/dev/null || echo $(($(date +%s) + $3))
}

tag() {
    timeout 20 aws ec2 create-tags --region "$region" --resources "$id" --tags "Key=$1,Value=$2" ||
        { say "cannot write $1"; return 1; }
    say "$1=$2"
}

close_host() {
    as_admin badmin hclose -C "ris-hybrid: spot notice" "$host" || { say "cannot close $host"; return 1; }
    say "$host closed"
}

until machine_meet; do sleep 1; done
id=$(machine_id)
host=$(machine_host)
region=$(imds placement/region)
say "watching $id"
advised='' told='' closed=''
while [ -z "$told" ] || [ -z "$closed" ]; do
    machine_meet || say "instance metadata does not answer"
    if [ -z "$advised" ] && at=$(when events/recommendations/rebalance noticeTime 0); then
        ! tag ris_rebalance "$at" || advised=yes
    fi
    if at=$(when spot/instance-action time 120); then
        [ -n "$told" ] || ! tag ris_notice "$at" || told=yes
        [ -n "$closed" ] || ! close_host || closed=yes
    fi
    sleep "${RIS_POLL_S:-5}"
done
