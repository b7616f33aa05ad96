# The first command a new machine executes, in the checkout: give the engines the images that tests
# and demo would otherwise have to make at each boot.
set -eu
base=/var/lib/testbed/python.tar
# The name is the one tools/base_image.py looks for.
name=cpost-base/python:3.11

say() { echo "cgroup2: $* (at $(cut -d ' ' -f 1 /proc/uptime) s)"; }

# The demo needs one engine only: meanwhile the other ones get what they need.
docker --host unix:///run/docker.sock import "$base" "$name" >/dev/null
say "base image imported"
docker --host unix:///run/docker-cgroupfs.sock import "$base" "$name" >/dev/null &
jobs+=($!)
podman import --quiet "$base" "docker.io/$name" >/dev/null &
jobs+=($!)
(cd / && runuser -u "$CPOST_CGROUP2_TESTER" -- env HOME="/home/$CPOST_CGROUP2_TESTER" \
    XDG_RUNTIME_DIR="/run/user/$(id -u "$CPOST_CGROUP2_TESTER")" \
    podman import --quiet "$base" "docker.io/$name" >/dev/null) &
jobs+=($!)
DOCKER_HOST=unix:///run/docker.sock python tools/demo_image.py
DOCKER_HOST=unix:///run/docker.sock python tools/triton_image.py
for job in "${jobs[@]}"; do
    wait "$job"
done
say "all images made"
rm "$base"
# What an engine has not closed it repairs at each start.
systemctl stop docker.socket docker.service docker-cgroupfs.service containerd.service \
    podman.socket podman.service "user@$(id -u "$CPOST_CGROUP2_TESTER").service"
