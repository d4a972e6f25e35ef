#!/usr/bin/env bash
# tidy.sh [FILE…]: clang-tidy on these sources of the daemon, else on those of the last commit; TROUPE_TIDY=all takes
# every one. Needs a built preset asan, whose commands and precompiled header it uses.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/terminal.sh

if (($# > 0)); then
  files=("$@")
elif [[ ${TROUPE_TIDY:-} == all ]]; then
  mapfile -t files < <(git ls-files '*.cpp' | grep -vE '^(tests|bench)/')
else
  mapfile -t files < <(git diff --name-only --diff-filter=ACM HEAD~1 -- '*.cpp' 2>/dev/null | grep -vE '^(tests|bench)/')
fi

step "clang-tidy: ${#files[@]} files"
((${#files[@]} == 0)) && exit 0
[[ -f build/asan/compile_commands.json ]] || die "build/asan is not there" "./test.sh --build-only makes it."
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy-19 -p build/asan --quiet ||
  die "clang-tidy complains" "Every check of .clang-tidy is an error; fix what is listed above."
good "tidy"
