#!/usr/bin/env bash
# From a folder with cxr/, dicom/ and originals/ to the served model, its figures and its card.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${1:?Expected the folder that holds cxr/, dicom/ and originals/}
room=serving/training out=serving/training/out

npm run --silent training:tensors -- "$data/cxr" $out
bash $room/python.sh $room/outlier_images.py --dicom "$data/dicom" --chest "$data/cxr" --originals "$data/originals" --out $out/outliers
npm run --silent training:tensors -- $out/outliers $out/outliers
for seed in 1 2 3 4 5; do
  bash $room/python.sh $room/train.py --data $out --seed $seed
done
bash $room/python.sh $room/export.py --data $out
bash $room/python.sh $room/evaluate.py --data $out --outliers $out/outliers
bash $room/python.sh $room/model_card.py
