#!/usr/bin/env bash
# Builds what Lambda runs from the code in the working folder: the code, what it requires, and bytecode.
#
# usage: build.sh REQUIREMENTS TARGET MOUNT    (MOUNT: where Lambda puts TARGET, for tracebacks)
#
# Works on a host with any Python, because nothing that ships is built here: only wheels for Lambda's own
# platform are taken, by hash. Bytecode needs the runtime's Python: PYTHON_RUNTIME, PATH or pyenv.
set -euo pipefail

readonly RUNTIME=3.13
# Another one is for tests and benchmarks, which run here what was built.
readonly ARCHITECTURE=${ARCHITECTURE:-aarch64}
# The runtime is Amazon Linux 2023 with glibc 2.34, and these are the platforms of wheels for glibc 2.28 and 2.17.
readonly platforms=(--platform "manylinux_2_28_$ARCHITECTURE" --platform "manylinux2014_$ARCHITECTURE")
readonly requirements=$1 target=$2 mount=$3
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

is_runtime() {
    "$1" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$RUNTIME')" 2>/dev/null
}

find_runtime() {
    local candidate
    for candidate in "python$RUNTIME" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$RUNTIME".*/bin/python; do
        if is_runtime "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

if [[ -n ${PYTHON_RUNTIME:-} ]]; then
    runtime=$PYTHON_RUNTIME
    if ! is_runtime "$runtime"; then
        echo "PYTHON_RUNTIME=$runtime is not Python $RUNTIME, which the functions run on." \
            "Name one, or unset it to have one looked for." >&2
        exit 1
    fi
else
    runtime=$(find_runtime)
fi

mkdir -p "$target"
cp -R . "$target"
rm -f "$target"/requirements.{in,txt}

python=python3
[[ -x $root/.venv/bin/python ]] && python=$root/.venv/bin/python
if [[ -f $requirements ]]; then
    # pip compares what a package requires with its own Python, not with the runtime's; the lock has done that.
    "$python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
        --ignore-requires-python \
        --only-binary=:all: "${platforms[@]}" --implementation cp --python-version "$RUNTIME" \
        --requirement "$requirements" --target "$target"
    rm -rf "${target:?}/bin"
    # Their checksums would tell where the Python lies that has installed them.
    for record in "$target"/*.dist-info/RECORD; do
        grep -v '^\.\./\.\./bin/' "$record" >"$record.new"
        mv "$record.new" "$record"
    done
fi
if [[ -d $target/botocore ]]; then
    "$python" "$root/functions/prune_botocore.py" "$target"
fi

find "$target" -type d \( -name __pycache__ -o -name tests \) -prune -exec rm -rf {} +
if [[ -n $runtime ]]; then
    # Unchecked: a function's files never change, and zipping changes their times.
    "$runtime" -m compileall -q --invalidation-mode unchecked-hash -s "$target" -p "$mount" "$target"
else
    # On standard output, because SAM shows the other one of a failed build only.
    echo "No Python $RUNTIME found, so no bytecode ships and cold starts take about twice as long." \
        "Set PYTHON_RUNTIME to a python$RUNTIME to change that."
fi
