#!/usr/bin/env bash
# The demo: profile a pipeline of four operators on a phantom's CT series, with a model that a Triton
# Inference Server holds; then see whether the spleen was found where it was drawn.
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
triton_image=cpost-demo/tritonserver:2.51.0

say() { echo "demo: $*"; }
fail() {
    say "$*" >&2
    exit 1
}

# Set "engine" to what executes the operators, and "triton" to 1 where a server can stand beside.
find_engine() {
    local exports
    engine=process
    triton=
    if tools/engine.sh up && exports=$(tools/engine.sh env); then
        eval "$exports"
        if "$python" tools/demo_image.py; then
            engine=docker
            if "$python" tools/triton_image.py; then triton=1; fi
        fi
    fi
    [ -n "$triton" ] || say "no Triton here: the model's code is executed in the operator instead"
    [ $engine = process ] || return 0
    say "no containers: the operators are executed as plain processes, without isolation"
    # In a container the image says where the operators are.
    export PATH=$PWD/demo/operators/bin:$PWD/.venv/bin:$PATH PYTHONPATH=$PWD/demo
}

make_payload() {
    if [ -d "$payload" ]; then return; fi
    say "making a payload of $slices slices of $size x $size pixels in $payload"
    rm -rf "$payload.unfinished"
    "$python" demo/make_payload.py --slices "$slices" --size "$size" "$payload.unfinished"
    mv "$payload.unfinished" "$payload"
}

# Execute a definition of demo/ with further options; all it leaves is below $out, in its name.
profile() { # NAME OPTION...
    local name=$1 results=$out/$1 code=0 not_passed
    shift
    rm -rf "$results/outputs"
    mkdir -p "$results"
    local command=(.venv/bin/cpost "$@" --metrics_dir "$results/metrics"
        --json "$results/result.json" --keep_outputs "$results/outputs"
        --record_dir "$out/record" --interval 0.05 --force cont "demo/$name.yaml" "$payload")
    say "${command[*]}"
    "${command[@]}" || code=$?
    [ "$code" -eq $operator_failed ] ||
        fail "cpost ended with exit code $code, not $operator_failed: something is wrong"
    not_passed=$("$python" -c '
import json, sys
with open(sys.argv[1]) as file:
    print(*(one["name"] for one in json.load(file)["operators"] if one["state"] != "pass"))
' "$results/result.json")
    [ "$not_passed" = $failing ] || fail "these should not have failed: $not_passed"
    say "exit code $operator_failed is right: $failing fails on purpose"
    "$python" demo/check_result.py "$results/outputs" --slices "$slices" --size "$size"
}

find_engine
make_payload
if [ -n "$triton" ]; then
    profile spleen-pipeline --models_dir demo/models
    log=$out/model-repo.log
    say "the same with a model instead of a service; what cpost prints is in $log"
    # In a shell of its own: where it fails, its last words are shown first.
    if ! (profile spleen-pipeline-model-repo --models_dir demo/models \
        --triton_image $triton_image) >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        exit 1
    fi
    tail -n 1 "$log"
else
    profile without-triton --engine $engine
fi
