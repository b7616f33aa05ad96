#!/usr/bin/env bash
# What the machine executes: starts the engines of its part, executes the command that was handed
# in, hands the results back, powers off.
#
# In:   `environment` and `command` (shell scripts) beside the checkout that this script lies in.
# Out:  /dev/vdc, a tar: whatever the command left in $CPOST_RESULTS, its `output.log`, the
#       `exit_status` (without it the host takes the boot for failed), `timings`, `processors` and
#       `journal.log`.
# Live: /dev/ttyS1 shows what the command prints.
set -u -o pipefail

checkout=$(realpath "$(dirname "$0")/../..")
export CPOST_RESULTS=/run/results
# A user of the docker group who is not root, and who owns the rootless engine.
export CPOST_CGROUP2_TESTER=tester
# In here nothing may be left out: a test that finds no cgroup v2 host must fail.
export CPOST_REQUIRE_CGROUP2=1
uid=1000
user_runtime=/run/user/$uid

note() { # WHAT: the moment, in seconds since the kernel started
    printf '%8s  %s\n' "$(cut -d ' ' -f 1 /proc/uptime)" "$1" >>"$CPOST_RESULTS/timings"
}

who_used_the_processors() { # seconds of each service, the most first
    local file
    for file in /sys/fs/cgroup/{init.scope,user.slice,system.slice/*}/cpu.stat; do
        awk -v name="${file#/sys/fs/cgroup/}" \
            '$1 == "usage_usec" { printf "%8.1f  %s\n", $2 / 1e6, name }' "$file"
    done | sed 's|/cpu.stat$||' | sort -rn | head -n 12
}

power_off() {
    # Not by way of systemd: stopping every service costs seconds of which nobody has any use.
    # Read-only first, so that a disk which is kept (see prime.sh) is a clean one; the kernel does
    # that in the background.
    sync
    echo u >/proc/sysrq-trigger
    sleep 0.5
    echo o >/proc/sysrq-trigger
    read -r _ </dev/ttyS1 # until it is off; whatever is loaded now would fail on the lost disk
}

# A user of a rootless engine may not load what its networks need.
start_podman() {
    modprobe -qa tun veth bridge overlay nf_tables nft_compat nft_chain_nat nft_counter \
        xt_MASQUERADE xt_addrtype xt_comment xt_conntrack xt_mark xt_multiport || true
    systemctl start podman.socket "user@$uid.service"
}

start_engines() {
    local part=${CPOST_CGROUP2_PART:-all} docker podman address
    docker=unix:///run/docker.sock,unix:///run/docker-cgroupfs.sock
    podman=unix:///run/podman/podman.sock
    export CPOST_CGROUP2_ROOTLESS=unix://$user_runtime/podman/podman.sock
    case $part in
    docker) CPOST_CGROUP2_ENGINES=$docker ;;
    podman) CPOST_CGROUP2_ENGINES=$podman ;;
    all) CPOST_CGROUP2_ENGINES=$docker,$podman ;;
    esac
    export CPOST_CGROUP2_ENGINES
    case $part in docker | all) systemctl start docker.service docker-cgroupfs.service ;; esac
    case $part in podman | all) start_podman ;; esac
    for address in ${CPOST_CGROUP2_ENGINES//,/ }; do
        docker --host "$address" version >/dev/null 2>&1 || {
            echo "the engine at $address does not answer; see journal.log"
            return 1
        }
    done
}

execute() {
    start_engines || return 125
    note "engines ready"
    cd "$checkout" && bash ../command
}

mkdir -p "$CPOST_RESULTS"
chmod 1777 "$CPOST_RESULTS" # the plain user has results, too
note "services started"
ln -s /opt/venv "$checkout/.venv" # where the project's own scripts look for it
chown -R "$CPOST_CGROUP2_TESTER:" "$checkout"
. "$checkout/../environment"

stty -F /dev/ttyS1 raw -echo
execute </dev/null 2>&1 | tee "$CPOST_RESULTS/output.log" >/dev/ttyS1
status=$?
note "command ended"
systemd-analyze blame >"$CPOST_RESULTS/boot.log" 2>&1
who_used_the_processors >"$CPOST_RESULTS/processors"
journalctl --boot --no-pager >"$CPOST_RESULTS/journal.log"
echo "$status" >"$CPOST_RESULTS/exit_status"
tar -c -f /dev/vdc -C "$CPOST_RESULTS" .
power_off
