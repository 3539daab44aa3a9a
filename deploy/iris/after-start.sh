#!/usr/bin/env bash
# At each start: the account of the ICU engine, by IRIS_USER and IRIS_PASSWORD or the file IRIS_PASSWORD_FILE, which are in
# no layer of the image.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
if [[ -n ${IRIS_PASSWORD_FILE:-} ]]; then
  IRIS_PASSWORD=$(<"$IRIS_PASSWORD_FILE")
  export IRIS_PASSWORD
fi
iris session IRIS <"$here/account.script" | tee "$log" || true
bash "$here/expect-steps.sh" "$log" account
