#!/usr/bin/env bash
# `make test-cgroup2`: two machines at once, one for each kind of engine, or this host if it will do.
# Results (JUnit files, logs, consoles) are left in build/cgroup2; words are handed on to each boot.
set -u
results=${CPOST_CGROUP2_RESULTS:-build/cgroup2}
cgroup2=(.venv/bin/python -m cgroup2)
suite=tools/cgroup2/suite.sh
limit_s=2400 # for a machine that hangs; one that is merely slow gets it done
export PYTHONPATH=tools

# Never returns: a background job is then the process itself, and can be ended.
run() { # PART WORD...
    exec "${cgroup2[@]}" run --part "$1" --results "$results/$1" --limit $limit_s "${@:2}" \
        -- $suite "$1"
}

case " $* " in
*" --machine "*) ;;
*) "${cgroup2[@]}" needed || exec "${cgroup2[@]}" run --results "$results/here" "$@" -- $suite here ;;
esac

"${cgroup2[@]}" image >/dev/null || exit
mkdir -p "$results"
# Its story is told when the other one's is: two at once nobody can read.
run podman "$@" >"$results/podman.output" 2>&1 &
podman=$!
trap 'kill $podman 2>/dev/null' EXIT
status=0
(run docker "$@") || status=$?
wait $podman || status=$?
trap - EXIT
cat "$results/podman.output"
exit $status
