#!/usr/bin/env -S -i PATH=/usr/bin:/bin JOB=${LSB_JOBID} INDEX=${LSB_JOBINDEX} /bin/sh
# shellcheck shell=sh
# Before a job starts, as PRE_EXEC of its queue: are the paths it says it reads (data=PATH in its description) on this
# node? LSF gives a lab's node to any job of that lab, also to one whose data was never staged. Exit 96: a path is not
# there, LSF sends the job back to PEND. What cannot be told starts the job: this adds a check, it takes none away.
# It sees that a path is there, not that all of it is: a dataset on its way in passes.
# LSF calls it with the job's environment, which chooses nothing here but the job's number.
set -euf
ETC=/etc/ris-hybrid
export LC_ALL=C LSF_ENVDIR="$ETC/lsf"

gone() {
    text="ris-hybrid: $1 $2 ($(uname -n)); see ris-hybrid data status"
    logger -t ris-hybrid "job $job: $text" || true
    timeout -k 5 20 "$bin/bpost" -d "$text" "$job" >/dev/null 2>&1 || true # bjobs -l shows it
    exit 96
}

case $JOB in '' | *[!0-9]*) exit 0 ;; esac # not a job's
job=$JOB
case $INDEX in '' | 0 | *[!0-9]*) ;; *) job="${JOB}[$INDEX]" ;; esac
bin=$(sed -n 's/^LSF_BINDIR=//p' "$ETC/lsf/lsf.conf" | tail -n 1 | tr -d '"')
# A delimiter keeps LSF from cutting the field at its width.
said=$(timeout -k 5 20 "$bin/bjobs" -noheader -o "description delimiter='^'" "$job" 2>/dev/null) || exit 0
for word in $said; do
    case $word in *[\"\']*) continue ;; data=/*) ;; *) continue ;; esac # a path in quotes is left to the data plane
    IFS=,
    for path in ${word#data=}; do
        code=0
        why=$(timeout -k 5 20 stat "$path" 2>&1 >/dev/null) || code=$?
        case $code:$why in
        124:* | 137:*) gone "$path" "does not answer" ;;
        *": No such file or directory") gone "$path" "is not on this node" ;;
        esac
    done
    unset IFS
done
