#!/usr/bin/env bash
# While the image is built: tables, rows, the role, and a model that is trained and answers. Ends with 1 when a step
# failed or is missing, since the end of a session of IRIS says nothing of the statements in it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
iris start IRIS
iris session IRIS <"$here/init.script" | tee "$log" || true
iris stop IRIS quietly
bash "$here/expect-steps.sh" "$log" role schema rows grants create train validate predict
