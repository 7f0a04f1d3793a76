#!/bin/sh
# Makes .venv. Debian ships python3 without ensurepip: then python3-venv is asked for, or installed when we may.
set -eu
if python3 -c 'import ensurepip' 2>/dev/null; then
    exec python3 -m venv .venv
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "== python3 has no ensurepip: installing python3-venv"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    exec python3 -m venv .venv
fi
echo "python3 cannot make a virtual environment here: run 'apt-get install python3-venv' as root, then again" >&2
exit 1
