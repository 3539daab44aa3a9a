#!/usr/bin/env bash
# expect-steps.sh LOG STEP…: ends with 1 unless the log has a line "STEP <name> OK" for each and none of another outcome.
set -euo pipefail
log=$1
shift
failed=0
for step in "$@"; do
  if ! grep -qE "^STEP $step OK\b" "$log"; then
    echo "The step $step did not succeed" >&2
    failed=1
  fi
done
if grep -E '^STEP ' "$log" | grep -vqE '^STEP [a-z]+ OK\b'; then
  echo 'A step failed' >&2
  failed=1
fi
exit "$failed"
