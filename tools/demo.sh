#!/usr/bin/env bash
# The demo: profile a pipeline of four operators on a phantom's CT series.
# SLICES and SIZE (pixels a side) make a larger payload; OUT is where everything is written.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
slices=${SLICES:-240}
size=${SIZE:-320}
out=${OUT:-demo/out}
payload=$out/payload-${slices}x$size
python=$PWD/.venv/bin/python
failing=register-volume-images-for-rendering
operator_failed=6 # cpost's exit code

say() { echo "demo: $*"; }

engine=docker
if tools/engine.sh up && exports=$(tools/engine.sh env); then
    eval "$exports"
    "$python" tools/demo_image.py || engine=process
else
    engine=process
fi
options=(--metrics_dir "$out/metrics" --json "$out/result.json" --record_dir "$out/record"
    --interval 0.05 --force cont)
if [ "$engine" = process ]; then
    say "no containers: the operators are executed as plain processes, without isolation"
    options=(--engine process "${options[@]}")
    # In a container the image says where the operators are.
    export PATH=$PWD/demo/operators/bin:$PWD/.venv/bin:$PATH PYTHONPATH=$PWD/demo
fi

if [ ! -d "$payload" ]; then
    say "making a payload of $slices slices of $size x $size pixels in $payload"
    rm -rf "$payload.unfinished"
    "$python" demo/make_payload.py --slices "$slices" --size "$size" "$payload.unfinished"
    mv "$payload.unfinished" "$payload"
fi

command=(.venv/bin/cpost "${options[@]}" demo/spleen-pipeline.yaml "$payload")
say "${command[*]}"
code=0
"${command[@]}" || code=$?
if [ "$code" -ne $operator_failed ]; then
    say "cpost ended with exit code $code, not $operator_failed: something is wrong" >&2
    exit 1
fi
not_passed=$("$python" -c '
import json, sys
with open(sys.argv[1]) as file:
    print(*(one["name"] for one in json.load(file)["operators"] if one["state"] != "pass"))
' "$out/result.json")
if [ "$not_passed" != $failing ]; then
    say "these should not have failed: $not_passed" >&2
    exit 1
fi
say "exit code $operator_failed is right: $failing fails on purpose"
