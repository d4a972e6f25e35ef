# Output of the scripts: steps, notes and errors. Sourced. Colours only on a terminal; NO_COLOR is honoured.

if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m' on_terminal=1
else
  bold='' dim='' red='' green='' yellow='' plain='' on_terminal=''
fi

step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain" >&2; }
note() { printf '    %s\n' "$*" >&2; }
good() { printf '    %s%s%s\n' "$green" "$*" "$plain" >&2; }
warn() { printf '%swarning:%s %s\n' "$yellow" "$plain" "$*" >&2; }

# die "what went wrong" "what to do"…
die() {
  printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
  shift
  local line
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}

# progress LABEL: reads ninja's output with NINJA_STATUS='[%f/%t] ' and keeps one line up to date on a
# terminal; elsewhere it says every tenth part, so that a log stays short.
progress() {
  local label=$1 line done=0 total=0 tenth last=-1
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (.*) ]] || continue
    done=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    ((done > 0)) || continue
    if [[ -n $on_terminal ]]; then
      printf '\r\e[K    %s %3d%%  %s%s%s' "$label" $((done * 100 / total)) "$dim" "${BASH_REMATCH[3]:0:60}" "$plain" >&2
    else
      tenth=$((done * 10 / total))
      if ((tenth > last)); then
        printf '    %s %3d%% (%d of %d)\n' "$label" $((done * 100 / total)) "$done" "$total" >&2
        last=$tenth
      fi
    fi
  done
  if [[ -n $on_terminal ]]; then printf '\r\e[K' >&2; fi
}
