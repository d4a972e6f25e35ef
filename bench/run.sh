#!/usr/bin/env bash
# Builds the daemon and the measuring programs (preset release) and measures. Arguments go to the driver, e.g.
#   bench/run.sh --repeat 1 --latency-ms 0 --conversations 1,16
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/terminal.sh

out=build/bench
step "Build"
scripts/build.sh release troupe bench_mock_model bench_driver
step "Measure (about five minutes without arguments; nothing else should run meanwhile)"
mkdir -p "$out"
build/release/bench/bench_driver --troupe build/release/app/troupe --mock-model build/release/bench/bench_mock_model \
  --folder "$out" --json "$out/results.json" "$@" | tee "$out/results.md"
note "all samples: $out/results.json"
