#!/usr/bin/env bash
# Makes what the testbed's machine boots from: `build-root.sh FOLDER` leaves in FOLDER
#
#   vmlinuz, initrd   Debian's cloud kernel and the drivers it needs to find its disk
#   root.img          the root file system: systemd, Docker, Podman, Python and its packages
#
# The caller is root and stands in the top folder of the checkout; FOLDER exists and is empty.
set -euo pipefail

target=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
release=bookworm
root=$target/root
tester_uid=1000 # also in in_machine.sh
# The mirror of this host's apt if it has this release, else the distribution's own.
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
    "Created-By: Packages" "Codename: $release" "Origin: Debian" | head -n 1)

say() { printf 'cgroup2: %s\n' "$*" >&2; }

in_root() { chroot "$root" "$@"; }

# pip of the machine to be, with the network and the settings (index, certificates) of this one:
# it chooses what fits its own Python, which need not be the version that is installed here.
guest_pip() {
    PYTHONHOME=$root/usr "$root/lib64/ld-linux-x86-64.so.2" \
        --library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/python3" -m pip "$@"
}

offline_pip() {
    in_root /opt/venv/bin/pip --quiet --quiet install --no-index --find-links /opt/wheels "$@"
}

install_debian() {
    # The kernel is unpacked, not installed: nobody in there updates it or makes its initramfs.
    # --keep-directory-symlink: /lib is a link to /usr/lib, which the package does not know.
    local unpack_kernel='
        set -eu
        cd "$1/tmp"
        export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
        apt-get -qq download "$(apt-cache depends linux-image-cloud-amd64 |
            sed -n "s/.*Depends: \(linux-image-[0-9]\)/\1/p")"
        dpkg-deb --fsys-tarfile linux-image-*.deb | tar -x --keep-directory-symlink -C "$1"
        rm linux-image-*.deb
        chroot "$1" depmod "$(ls "$1/lib/modules")"'
    mmdebstrap --quiet --variant=minbase \
        --include=systemd,systemd-sysv,dbus,udev,kmod,iproute2,procps,busybox-static \
        --include=docker.io,containerd,runc,iptables,ca-certificates \
        --include=podman,crun,netavark,aardvark-dns,catatonit \
        --include=uidmap,slirp4netns,dbus-user-session,libpam-systemd \
        --include=python3,python3-pip,python3-venv \
        --customize-hook="$unpack_kernel" \
        "$release" "$root" ${mirror:+"$mirror"}
}

install_python_packages() {
    local site=$root/opt/venv/lib/python3.11/site-packages
    local wanted=$root/tmp/requirements
    mkdir -p "$root/opt/wheels" "$wanted/demo"
    cp requirements.txt "$wanted"
    cp demo/requirements.txt "$wanted/demo"
    python3 tools/cgroup2/recipe.py >"$wanted/requirements-dev.txt"
    # The wheels stay: tools/demo_image.py may want them, and the machine has no network.
    guest_pip --quiet --quiet download --dest "$root/opt/wheels" \
        --requirement "$wanted/requirements-dev.txt"
    in_root python3 -m venv /opt/venv
    # Of these the server's own parts are wanted alone, not what its clients need.
    guest_pip --quiet --quiet download --no-deps --dest "$root/opt/wheels" \
        --requirement demo/triton/requirements.txt
    offline_pip --requirement /tmp/requirements/requirements-dev.txt

    # The checkout comes at each boot (see testbed-run); installed is but the way to it.
    echo /opt/handed-in/checkout/src >"$site/cpost.pth"
    printf '%s\n' '#!/opt/venv/bin/python' 'import sys' 'from cpost.cli import main' \
        'sys.exit(main())' >"$root/opt/venv/bin/cpost"
    chmod +x "$root/opt/venv/bin/cpost"
}

# The base image a machine without a registry needs; `prime.sh` gives it to the engines.
make_container_image() {
    mkdir -p "$root/var/lib/testbed"
    # Without what nobody reads there: each file costs time when it is imported. Triton's backend
    # is linked to Python's library.
    mmdebstrap --quiet --variant=minbase --include=python3,libpython3.11 \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$release" "$root/var/lib/testbed/python.tar" ${mirror:+"$mirror"}
}

settle_system() {
    cp -r "$here/guest/etc" "$here/guest/usr" "$root"
    echo testbed >"$root/etc/hostname"
    printf '127.0.0.1 localhost testbed\n' >"$root/etc/hosts"
    : >"$root/etc/resolv.conf"
    in_root systemd-machine-id-setup
    in_root useradd --uid "$tester_uid" --create-home --groups docker tester
    # What a rootless engine gives to the users in its containers.
    echo tester:100000:65536 | tee "$root/etc/subuid" >"$root/etc/subgid"
    in_root systemctl --quiet --global enable podman.socket
}

make_initramfs() {
    local tree=$root/tmp/initramfs version count=0 module
    version=$(ls "$root/lib/modules")
    mkdir -p "$tree/bin" "$tree/dev" "$tree/root" "$tree/modules"
    cp "$root/bin/busybox" "$tree/bin"
    cp "$here/guest/init" "$tree/init"
    # In the order in which they must be loaded; the number keeps it.
    while read -r _ module; do
        count=$((count + 1))
        cp "$root$module" "$tree/modules/$(printf '%02d' $count)-${module##*/}"
    done < <(for module in virtio_pci virtio_blk; do
        in_root modprobe --set-version "$version" --show-depends $module
    done | awk '!seen[$2]++')
    in_root sh -c 'cd /tmp/initramfs && find . | busybox cpio -o -H newc' 2>/dev/null |
        gzip >"$target/initrd"
    cp "$root"/boot/vmlinuz-* "$target/vmlinuz"
}

make_disk() {
    find "$root/tmp" -mindepth 1 -delete
    rm -rf "$root/boot" "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale"
    mkdir "$root/boot"
    mke2fs -q -t ext4 -d "$root" "$target/root.img" 8G
    rm -r "$root"
}

say "Debian $release"
install_debian
say "Python packages"
install_python_packages
say "container image"
make_container_image
say "disk"
settle_system
make_initramfs
make_disk
