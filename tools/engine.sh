#!/usr/bin/env bash
# The container engine of the demo and the tests: tools/engine.sh up|down|status|env
#
#   up      use the engine that answers; else start a private one, installed where it is missing
#   down    stop the private one; its images stay for the next time
#   status  say which engine answers
#   env     print what a shell must evaluate to reach it: eval "$(tools/engine.sh env)"
#
# Everything of the private engine is in .cache/engine of this clone: nothing of the system's own
# Docker is touched, and each clone has its own. Exit code 1: there is no engine.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
home=$root/.cache/engine
id=$(printf %s "$home" | cksum | cut -d ' ' -f 1)
run=$home/run
# A unix socket's path has 107 characters at most, and containerd adds up to 35 to this one.
[ ${#run} -le 70 ] || run=/run/cpost-engine-$id
socket=$run/docker.sock
pid_file=$run/docker.pid
log=$home/dockerd.log
bridge=cpost$id
private=unix://$socket
start_timeout_s=60
stop_timeout_s=30

say() { echo "engine: $*"; }
complain() { echo "engine: $*" >&2; }

probe() { "$root/.venv/bin/python" "$root/tools/engine_probe.py"; }

probe_private() {
    [ -S "$socket" ] || return 1
    env -u DOCKER_TLS_VERIFY -u DOCKER_CERT_PATH DOCKER_HOST="$private" \
        "$root/.venv/bin/python" "$root/tools/engine_probe.py" 2>&1
}

# Whether process $1 is the program $2 with the argument $3: process numbers are used again.
is_process() {
    [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] &&
        tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qxF -- "$3"
}

# Print the private dockerd's process number; nothing where it is not alive.
daemon_pid() {
    local pid
    pid=$(cat "$pid_file" 2>/dev/null) || return 0
    if is_process "$pid" dockerd "--pidfile=$pid_file"; then echo "$pid"; fi
}

# Print the numbers of what a killed dockerd leaves alive: its containerd and the shims.
orphans() {
    local process
    for process in /proc/[0-9]*; do
        if is_process "${process#/proc/}" containerd "$run/containerd/containerd.toml" ||
            is_process "${process#/proc/}" containerd-shim "$run/containerd/containerd.sock"; then
            echo "${process#/proc/}"
        fi
    done
}

install_docker() {
    local command
    for command in dockerd containerd runc iptables ip; do
        # /usr/sbin is not in everybody's PATH.
        if ! PATH=$PATH:/usr/sbin:/sbin command -v "$command" >/dev/null; then
            "$root/tools/apt_install.sh" "engine" docker.io containerd runc iptables iproute2 \
                9>&-
            return
        fi
    done
}

# The private engine's default network has a bridge of its own: two engines on one docker0 would
# give the same addresses twice.
make_bridge() {
    local n subnet
    ip link show "$bridge" >/dev/null 2>&1 && return
    for n in $(seq 0 255); do
        subnet=10.213.$(((id + n) % 256))
        if [ -z "$(ip -4 route show to root "$subnet.0/24")" ] &&
            [ -z "$(ip -4 route show to match "$subnet.0/24" | sed '/^default/d')" ]; then
            ip link add name "$bridge" type bridge
            ip addr add "$subnet.1/24" dev "$bridge"
            ip link set "$bridge" up
            return
        fi
    done
    complain "no free addresses for a network"
    return 1
}

remove_bridge() {
    local table rule
    ip link show "$bridge" >/dev/null 2>&1 || return 0
    ip link delete "$bridge"
    for table in filter nat; do
        iptables -t "$table" -S | grep -wF -- "$bridge" | while read -r rule; do
            # shellcheck disable=SC2086
            iptables -t "$table" -D ${rule#-A }
        done || true
    done
}

# Print the process number of a program that was started with its output appended to file $1. It
# lives on when the terminal closes, and holds nothing open that whoever calls has open.
start_detached() {
    "$root/.venv/bin/python" -c '
import subprocess, sys
with open(sys.argv[1], "ab") as log:
    print(subprocess.Popen(
        sys.argv[2:], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    ).pid)' "$@"
}

start_private() {
    local launched deadline answer=
    sweep
    mkdir -p "$run"
    make_bridge
    : >"$log"
    launched=$(start_detached "$log" dockerd --host="$private" --bridge="$bridge" \
        --data-root="$home/data" --exec-root="$run" --pidfile="$pid_file" \
        --containerd-namespace="cpost-$id" --containerd-plugins-namespace="cpost-$id-plugins")
    deadline=$((SECONDS + start_timeout_s))
    until answer=$(probe_private); do
        if ! kill -0 "$launched" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
            complain "the private engine does not answer${answer:+: $answer}; the end of $log:"
            tail -n 3 "$log" >&2
            kill -TERM "$launched" 2>/dev/null || true
            stop_private
            return 1
        fi
        sleep 0.2
    done
}

# Remove what a private engine that is not alive any more left behind.
sweep() {
    local pid mount
    for pid in $(orphans); do
        # A shim's children are its container's first processes: with them, all the others end.
        # shellcheck disable=SC2046
        kill -KILL $(cat "/proc/$pid/task/$pid/children") "$pid" 2>/dev/null || true
    done
    # The last mounted lies on top; a blank in a path is written as \040.
    tac /proc/self/mounts | cut -d ' ' -f 2 | while read -r mount; do
        mount=$(printf %b "$mount")
        case $mount in "$run"/* | "$home"/*) umount --lazy "$mount" ;; esac
    done
    rm -rf --one-file-system "$run"
}

stop_private() {
    local pid deadline
    pid=$(daemon_pid)
    if [ -n "$pid" ]; then
        kill -TERM "$pid"
        deadline=$((SECONDS + stop_timeout_s))
        while [ -n "$(daemon_pid)" ]; do
            if [ $SECONDS -ge $deadline ]; then
                kill -KILL "$pid"
                break
            fi
            sleep 0.1
        done
    fi
    sweep
    remove_bridge
}

# One at a time in this clone.
lock() {
    mkdir -p "$home"
    exec 9>"$home/lock"
    flock 9
}

up() {
    local answer
    if answer=$(probe 2>&1); then
        say "using the one at $answer"
        return
    fi
    [ -z "${DOCKER_HOST:-}" ] || say "$answer"
    if answer=$(probe_private); then
        say "using this project's private one, $answer"
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        complain "none answers, and only root can start one; for a real one:" \
            "sudo apt-get install docker.io && sudo usermod -aG docker \$USER, or: sudo make ..."
        return 1
    fi
    lock
    if answer=$(probe_private); then # somebody else in this clone was quicker
        say "using this project's private one, $answer"
        return
    fi
    install_docker
    if answer=$(probe 2>/dev/null); then # some distributions start it when it is installed
        say "using the one just installed, $answer"
        return
    fi
    say "none answers, starting a private one (make engine-down stops it)"
    PATH=$PATH:/usr/sbin:/sbin start_private
    say "using this project's private one, $(probe_private)"
}

down() {
    if [ ! -e "$pid_file" ] && [ ! -d "$run" ]; then
        say "no private one is up"
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        complain "the private one was started by root: sudo make engine-down"
        return 1
    fi
    lock
    PATH=$PATH:/usr/sbin:/sbin stop_private
    say "private one stopped"
}

status() {
    local answer
    if answer=$(probe 2>&1) || answer=$(probe_private); then
        say "$answer answers"
    else
        complain "none answers; start a private one with: make engine-up"
        return 1
    fi
}

print_env() {
    if ! probe >/dev/null 2>&1; then
        probe_private >/dev/null || return 1
        echo "export DOCKER_HOST=$private; unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH"
    fi
}

case ${1:-} in
up) up ;;
down) down ;;
status) status ;;
env) print_env ;;
*)
    echo "usage: tools/engine.sh up|down|status|env" >&2
    exit 2
    ;;
esac
