#!/usr/bin/env bash
# What `make test-cgroup2` executes, in a machine or on a host that needs none: `suite.sh PART`
#
#   docker  the tests with the Docker engines, by root and by a user of the docker group; the demo
#   podman  those of cpost itself with Podman, by root and by the user of a rootless one
#   here    the tests by whoever we are, with the engine that is there; the demo
set -u
part=$1
status=0
tester=${CPOST_CGROUP2_TESTER:-}

# Without a cache, which two users would share, and without what no test here needs: each import
# is slow on an emulated processor.
pytest=(.venv/bin/python -m pytest --confcutdir=tests/cgroup2 -p no:cacheprovider
    -p no:hypothesispytest --durations=8 --durations-min=2)

note() {
    [ -z "$tester" ] || printf '%8s  %s\n' "$(cut -d ' ' -f 1 /proc/uptime)" "$1" \
        >>"$CPOST_RESULTS/timings"
}

tests() { # NAME WORD...
    echo "== tests, $1"
    "${@:2}" --junit-xml "$CPOST_RESULTS/junit-$1.xml" || status=1
    note "tests of $1 ended"
}

as_tester() {
    runuser -u "$tester" -- env HOME="/home/$tester" XDG_RUNTIME_DIR="/run/user/$(id -u "$tester")" \
        "$@"
}

demo() {
    echo "== demo"
    SLICES=${SLICES:-40} SIZE=${SIZE:-128} OUT=$CPOST_RESULTS/demo tools/demo.sh || status=1
    note "demo ended"
}

case $part in
docker)
    tests docker-root "${pytest[@]}" tests/cgroup2
    # What is the same for everybody has been tested.
    tests docker-user as_tester "${pytest[@]}" -m as_docker_user tests/cgroup2
    demo
    ;;
podman)
    tests podman-root "${pytest[@]}" tests/cgroup2/test_product.py
    tests podman-rootless as_tester env CPOST_CGROUP2_ENGINES="$CPOST_CGROUP2_ROOTLESS" \
        "${pytest[@]}" tests/cgroup2/test_product.py
    ;;
here)
    tests "$(id -un)" "${pytest[@]}" tests/cgroup2
    demo
    ;;
esac
exit $status
