# The first command a new machine executes, in the checkout: give the engines the images that tests
# and demo would otherwise have to make at each boot.
set -eu
base=/var/lib/testbed/python.tar

say() { echo "cgroup2: $* (at $(cut -d ' ' -f 1 /proc/uptime) s)"; }

# The name is the one tools/base_image.py looks for.
import_base() { docker --host "$1" import "$base" cpost-base/python:3.11 >/dev/null; }

# The demo needs one engine only: meanwhile the other ones get what they need.
IFS=, read -r first others <<<"$CPOST_CGROUP2_ENGINES"
import_base "$first"
say "base image imported"
for address in ${others//,/ }; do
    import_base "$address" &
    jobs+=($!)
done
python tools/demo_image.py
for job in "${jobs[@]}"; do
    wait "$job"
done
say "all images made"
rm "$base"
# What an engine has not closed it repairs at each start.
systemctl stop docker.socket docker.service docker-cgroupfs.service containerd.service
