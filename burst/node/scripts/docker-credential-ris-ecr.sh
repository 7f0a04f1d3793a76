#!/bin/sh
# Docker's credential helper for ECR: a fresh password by the instance role for every pull, kept nowhere.
# Protocol: the registry on stdin, {"ServerURL", "Username", "Secret"} on stdout.
set -eu
[ "${1:-}" = get ] || exit 0 # store and erase: nothing is kept
read -r server || [ -n "$server" ]
registry=${server#https://}
region=${registry#*.dkr.ecr.}
secret=$(aws ecr get-login-password --region "${region%%.*}")
printf '{"ServerURL": "%s", "Username": "AWS", "Secret": "%s"}\n' "$server" "$secret"
