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
coverage=.venv/bin/coverage
"$coverage" erase
"$coverage" run -m pytest tests
"$coverage" report
