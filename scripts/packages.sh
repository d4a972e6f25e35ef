#!/usr/bin/env bash
# packages.sh SECTION…: installs the missing packages of these sections of cmake/packages.txt, if any.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/terminal.sh

wanted=()
for section in "$@"; do
  while read -r name package _; do
    [[ $name == "$section" ]] && wanted+=("$package")
  done < cmake/packages.txt
done

installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

command -v dpkg-query >/dev/null || die "this system has no dpkg: the packages are named for Debian 12" \
  "Run this in a Debian 12 container or virtual machine (image debian:12), or install by hand" \
  "what cmake/packages.txt lists and build with: cmake --preset release && cmake --build --preset release"

missing=()
for package in "${wanted[@]}"; do installed "$package" || missing+=("$package"); done
if ((${#missing[@]} == 0)); then
  good "all ${#wanted[@]} packages are installed"
  exit 0
fi

# shellcheck disable=SC1091
. /etc/os-release 2>/dev/null || true
if [[ ${ID:-} != debian || ${VERSION_ID:-} != 12 ]]; then
  warn "this is ${PRETTY_NAME:-an unknown system}; Troupe is built and tested on Debian 12, package names may differ"
fi

root=()
if ((EUID != 0)); then
  manual="apt-get install --no-install-recommends ${missing[*]}"
  command -v sudo >/dev/null || die "installing ${#missing[@]} packages needs root, and there is no sudo" \
    "Run as root, then start this script again:" "  $manual"
  root=(sudo)
  [[ -t 0 ]] || sudo -n true 2>/dev/null || die "installing ${#missing[@]} packages needs root; sudo wants a password and there is no terminal" \
    "Run as root, then start this script again:" "  $manual"
fi

# The packages bring about 900 MB on a bare system (most of it the compiler).
free_mb=$(df -Pm /usr | awk 'NR == 2 { print $4 }')
((free_mb > 1200)) || warn "only ${free_mb} MB are free on /usr; the packages may need 1200 MB"

log=$(mktemp "${TMPDIR:-/tmp}/troupe-packages.XXXXXX")
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)

note "missing: ${missing[*]}"
note "updating the package lists"
"${apt[@]}" update >"$log" 2>&1 || warn "apt-get update failed; going on with the lists there are: $(grep -m1 -E '^(E|W|Err)' "$log" || tail -n 1 "$log")"

for package in "${missing[@]}"; do
  if [[ $(apt-cache policy "$package" | awk '/Candidate:/ { print $2 }') =~ ^(\(none\))?$ ]]; then
    tail -n 5 "$log" >&2
    die "apt knows no package $package" \
      "If the network is down, bring it up. Behind a proxy: echo 'Acquire::http::Proxy \"http://HOST:PORT\";' > /etc/apt/apt.conf.d/90proxy" \
      "Otherwise /etc/apt/sources.list lacks Debian 12 (bookworm, component main), at least release 12.9."
  fi
done

# libboost1.81-dev conflicts with the headers of every other Boost. Headers are easily installed again, so
# they are replaced with a word about it; anything else that would have to go is for a person to decide.
removed=$("${apt[@]}" -s install --no-install-recommends "${missing[@]}" 2>/dev/null | awk '$1 == "Remv" { print $2 }')
for package in $removed; do
  [[ $package == libboost*-dev || $package == libboost*-all ]] || die "installing would remove $package" \
    "Nothing was changed. See what apt proposes, and decide:" \
    "  apt-get install --no-install-recommends ${missing[*]}"
done
[[ -z $removed ]] || warn "Boost 1.81 replaces other Boost headers (Debian keeps one version at a time): ${removed//$'\n'/ }
         To have them back later: apt-get install ${removed//$'\n'/ }"

note "installing ${#missing[@]} packages (log: $log)"
if ! "${apt[@]}" install --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
  tail -n 15 "$log" >&2
  grep -q 'No space left' "$log" && die "the disk is full" "Free about 1.2 GB on /usr and /var, then start again (apt-get clean helps)."
  grep -qE 'Could not (resolve|connect)|Failed to fetch|Temporary failure' "$log" && die "packages could not be downloaded" \
    "Check the network, a proxy (/etc/apt/apt.conf.d) and the sources in /etc/apt, then start again."
  grep -q 'Could not get lock' "$log" && die "another package manager is at work" "Wait until it ends, then start again."
  die "apt-get install failed" "The whole log is in $log"
fi
for package in "${missing[@]}"; do installed "$package" || die "$package is still not installed" "The whole log is in $log"; done
rm -f "$log"
good "installed"
