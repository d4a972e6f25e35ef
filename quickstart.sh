#!/usr/bin/env bash
# Builds Troupe, starts it, asks a sample team one question, stops it. Needs apt, bash and git; safe to run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/terminal.sh

case ${1:-} in
  '') ;;
  -h | --help)
    echo "usage: ./quickstart.sh"
    echo "Installs missing packages (root or sudo), builds build/release/app/troupe, starts the daemon on the"
    echo "built-in model, asks a sample team a question over WebSocket, shows what its members did, and stops it."
    echo "TROUPE_JOBS=N limits parallel compilers; NO_COLOR=1 turns colours off."
    exit 0 ;;
  *) die "unknown argument: $1" "./quickstart.sh takes none; see ./quickstart.sh --help" ;;
esac

question='A short piece on annual leave'
team=examples/newsroom.yaml
state=build/quickstart
troupe=build/release/app/troupe
daemon=

# Ends the daemon that this script started, and no other.
stop_daemon() {
  [[ -n $daemon ]] || return 0
  kill -TERM "$daemon" 2>/dev/null || true
  wait "$daemon" 2>/dev/null || true
  daemon=
}
trap stop_daemon EXIT
trap 'exit 130' INT TERM

daemon_failed() {
  tail -n 20 "$state/daemon.log" >&2
  die "$1" "What the daemon said is in $state/daemon.log"
}

step "Packages"
scripts/packages.sh build

step "Build (the first takes a few minutes, later ones seconds)"
scripts/build.sh release troupe

mkdir -p "$state"
# Its own store, so that it never meets a daemon that you run.
export XDG_STATE_HOME=$PWD/$state

step "Take in the documents that the sample team looks things up in"
"$troupe" knowledge add -c "$team" || die "the documents of $team could not be taken in" \
  "The message above says why; the files are in examples/handbook."

step "Start the daemon on the built-in model: no network, no key"
: >"$state/daemon.out"  # it is read before a busy machine may have got as far as the daemon's own redirection
"$troupe" serve -c "$team" --listen 127.0.0.1:0 \
  >"$state/daemon.out" 2>"$state/daemon.log" &
daemon=$!
url=
for ((i = 0; i < 200; i++)); do
  url=$(sed -n 's/^troupe: listening on //p' "$state/daemon.out")
  [[ -z $url ]] || break
  kill -0 "$daemon" 2>/dev/null || daemon_failed "the daemon ended before it listened"
  sleep 0.05
done
[[ -n $url ]] || daemon_failed "the daemon did not listen within 10 s"
good "listening on $url (pid $daemon)"

step "Ask the team: $question"
answer=$("$troupe" ask --url "$url" --trace "$question") || daemon_failed "the question got no answer"
printf '\n%s%s%s\n\n' "$bold" "$answer" "$plain"

step "Stop the daemon"
stop_daemon
good "stopped"

cat >&2 <<NEXT

Try next:
  $troupe chat -c examples/hello.yaml            a conversation in this terminal
  $troupe serve -c examples/hello.yaml           the daemon, on ws://127.0.0.1:7420/v1/chat
  $troupe check examples/*.yaml                  what a configuration check looks like
  $troupe ask -c examples/research.yaml "…"       with a language model; the file says which variables to set
  ./test.sh                                      the whole test suite
Read README.md, then docs/guide.md.
NEXT
