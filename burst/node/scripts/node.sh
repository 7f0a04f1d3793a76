#!/bin/sh
# What boot.sh, notice.sh and paths.sh share; sourced. The variables RIS_* are for tests, but for those of node.conf.
ETC="${RIS_ETC:-/etc/ris-hybrid}"
RUN="${RIS_RUN:-/run/ris-hybrid}"
STEP=start
# shellcheck disable=SC1091 # made from burst.yaml
. "$ETC/node.conf"
# shellcheck source=burst/node/scripts/metadata-ec2.sh
. "$(dirname "$0")/metadata.sh"

say() {
    printf 'ris-hybrid: %s: %s\n' "$STEP" "$*"
}

# The last value of a key in the lsf.conf of this node.
lsf_conf() {
    sed -n "s/^$1=//p" "$ETC/lsf/lsf.conf" | tail -n 1 | tr -d '"'
}

# A command of LSF as its administrator, in bounded time.
as_admin() {
    [ "$(id -un)" = "$RIS_LSF_ADMIN" ] || set -- runuser -u "$RIS_LSF_ADMIN" -- "$@"
    timeout -k 5 20 "$@"
}

# Why the path at $1, of type $2, is not there; nothing when it is. What a hung server does not answer is left waiting
# behind us, and is asked no second time until it ends. A directory of ours below the mount is no answer.
lacks() {
    mounted=$(awk -v path="$1" '$2 == path { type = $3 } END { print type }' "${RIS_MOUNTS:-/proc/self/mounts}")
    case $mounted in '' | autofs)
        echo "not mounted"
        return
        ;;
    esac
    mkdir -p "$RUN"
    asked="$RUN/asked$(printf %s "$1" | tr / -)"
    ! { [ -s "$asked" ] && kill -0 "$(cat "$asked")" 2>/dev/null; } || { echo "does not answer"; return; }
    rm -f "$asked.end"
    # Mountpoint knows its root by itself, so S3 is asked for a name in it; others for their figures, past any cache.
    (
        code=0
        if [ "$2" = mount-s3 ]; then
            find "$1" -mindepth 1 -maxdepth 1 -print -quit || code=$?
        else
            stat -f "$1" || code=$?
        fi
        echo "$code" >"$asked.new" && mv "$asked.new" "$asked.end"
        rm -f "$asked"
    ) >/dev/null 2>&1 </dev/null &
    echo $! >"$asked"
    tries=0
    until [ -s "$asked.end" ]; do
        tries=$((tries + 1))
        [ "$tries" -le "${RIS_PROBES:-200}" ] || { echo "does not answer"; return; }
        sleep 0.05
    done
    rm -f "$asked"
    [ "$(cat "$asked.end")" = 0 ] || echo "cannot be read"
}

# Mounts the path at $1, of type $2, if it is not; fails when it is not there then, having said why.
mount_path() {
    why=$(lacks "$1" "$2")
    if [ "$why" = "not mounted" ]; then
        mkdir -p "$1"
        timeout -k 5 60 mount "$1" </dev/null || { say "cannot mount $1 ($?)"; return 1; }
        why=$(lacks "$1" "$2")
    fi
    [ -z "$why" ] || { say "$1: $why"; return 1; }
}
