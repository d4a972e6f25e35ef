#!/usr/bin/env bash
# Builds and runs the whole test suite: everything under AddressSanitizer and UBSan, what crosses threads
# under ThreadSanitizer too, and every fuzz corpus once. Arguments go to ctest, e.g. ./test.sh -R journal
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/terminal.sh

build_only=
case ${1:-} in
  -h | --help)
    echo "usage: ./test.sh [--build-only] [ctest argument]…"
    echo "Installs missing packages (root or sudo), builds presets asan and tsan, runs ctest."
    echo "TROUPE_JOBS=N limits parallel compilers, TROUPE_TEST_JOBS=N parallel tests; NO_COLOR=1 turns colours off."
    exit 0 ;;
  --build-only) build_only=1; shift ;;
esac

step "Packages"
scripts/packages.sh build test

step "Build with ThreadSanitizer: the tests that cross threads"
scripts/build.sh tsan threaded_tests

step "Build with AddressSanitizer and UndefinedBehaviorSanitizer: everything"
TROUPE_CONFIGURE_ARGS="-DTROUPE_TSAN_BUILD=$PWD/build/tsan" scripts/build.sh asan
[[ -z $build_only ]] || exit 0

step "Test"
# Last, and nothing after it: what ctest says is what there is to say.
# One more than there are cores: many wait for processes and sockets most of the time.
exec ctest --test-dir build/asan -j "${TROUPE_TEST_JOBS:-$(($(nproc) + 1))}" --output-on-failure --no-label-summary "$@"
