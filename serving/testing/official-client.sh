#!/usr/bin/env bash
# Proves that a client made with the official Python package of TensorFlow Serving works unchanged. By hand only: it
# needs Python 3.11 and downloads 260 MB, of which it keeps TensorFlow's compiled protos. Usage: official-client.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
mkdir -p "$work/models"

if [ ! -x "$work/venv/bin/python" ]; then
  python3 -m venv "$work/venv"
  pip() { "$work/venv/bin/pip" --quiet --disable-pip-version-check "$@"; }
  pip install --no-deps tensorflow-serving-api==2.19.1
  pip install grpcio==1.85.3 protobuf==6.33.6 numpy==2.4.6
  pip download --no-deps tensorflow-cpu==2.20.0 --dest "$work"
  "$work/venv/bin/python" - "$work" <<'PYTHON'
import pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
(wheel,) = work.glob("tensorflow_cpu-*.whl")
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(work / "protos", [name for name in archive.namelist() if name.endswith("_pb2.py")])
wheel.unlink()
PYTHON
fi

ln -sfn "$here/../models/covid19" "$work/models/covid19"
ln -sfn "$here/slow-models/slow" "$work/models/slow"
cd "$here/../.."
grpc_port=${SERVING_GRPC_PORT:-18500} rest_port=${SERVING_REST_PORT:-18501}
MODEL_BASE_PATH="$work/models" SERVING_GRPC_PORT=$grpc_port SERVING_REST_PORT=$rest_port LOG_LEVEL=error \
  node_modules/.bin/node serving/main.ts &
server=$!
trap 'kill $server; wait $server' EXIT
until curl --silent --fail --output /dev/null "http://127.0.0.1:$rest_port/readyz"; do sleep 0.2; done
PYTHONPATH="$work/protos" "$work/venv/bin/python" "$here/official_client.py" "127.0.0.1:$grpc_port"
