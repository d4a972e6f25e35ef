#!/usr/bin/env bash
# mcp_conformance.sh PROGRAM [MODULES]
#
# Runs the client scenarios of the MCP conformance suite that need no OAuth against PROGRAM, which is
# build/*/tests/tools/mcp_conformance_program. MODULES is a folder in which
#   npm install @modelcontextprotocol/conformance@0.2.0-alpha.12 node@22
# was done (default: node_modules here); without it nothing is run and nothing fails: the packages are not
# part of the project. The last line counts; the exit code is 1 when a scenario failed.
set -euo pipefail

program=$(realpath "$1")
modules=${2:-node_modules}
suite=$modules/@modelcontextprotocol/conformance/dist/index.js
if [[ ! -f $suite ]]; then
  echo "the conformance suite is not in $modules; nothing was run"
  exit 0
fi
suite=$(realpath "$suite")
node=$(command -v node)
[[ -x $modules/node/bin/node ]] && node=$(realpath "$modules/node/bin/node")

legacy=(initialize tools_call elicitation-sep1034-client-defaults sse-retry)
modern=(request-metadata sep-2322-client-request-state http-standard-headers http-custom-headers
        http-invalid-tool-headers json-schema-ref-no-deref)
both=(json-schema-2020-12-preservation)

passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
run() {  # VERSION SCENARIO
  if "$node" "$suite" client --command "$program" --spec-version "$1" --scenario "$2" >log 2>&1; then
    echo "pass  $1  $2"
    passed=$((passed + 1))
  else
    echo "FAIL  $1  $2"
    sed 's/^/      /' log | tail -30
    failed=$((failed + 1))
  fi
}
for scenario in "${legacy[@]}"; do run 2025-11-25 "$scenario"; done
for scenario in "${modern[@]}"; do run 2026-07-28 "$scenario"; done
for scenario in "${both[@]}"; do run 2025-11-25 "$scenario"; run 2026-07-28 "$scenario"; done
echo "$passed passed, $failed failed"
((failed == 0))
