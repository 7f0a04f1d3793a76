#!/bin/sh
# What OpenStack tells a machine of itself; sourced by node.sh. Values a machine lacks end with 22, as curl does at a 404.
# By the drive that it was made with, as it was then; by HTTP where it has none. Sources: OpenStack Nova, "Metadata", and
# "Config drives"; the EC2-compatible part alone knows the flavor's name and the address.
IMDS="${RIS_IMDS:-http://169.254.169.254}"
# Texts on a line of their own, without those that would not fit there.
READ='import json, sys
said = json.load(sys.stdin)
tags = {f"meta {key}": value for key, value in (said.pop("meta", None) or {}).items()}
for key, value in {**tags, **said}.items():
    if isinstance(value, str) and (key + value).isprintable():
        print(f"{key}={value}")'

machine_meet() {
    python=$(command -v python3 || command -v /usr/libexec/platform-python) # whichever cloud-init runs by
    drive=$(blkid -l -t LABEL=config-2 -o device || blkid -l -t LABEL=CONFIG-2 -o device) || drive=''
    mkdir -p "$RUN/drive"
    if [ -n "$drive" ] && mount -o ro "$drive" "$RUN/drive"; then
        MET=$("$python" -c "$READ" <"$RUN/drive/openstack/latest/meta_data.json")
        MET_EC2=$("$python" -c "$READ" <"$RUN/drive/ec2/latest/meta-data.json")
        umount "$RUN/drive"
        return
    fi
    MET=$(curl -sf -m 5 --retry 3 "$IMDS/openstack/latest/meta_data.json")
    MET=$(printf '%s' "$MET" | "$python" -c "$READ")
    MET_EC2=''
    for word in instance-type local-ipv4; do
        value=$(curl -sf -m 5 --retry 3 "$IMDS/latest/meta-data/$word")
        MET_EC2="$MET_EC2$word=$value
"
    done
}

# The value of a key in the lines.
met() {
    printf '%s\n' "$1" | sed -n "s/^$2=//p" | grep . || return 22
}

# The words that the provider reports: with the cloud's name before them.
machine_id() { met "$MET" uuid | sed "s|^|$RIS_CLOUD/|"; }
machine_type() { met "$MET_EC2" instance-type | sed "s|^|$RIS_CLOUD/|"; }
machine_life() { echo on-demand; }
machine_host() { met "$MET" name; }
machine_address() { met "$MET_EC2" local-ipv4; }
machine_tag() { met "$MET" "meta $1"; }
