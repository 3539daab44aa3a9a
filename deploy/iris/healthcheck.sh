#!/usr/bin/env bash
# Healthy when the model answers for a stored patient, over the API and with the account that Radiograph uses. Each
# session is a licence slot, so it keeps the cookies and logs out.
set -euo pipefail
shopt -s nocasematch
api=${HEALTH_URL:-http://localhost:52773}/api/atelier
jar=$(mktemp)
trap 'curl -sS -o /dev/null --max-time 5 -I -b "$jar" "$api/?CacheLogout=end" || true; rm -f "$jar"' EXIT
if [[ -n ${IRIS_PASSWORD_FILE:-} ]]; then IRIS_PASSWORD=$(<"$IRIS_PASSWORD_FILE"); fi
# By standard input: arguments of processes are for everybody to see.
quoted=${IRIS_PASSWORD//\\/\\\\}
quoted=${quoted//\"/\\\"}
answer=$(printf 'user = "%s:%s"\n' "$IRIS_USER" "$quoted" | curl -fsS --max-time 12 -K - -b "$jar" -c "$jar" \
  -H 'content-type: application/json' -H 'accept: application/json' \
  --data '{"query":"SELECT PROBABILITY(IcuAdmission FOR 1) AS Probability FROM Icu.Observation WHERE PatientId = ?","parameters":["1"]}' \
  "$api/v1/USER/action/query?max=1")
# IRIS tells faults of SQL with status 200 too.
if [[ ! $answer =~ \"probability\":\ *\"?[0-9.][0-9.e-]*\"?\ *[,}] ]]; then
  echo 'The model gives no probability' >&2
  exit 1
fi
