#!/bin/sh
# Install packages of the distribution: tools/apt_install.sh WHAT_FOR PACKAGE...
# Says so in one line. Ends with 1 and says what to type where it cannot be done.
set -eu

what_for=$1
shift
if ! command -v apt-get >/dev/null; then
    echo "$what_for needs $* (as Debian calls it), and this system has no apt-get" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "$what_for needs: sudo apt-get install $*" >&2
    exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
wait_for_others="-o DPkg::Lock::Timeout=120"
echo "$what_for: installing $*" >&2
# A list that cannot be fetched does no harm as long as the packages can be found.
# shellcheck disable=SC2086
apt-get $wait_for_others update >"$log" 2>&1 || true
# shellcheck disable=SC2086
if ! apt-get $wait_for_others install --yes --no-install-recommends "$@" >>"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    echo "$what_for needs $*, which apt-get could not install" >&2
    exit 1
fi
