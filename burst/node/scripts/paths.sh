#!/bin/sh
# Looks whether every path of this node is there and answers; systemd calls it again and again. One that is gone is
# mounted again. While one stays away LSF starts no job here: the host is closed, and opened when all are back, but only
# by whom closed it: a host that somebody closed before, or meanwhile, is left to them.
set -eu
# shellcheck source=burst/node/scripts/node.sh
. "$(dirname "$0")/node.sh"
STEP=paths
PATH="$PATH:$(lsf_conf LSF_BINDIR)"
export LSF_ENVDIR="$ETC/lsf"
mkdir -p "$RUN"
OURS="$RUN/closed"

once() {
    [ "$(cat "$RUN/said" 2>/dev/null)" = "$*" ] || say "$*"
    echo "$*" >"$RUN/said"
}

# Whether the last word on the host is ours: LSF shows its comment, whoever gave it. 2 when LSF does not answer.
is_ours() {
    timeout -k 5 20 bhosts -l "$host" >"$RUN/bhosts" || return 2
    tr -s '[:space:]' ' ' <"$RUN/bhosts" | grep -qF 'ris-hybrid: path '
}

# At the first path that stays away; the others are not said again.
close() {
    [ ! -e "$OURS" ] || return 0
    status=$(timeout -k 5 20 bhosts -w "$host" | awk 'NR == 2 { print $2 }')
    if [ "$status" = closed_Adm ]; then
        if is_ours; then # we were ended before we could note it
            echo "$gone" >"$OURS"
        else
            once "$host is closed already, and not by this"
        fi
        return 0
    fi
    # Somebody may have closed it: then a person opens it, and the comment says so.
    what="path"
    [ -n "$status" ] || what="open this host by hand once it is back: path"
    if as_admin badmin hclose -C "ris-hybrid: $what $gone" "$host" >/dev/null; then
        [ -z "$status" ] || echo "$gone" >"$OURS"
        once "$host closed: $gone"
    else
        once "cannot close $host: jobs may start there though $gone"
    fi
}

open() {
    mine=0
    is_ours || mine=$?
    case $mine in
    0) ;;
    1)
        rm -f "$OURS"
        once "every path answers; $host was closed or opened by somebody since, and is left to them"
        return 0
        ;;
    *)
        once "cannot open $host: LSF does not say who closed it"
        return 0
        ;;
    esac
    if as_admin badmin hopen -C "ris-hybrid: paths are back" "$host" >/dev/null; then
        rm -f "$OURS"
        once "$host opened: every path answers"
    else
        once "cannot open $host"
    fi
}

host=$(cat "$ETC/host")
gone='' told_lsf=''
while read -r _ where type _; do
    lost="$RUN/lost$(printf %s "$where" | tr / -)"
    why=$(lacks "$where" "$type")
    # Mountpoint's process has died when not even its root is known; the kernel keeps such a mount in its table.
    if [ "$type: $why" = "mount-s3: cannot be read" ] && ! timeout -k 5 10 stat "$where" >/dev/null 2>&1; then
        say "$where: its file system has ended"
        ! umount -l "$where" || why="not mounted"
    fi
    if [ "$why" = "not mounted" ]; then
        if told=$(mount_path "$where" "$type"); then
            why=''
            say "$where was not mounted: mounted again"
        elif [ ! -e "$lost" ]; then
            printf '%s\n' "$told"
        fi
    fi
    if [ -n "$why" ]; then
        [ "$(cat "$lost" 2>/dev/null)" = "$why" ] || say "$where: $why"
        echo "$why" >"$lost"
        gone="$where $why"
        [ -n "$told_lsf" ] || close </dev/null # before the others are looked at: each may take a minute and more
        told_lsf=yes
    elif [ -e "$lost" ]; then
        rm -f "$lost"
        say "$where is back"
    fi
done <"$ETC/mounts"

[ -n "$gone" ] || [ ! -e "$OURS" ] || open
