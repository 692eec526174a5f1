#!/bin/sh
# Build a virtual environment from requirements.lock. Usage: scripts/setup.sh VENV
#
# Looks for a Python >= 3.12 on PATH, then in pyenv's folder (its shims may not answer), then asks uv. Installs with
# uv when it is there, else with pip: --no-deps because the lock is complete, and because it overrides
# graphene-django's bound on graphql-core, which pip's resolver would refuse.
set -eu
venv=$1
cd "$(dirname "$0")/.."

answers() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        answers "$PYTHON" && { echo "$PYTHON"; return; }
        echo "PYTHON=$PYTHON is not a working Python 3.12 or newer: name another, or leave it out." >&2
        exit 1
    fi
    for name in python3.14 python3.13 python3.12 python3 python; do
        found=$(command -v "$name" 2>/dev/null) && answers "$found" && { echo "$found"; return; }
    done
    for found in $(ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3 2>/dev/null | sort -rV); do
        answers "$found" && { echo "$found"; return; }
    done
    if command -v uv >/dev/null 2>&1; then
        found=$(uv python find '>=3.12' 2>/dev/null) && answers "$found" && { echo "$found"; return; }
    fi
    echo "Counterfoil needs Python 3.12 or newer, and none was found on PATH, in pyenv's folder or by uv: install one," \
        "or name yours with make setup PYTHON=/path/to/python3.13" >&2
    exit 1
}

python=$(find_python)
echo "Building $venv with $("$python" --version) ..."
rm -rf "$venv"
if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --python "$python" "$venv"
    uv pip install --quiet --python "$venv/bin/python" --no-deps --require-hashes -r requirements.lock
    uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
else
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
fi
echo "$venv is ready."
