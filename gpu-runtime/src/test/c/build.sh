#!/bin/sh
# Builds libcuda.so.1, the driver that runs on the processor, into the given folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cuda="$here/../../main/cuda"
mkdir -p "$1"
flags="-O3 -march=native -ffp-contract=off -Wall -Wextra -Werror -fPIC"
${CXX:-g++} -std=gnu++17 $flags -Wno-unused-parameter -Wno-unknown-pragmas -Wno-maybe-uninitialized -Wno-missing-field-initializers -fno-exceptions -fno-rtti -fno-strict-aliasing -I"$cuda" \
  -c -o "$1/emulation.o" "$here/emulation.cpp"
${CC:-gcc} -std=gnu11 $flags -shared -Wl,-soname,libcuda.so.1 -o "$1/libcuda.so.1" "$here"/*.c "$1/emulation.o" -lstdc++ -lm -lpthread
