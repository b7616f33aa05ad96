#!/bin/sh
# Make the virtual environment in .venv, with cpost and all that the demo and the tests need.
# PYTHON is the interpreter to make it from (default: python3).
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
python=${PYTHON:-python3}
venv=$root/.venv
complete=$venv/.complete
cd "$root"

if ! command -v "$python" >/dev/null; then
    echo "setup: no $python here; name another with: make PYTHON=..." >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    echo "setup: $("$python" --version) is too old, 3.10 is needed; name another with: make PYTHON=..." >&2
    exit 1
fi

# An environment that was moved, or whose Python was removed, is of no use any more.
if [ "$(cat "$complete" 2>/dev/null)" != "$root" ] ||
    ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    # Debian keeps these two in a package of their own.
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        tools/apt_install.sh "the virtual environment" python3-venv
    fi
    echo "setup: making .venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
fi

echo "setup: installing what requirements-dev.txt names, and cpost"
pip() { "$venv/bin/python" -m pip --quiet --quiet --disable-pip-version-check "$@"; }
pip install --requirement requirements-dev.txt
# Everything a build needs is there by now: nothing is fetched a second time.
pip install --no-deps --no-build-isolation --use-pep517 --editable .
echo "$root" >"$complete"
