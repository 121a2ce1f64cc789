#!/bin/sh
# Written by "llm-copilot hooks install"; git's hooks hand over to it:
#   hook <name> <what was there before, or nothing> <the words that starts with> [git's arguments]
# Only exit 1 of llm-copilot stops git. Whatever else goes wrong with it is said once, and git goes on.
node=@node@
program=@program@
limit=@limit@
hook=$1
before=$2
with=$3
shift 3

say() {
  [ -n "${CI-}" ] || printf 'llm-copilot: %s\n' "$1" >&2
}

input=
if [ "$hook" = pre-push ]; then input=$(cat); fi

# What git itself would not start is not started here either.
if [ -z "$with" ] && [ ! -x "$before" ]; then before=; fi
if [ -n "$before" ]; then
  if [ "$hook" != pre-push ]; then
    $with "$before" "$@"
  elif [ -z "$input" ]; then
    $with "$before" "$@" </dev/null
  else
    $with "$before" "$@" <<EOF
$input
EOF
  fi
  status=$?
  if [ "$status" != 0 ]; then exit "$status"; fi
fi

if [ -n "${LLM_COPILOT_SKIP_HOOKS-}" ]; then exit 0; fi
if [ -x "$node" ] && [ -f "$program" ]; then
  set -- "$node" "$program" hooks run "$hook" "$@"
elif program=$(command -v llm-copilot); then
  set -- "$program" hooks run "$hook" "$@"
else
  say "it is no longer where it was, so $hook does nothing. Where it is now: llm-copilot hooks install; or else take the lines with its name out of the hooks."
  exit 0
fi

LLM_COPILOT_HOOK_LIMIT=$limit
export LLM_COPILOT_HOOK_LIMIT
"$@" <<EOF &
$input
EOF
pid=$!
trap 'kill "$pid" 2>/dev/null; exit 130' HUP INT TERM
# It keeps to its time by itself; this is for one that hangs.
(
  sleep "$limit" &
  clock=$!
  trap 'kill "$clock"' TERM
  wait "$clock" && kill -9 "$pid"
) </dev/null >/dev/null 2>&1 &
guard=$!
wait "$pid" 2>/dev/null
status=$?
kill "$guard" 2>/dev/null
case $status in
0 | 1) exit "$status" ;;
137) say "$hook did not end within $limit s and was stopped; git goes on." ;;
*) say "$hook ended with $status; git goes on." ;;
esac
exit 0
