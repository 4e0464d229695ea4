#!/bin/sh
# Makes ptx/ from the kernels and has ptxas assemble it; with --check, fails where ptx/ is not what the kernels give.
# Needs nvcc and ptxas of CUDA 13.0 (another release writes other PTX).
set -eu
cd "$(dirname "$0")"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
for source in *.cu; do
  name=${source%.cu}
  family=${name%%_*}.cuh
  [ -f "$family" ] || family=
  nvcc -arch=compute_80 -std=c++17 -ptx -fmad=false -Werror all-warnings -include common.cuh ${family:+-include "$family"} \
    -o "$made/$name.raw" "$source"
  # Only instructions of ISA 7.0 are used; ptxas would refuse newer ones in PTX that says so.
  sed -e '/^\/\//d' -e 's/^\.version .*/.version 7.0/' "$made/$name.raw" >"$made/$name.ptx"
  rm "$made/$name.raw"
  for target in sm_80 sm_90 sm_100; do
    ptxas -arch=$target -o "$made/$name.cubin" "$made/$name.ptx"
    rm "$made/$name.cubin"
  done
done
if [ "${1:-}" = --check ]; then
  diff -r ptx "$made" >/dev/null || { echo "ptx/ is not what the kernels give: run $0" >&2; exit 1; }
else
  rm -rf ptx
  mkdir ptx
  cp "$made"/*.ptx ptx
fi
