#!/usr/bin/env bash
# All tests, with the engine that tools/engine.sh can give.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
if tools/engine.sh up; then
    exports=$(tools/engine.sh env)
    eval "$exports"
else
    echo "test: no engine, so the tests that need one are skipped"
fi
# The package's own service would open a port of a machine that systemd runs, so it is left to its
# owner there; the tests of engines over ssh then say what they lack.
if ! PATH=$PATH:/usr/sbin command -v sshd >/dev/null && [ ! -d /run/systemd/system ]; then
    tools/apt_install.sh "the test of engines over ssh" openssh-server openssh-client || true
fi
coverage=.venv/bin/coverage
"$coverage" erase
"$coverage" run -m pytest tests
"$coverage" report
