#!/usr/bin/env bash
# Python with the packages of requirements.lock; the first run installs them. The arguments are those of python.
set -euo pipefail
cd "$(dirname "$0")/../.."
room=serving/training

# The copy of the lock comes last: a half-made environment, or one of another lock, is made anew.
if ! cmp -s $room/requirements.lock $room/.venv/requirements.lock; then
  for python in python3.11 python3 ''; do
    "${python:-false}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
  done
  if [ -z "$python" ]; then
    echo "Expected Python 3.11 or later; found neither python3.11 nor such a python3" >&2
    exit 1
  fi
  echo "Installing $room/requirements.lock with $python: about 7 GB" >&2
  "$python" -m venv --clear $room/.venv
  $room/.venv/bin/pip install --quiet --require-hashes -r $room/requirements.lock
  cp $room/requirements.lock $room/.venv/
fi
export TF_CPP_MIN_LOG_LEVEL="${TF_CPP_MIN_LOG_LEVEL:-2}"
exec $room/.venv/bin/python "$@"
