#!/bin/bash -p
# docker for jobs: what `docker run`, `create` and `pull` name becomes the digest that docker-image gives for it; where
# that gives none, its words and exit code are the answer and nothing starts. All else goes to docker as it came, the
# environment too: bash, for sh may drop names it does not know; -p, so that no function or option comes out of it.
# Which word is the image follows docker's own rules (pflag): options end at the first word that is none, or at `--`.
# LSB_CONTAINER_IMAGE is not asked: the user sets it, and could point it at a word that is not the image.
set -u
ETC=/etc/ris-hybrid
MAP=/usr/local/libexec/ris-hybrid/docker-image
PLACES=(/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin) # not the job's PATH

# Options as docker 28 has them, older and hidden ones too. Whether another one takes a value cannot be known, so it is
# refused: a wrong guess would start what nobody let through.
flags="D debug tls tlsverify v version h help"
values="config c context H host l log-level tlscacert tlscert tlskey"
pull_flags="a all-tags disable-content-trust q quiet help"
run_flags="d detach disable-content-trust help i init interactive no-healthcheck oom-kill-disable P privileged
 publish-all q quiet read-only rm sig-proxy t tty use-api-socket"
run_values="a add-host annotation attach blkio-weight blkio-weight-device c cap-add cap-drop cgroup-parent cgroupns
 cidfile cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems detach-keys device
 device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops dns dns-opt dns-option
 dns-search domainname e entrypoint env env-file expose gpus group-add h health-cmd health-interval health-retries
 health-start-interval health-start-period health-timeout hostname ip ip6 ipc kernel-memory l label label-file link
 link-local-ip log-driver log-opt m mac-address memory memory-reservation memory-swap memory-swappiness mount name net
 net-alias network network-alias oom-score-adj p pid pids-limit platform publish pull restart runtime security-opt
 shm-size stop-signal stop-timeout storage-opt sysctl tmpfs u ulimit user userns uts v volume volume-driver
 volumes-from w workdir"

stop() {
    printf 'ris-hybrid: image: %s\n' "$2" >&2
    exit "$1"
}

# Whether the option called $1 has its value in the next word.
takes() {
    case " ${flags//$'\n'/} " in *" $1 "*) return 1 ;; esac
    case " ${values//$'\n'/} " in *" $1 "*) return 0 ;; esac
    stop 125 "cannot tell whether '$1' of '${words[at]}' takes a value: write --OPTION=VALUE"
}

# Goes on to the first word from $at that is no option.
skip() {
    local word
    while ((at < ${#words[@]})); do
        word=${words[at]}
        case $word in
        --)
            at=$((at + 1))
            return
            ;;
        --*=*) ;;
        --*) ! takes "${word#--}" || at=$((at + 1)) ;;
        -?*)
            word=${word#-}
            until [[ -z $word || $word = ?=* ]]; do
                if takes "${word:0:1}"; then
                    ((${#word} > 1)) || at=$((at + 1))
                    break
                fi
                word=${word:1}
            done
            ;;
        *) return ;;
        esac
        at=$((at + 1))
    done
}

docker=''
for place in "${PLACES[@]}"; do
    # A link to this very file is not docker.
    if [[ -x $place/docker && ! $place/docker -ef $0 ]]; then
        docker=$place/docker
        break
    fi
done
[[ -n $docker ]] || stop 127 "no docker in ${PLACES[*]}"

words=("$@")
at=0
skip
verb=${words[at]-}
case $verb in container | image)
    at=$((at + 1))
    skip
    verb="$verb ${words[at]-}"
    ;;
esac
case $verb in
run | create | 'container run' | 'container create') flags=$run_flags values=$run_values ;;
pull | 'image pull') flags=$pull_flags values=platform ;;
*) exec "$docker" "$@" ;;
esac
at=$((at + 1))
skip
((at < ${#words[@]})) || exec "$docker" "$@" # which says what is missing
name=${words[at]}

export DOCKER_CONFIG=$ETC/docker # the machine's log-in at the registry
# What is on this node came by this way: its local id, and the registry's digest that a pull has printed.
hex='[0-9a-f]{64}$'
[[ $verb = *pull || ! $name =~ ^sha256:$hex ]] || exec "$docker" "$@"
if [[ $name =~ @sha256:$hex ]]; then
    # shellcheck disable=SC1091 # made from burst.yaml
    registry=$(. "$ETC/node.conf" && printf %s "$RIS_REGISTRY")
    if [[ $name = "$registry"/* ]] && "$docker" image inspect "$name" </dev/null >/dev/null 2>&1; then
        exec "$docker" "$@"
    fi
fi
words[at]=$("$MAP" "$name" </dev/null) || exit
exec "$docker" "${words[@]}"
