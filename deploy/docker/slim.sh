# Takes out of node_modules what no service reads; run where the image is built, in the folder that has node_modules.
set -eu
cd node_modules
# The image brings its own Node; these are the same for machines whose Node is older.
rm -rf node-linux-* .bin
# The package holds the binaries of every system.
cpu=$(node -p process.arch)
for folder in onnxruntime-node/bin/*/*/*; do
  case $folder in */linux/"$cpu") ;; *) rm -rf "$folder" ;; esac
done
find onnxruntime-node/bin -type d -empty -delete
# What editors and debuggers read.
find . -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete
