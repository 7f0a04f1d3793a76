#!/bin/sh
# Makes this machine a host of the cluster. Each step says on the console that it begins, and which one failed:
# then no LSF daemon is started, systemd powers the machine off, and the join time-out counts it.
set -eu
# shellcheck source=burst/node/scripts/node.sh
. "$(dirname "$0")/node.sh"
FSTAB="${RIS_FSTAB:-/etc/fstab}"
HOSTS="${RIS_HOSTS:-/etc/hosts}"

ended() {
    [ "$1" = 0 ] || say "FAILED ($1): this machine does not join"
}
trap 'ended $?' EXIT

step() {
    STEP=$1
    say begin
}

fail() {
    say "$*"
    exit 1
}

step metadata
machine_meet
id=$(machine_id)
type=$(machine_type)
life=$(machine_life)
host=$(machine_host)
cluster=$(machine_tag ris_cluster)
provider=$(machine_tag ris_provider)
template=$(machine_tag ris_template)
lab=$(machine_tag ris_lab) || [ "$?" = 22 ] # a job without a lab
of="${RIS_CLOUD:+$RIS_CLOUD/}" # LSF is told ids and types of a cloud beside EC2 with its name
for word in "${id#"$of"}" "${type#"$of"}" "$host" "$cluster" "$provider" "$template" "${lab:=default}"; do
    case $word in '' | *[!A-Za-z0-9._@+-]*) fail "cannot write '$word' into lsf.conf" ;; esac
done
say "$id $type $life, template $template, account $lab"
echo "$host" >"$ETC/host"
echo "$lab" >"$ETC/lab" # by which docker-image finds the lab's images

step name
hostnamectl set-hostname "$host" # the name the provider reports
# lim looks its own name up, and not every cloud's DNS knows it: before others, for images like to say 127.0.1.1.
address=$(machine_address)
getent ahostsv4 "$host" | grep -qF "$address " || sed -i "1i $address $host" "$HOSTS"

step clock
chronyc -n waitsync 20 1 0 1 >/dev/null || say "not in step yet"

step mounts
while read -r what where how; do
    grep -qxF "$what $where $how" "$FSTAB" || echo "$what $where $how" >>"$FSTAB"
    case ,$how in *,cache=/*) # Mountpoint wants its cache's directory made
        cache=${how#*,cache=}
        mkdir -p "${cache%%[ ,]*}"
        ;;
    esac
    # Once more: a file server that thirty nodes ask at once may miss one.
    mount_path "$where" "${how%% *}" || { sleep "${RIS_POLL_S:-5}" && mount_path "$where" "${how%% *}"; } ||
        fail "$where is not there"
    say "$where"
done <"$ETC/mounts"

step devices
if [ "$RIS_GPUS" -gt 0 ]; then
    found=$(nvidia-smi -L | grep -c '^GPU') || true
    [ "$found" -ge "$RIS_GPUS" ] || fail "expected $RIS_GPUS GPUs, found $found"
fi
if [ "${RIS_EFA:-0}" = 1 ]; then
    ls -d "${RIS_SYS:-/sys}"/class/infiniband/* >/dev/null || fail "no Elastic Fabric Adapter"
fi

step docker # before LSF: the first job may come as soon as the host has joined
systemctl start docker
timeout 60 docker info >/dev/null

step lsf
base=$RIS_LSF_TOP/conf/lsf.conf
[ -r "$base" ] || fail "cannot read $base"
mkdir -p "$ETC/lsf"
# A copy of our own: LSF_TOP may be mounted from the site, and its lsf.conf is everybody's.
resources=$(sed -n 's/^LSF_LOCAL_RESOURCES=//p' "$base" | tail -n 1 | tr -d '"')
flags="$RIS_FLAGS"
burst=${RIS_BURST_FLAG:-}
if [ -n "$burst" ]; then # the jobs the planner chose name it, and no others run here
    open=$(machine_tag ris_open) || [ "$?" = 22 ]
    [ -z "$open" ] || burst=${burst#!} # launched while no plan was in force: every job may
    flags="$flags $burst"
fi
[ "$life" != spot ] || flags="$flags $RIS_SPOT_FLAG"
for flag in $flags; do
    case $resources in *"[resource $flag]"*) ;; *) resources="$resources [resource $flag]" ;; esac
done
for map in "$lab*rc_account" "$id*instanceID" "$type*vm_type" "$template*templateID" "$cluster*clusterName" \
    "$provider*providerName"; do
    resources="$resources [resourcemap $map]"
done
ours='LSF_LOCAL_RESOURCES|LSF_GET_CONF|EGO_DEFINE_NCPUS'
[ -z "$RIS_MASTERS" ] || ours="$ours|LSF_SERVER_HOSTS|LSF_MASTER_LIST"
{
    grep -Ev "^ *($ours)=" "$base"
    echo "LSF_GET_CONF=lim"
    echo "EGO_DEFINE_NCPUS=$RIS_NCPUS"
    [ -z "$RIS_MASTERS" ] || printf 'LSF_SERVER_HOSTS="%s"\nLSF_MASTER_LIST="%s"\n' "$RIS_MASTERS" "$RIS_MASTERS"
    echo "LSF_LOCAL_RESOURCES=\"${resources# }\""
} >"$ETC/lsf/lsf.conf"
say "$(grep ^LSF_LOCAL_RESOURCES "$ETC/lsf/lsf.conf")"

step daemons
server=$(lsf_conf LSF_SERVERDIR)
export LSF_ENVDIR="$ETC/lsf"
# How docker finds the registry's credential helper, started by a daemon for a job or by root.
if [ -d "$ETC/docker" ]; then
    export DOCKER_CONFIG="$ETC/docker"
    home=${RIS_HOME:-$(getent passwd 0 | cut -d: -f6)}
    [ -e "$home/.docker" ] || ln -s "$ETC/docker" "$home/.docker"
fi
case $(lsf_conf LSF_REG_FLOAT_HOSTS) in [Yy]*) # the masters' DNS does not know this name: they are told
    lsf_conf LSF_SERVER_HOSTS | tr ' ' '\n' >"$ETC/lsf/hostregsetup"
    PATH="$(lsf_conf LSF_BINDIR):$server:$PATH" timeout -k 5 60 lsreghost -s "$ETC/lsf/hostregsetup" >/dev/null ||
        say "lsreghost failed: the masters may not know $host"
    ;;
esac
bin=$(dirname "$0")/bin # the docker that maps the names of images: before the real one, for the daemons alone
[ ! -x "$bin/docker" ] || export PATH="$bin:$PATH"
for daemon in lim res sbatchd; do
    "$server/$daemon" -d "$LSF_ENVDIR"
    say "$daemon started"
done

step notice
if [ "$life" = spot ]; then
    systemctl start ris-notice.service || say "no watcher: notices come by the provider's queue alone"
fi

step paths
[ ! -s "$ETC/mounts" ] || systemctl start ris-paths.timer || say "nobody looks after the paths"
say "$host is ready to join $cluster"
