#!/bin/bash
# Everything there is to find out about the cuda device on a machine with a GPU.
#
#   it/gpu/run-on-gpu.sh [folder]    in a checkout: builds the bundle (it/target/gpu-bundle by default)
#   run-on-gpu.sh                    in the bundle, on any Linux machine (x86-64) with an NVIDIA driver: runs it
#
# The bundle needs nothing but the driver: its own Java, the tests of the device, the small models they use. It prints one line per
# part with PASS or FAIL, tables, and leaves log.txt and results.json in $OUT (default: ./gpu-results). Exit status 0: all passed.
#
#   SMALL=1     sizes that prove the bundle rather than measure the machine
#   DRIVER=dir  a folder with another libcuda.so.1, e.g. the one that src/test/c/build.sh makes
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() {
  local root bundle
  root=$(cd "$here/../.." && pwd)
  bundle=$(realpath -m "${1:-$root/it/target/gpu-bundle}")
  cd "$root"
  mvn -q -B -ntp -pl gpu-runtime -am -DskipTests test-compile org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath \
    -Dmdep.includeScope=test -Dmdep.outputFile="$work/classpath"
  rm -rf "$bundle"
  mkdir -p "$bundle/lib" "$bundle/src/test/resources"
  jar --create --file "$bundle/lib/drey.jar" -C gpu-runtime/target/classes .
  jar --create --file "$bundle/lib/drey-tests.jar" -C gpu-runtime/target/test-classes dev
  cp -r gpu-runtime/src/test/resources/golden "$bundle/src/test/resources/"
  local jar
  for jar in $(tr ':' '\n' < "$work/classpath"); do
    case $(basename "$jar") in
      jcuda-natives-*)  # of its four libraries the driver's alone
        unzip -q "$jar" 'lib/libJCudaDriver-*' -d "$work/natives"
        jar --create --file "$bundle/lib/jcuda-natives.jar" -C "$work/natives" lib ;;
      *-linux-x86_64.jar | *-natives-* | tokenizers-* | jazzer-* | archunit-* | classgraph-*) ;;
      *) cp "$jar" "$bundle/lib/" ;;
    esac
  done
  jlink --add-modules java.base,java.logging,java.management,java.sql,jdk.management,jdk.unsupported \
    --strip-debug --no-header-files --no-man-pages --compress=0 --output "$work/jre"
  tar -c -C "$work" jre | xz -T2 -6 > "$bundle/jre.tar.xz"
  cp "$here/run-on-gpu.sh" "$bundle/"
  local mib
  mib=$(du -sm "$bundle" | cut -f1)
  [ "$mib" -lt 64 ] || { echo "FAIL the bundle has $mib MiB, 64 are allowed" >&2; exit 1; }
  echo "$bundle: $mib MiB; copy it to a machine with a GPU and start run-on-gpu.sh in it"
}

machine() {
  date -u
  uname -srm
  nvidia-smi --query-gpu=name,driver_version,memory.total,pcie.link.gen.current,pcie.link.width.current --format=csv 2> /dev/null \
    || echo "nvidia-smi is not there or finds no GPU"
  nproc
  grep -E 'MemTotal|MemAvailable' /proc/meminfo
}

run() {
  local out java classpath status=0
  out=$(realpath -m "${OUT:-gpu-results}")
  mkdir -p "$out"
  exec > >(tee "$out/log.txt") 2>&1
  machine
  tar -xJf "$here/jre.tar.xz" -C "$work"
  java=$work/jre/bin/java
  export LD_LIBRARY_PATH=${DRIVER:+$DRIVER:}${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}/usr/local/nvidia/lib64:/usr/local/nvidia/lib
  classpath="$here/lib/*"
  cd "$here"  # the tests look for the small models below src/test/resources
  timeout "${LIMIT:-1800}" "$java" -Xmx4g -XX:ErrorFile="$out/java-crash.txt" -Djava.io.tmpdir="$work" -cp "$classpath" \
    dev.drey.runtime.gpu.GpuSuite "$out" ${SMALL:+small} || status=$?
  local tool
  for tool in memcheck racecheck; do
    if [ -z "${DRIVER:-}" ] && command -v compute-sanitizer > /dev/null; then
      if timeout "${LIMIT:-1800}" compute-sanitizer --tool "$tool" --error-exitcode 9 --target-processes all \
        "$java" -Xmx2g -Djava.io.tmpdir="$work" -cp "$classpath" dev.drey.runtime.gpu.GpuSuite "$out/$tool" conformance \
        > "$out/$tool.txt" 2>&1; then
        echo "PASS $tool"
      else
        echo "FAIL $tool           see $tool.txt: $(tail -1 "$out/$tool.txt")"
        status=1
      fi
    else
      echo "SKIP $tool           compute-sanitizer is not there"
    fi
  done
  [ "$status" = 0 ] && echo "PASS all" || echo "FAIL status $status"
  return "$status"
}

if [ -e "$here/jre.tar.xz" ]; then
  run
else
  build "$@"
fi
