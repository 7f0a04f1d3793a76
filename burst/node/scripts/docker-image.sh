#!/usr/bin/env -S -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /bin/sh
# shellcheck shell=sh
# Prints the image by which a job's container starts: the registry's digest for the name the user wrote. A tag made of
# that name is put on an image when it has been copied and its scan lets it through, and taken off when it no longer
# does, so no tag means no image: exit 3. Exit 4: the registry did not answer. Exit 2: no name of an image.
# It may be called with a job's environment, and nothing in that may choose the registry, who answers for it, or what a
# command is: so it begins without one.
set -eu
ETC=/etc/ris-hybrid
export LC_ALL=C HOME=/ AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
# shellcheck disable=SC1091 # made from burst.yaml
. "$ETC/node.conf"

stop() {
    code=$1
    shift
    printf 'ris-hybrid: image: %s\n' "$*" >&2
    exit "$code"
}

# The name as its tag is made from: ris_hybrid.images has the same rules.
normalised() {
    name=$1
    digest=''
    case $name in *@sha256:*) digest="@${name##*@}" name=${name%@*} ;; esac
    first=${name%%/*}
    rest=${name#"$first"}
    if [ -n "$rest" ]; then
        case $first in *.* | *:*) first=$(printf %s "$first" | tr '[:upper:]' '[:lower:]') ;; esac
    fi
    name=$first$rest
    last=${name##*/}
    case $last in
    *:*) [ -z "$digest" ] || name=${name%:*} ;;
    *) [ -n "$digest" ] || name=$name:latest ;;
    esac
    printf %s "$name$digest"
}

[ $# = 1 ] || stop 2 "usage: docker-image NAME"
written=$(printf %s "$1" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')
case $written in '' | -* | *[!][A-Za-z0-9._/:@-]*) stop 2 "'$written' is no name of an image" ;; esac
name=$(normalised "$written")
lab=$(cat "$ETC/lab") || stop 4 "this node does not know whose it is"
namespace=$(printf %s "$RIS_NAMESPACE" | sed "s/{lab}/$lab/")
for pair in $RIS_NAMESPACES; do
    [ "${pair%%=*}" != "$lab" ] || namespace=${pair#*=}
done
tag=ref-$(printf %s "$name" | sha256sum | cut -c 1-32)
region=${RIS_REGISTRY#*.dkr.ecr.}
digest=$(timeout -k 5 30 aws ecr batch-get-image --region "${region%%.*}" --registry-id "${RIS_REGISTRY%%.*}" \
    --repository-name "$namespace/images" --image-ids "imageTag=$tag" \
    --query 'images[0].imageId.imageDigest' --output text 2>&1) || case $digest in
*RepositoryNotFoundException*) ;;
*) stop 4 "$RIS_REGISTRY does not answer for $name: $digest" ;;
esac
digest=$(printf '%s\n' "$digest" | tail -n 1) # warnings go before
case $digest in
sha256:*) printf '%s/%s/images@%s\n' "$RIS_REGISTRY" "$namespace" "$digest" ;;
*) stop 3 "$name of $lab is not copied to the cloud, or held back by its scan: ris-hybrid images status" ;;
esac
