#!/usr/bin/env bash
# What `make test-cgroup2` executes, in the machine or on a host that needs none: the tests, by
# whoever we are and, in the machine, by a user of its docker group, too; then the demo.
set -u
status=0

# Without a cache: two users would share it.
tests() { # NAME COMMAND...
    echo "== tests, $1"
    "${@:2}" tests/cgroup2 -p no:cacheprovider --junit-xml "$CPOST_RESULTS/junit-$1.xml" || status=1
}

pytest=(.venv/bin/python -m pytest)
tests "$(id -un)" "${pytest[@]}"
tester=${CPOST_CGROUP2_TESTER:-}
if [ -n "$tester" ]; then
    # What is the same for everybody has been tested.
    tests "$tester" runuser -u "$tester" -- env HOME="/home/$tester" \
        "${pytest[@]}" -m as_docker_user
fi

echo "== demo"
SLICES=${SLICES:-40} SIZE=${SIZE:-128} OUT=$CPOST_RESULTS/demo tools/demo.sh || status=1
exit $status
