#!/usr/bin/env bash
# build.sh PRESET [TARGET…]: configures when needed and builds with progress; says why when it fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/terminal.sh

preset=$1
shift
log=build/$preset.log
mkdir -p build || die "cannot write to $PWD" "Run from a checkout that you own."

# A compiler takes up to 1.5 GB for the sources of a folder: more jobs than memory would end in the OOM killer.
memory_mb=$(awk '/MemAvailable/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null || echo 2048)
jobs=${TROUPE_JOBS:-$(nproc)}
room=$((memory_mb / 1536))
((room < 1)) && room=1
((jobs > room)) && jobs=$room

explain() {
  local free_mb
  free_mb=$(df -Pm build | awk 'NR == 2 { print $4 }')
  if grep -q 'No space left on device' "$log" || ((free_mb < 50)); then
    die "the disk is full" "Preset $preset needs about 2 GB in $PWD/build. Free space, then start again: what is built stays built."
  fi
  if grep -qE 'Killed|out of memory' "$log"; then
    die "the compiler was killed: not enough memory" "Start again with fewer jobs: TROUPE_JOBS=1 $0"
  fi
  die "$1" "The whole log is in $log"
}

started=$SECONDS
if ! cmake --preset "$preset" ${TROUPE_CONFIGURE_ARGS:-} >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  explain "configuring preset $preset failed"
fi
targets=()
for target in "$@"; do targets+=(--target "$target"); done
build() {
  NINJA_STATUS='[%f/%t] ' cmake --build "build/$preset" -j "$jobs" "${targets[@]}" 2>&1 | tee -a "$log" | progress "$preset"
}
# A system header that an upgrade replaced: the build system does not watch those, the precompiled header does.
made_again() {
  grep -q 'since the precompiled header' "$log" || return 1
  note "system headers changed: the precompiled headers are made again"
  find "build/$preset" -name '*.pch' -delete
  CCACHE_RECACHE=1 build  # the cached ones are as old
}
if ! build && ! made_again; then
  # Ninja marks what failed, then the command (long, no use here), then the compiler's words.
  if grep -q '^FAILED: ' "$log"; then
    awk '/^FAILED: / { show = 40 } show-- > 0 && !/ccache/ && lines++ < 60' "$log" >&2
  else
    tail -n 10 "$log" >&2
  fi
  explain "building preset $preset failed"
fi
good "built preset $preset in $((SECONDS - started)) s"
