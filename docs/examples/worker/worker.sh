#!/bin/sh
# Runs the scripts in /queue/new, and ends when there are none left. HYDRINIT_REPLICA stays the same over restarts:
# what a worker had in hand when it died, its next life takes up again, and nobody else.
set -eu
mine=/queue/taken-$HYDRINIT_REPLICA
mkdir -p "$mine" /queue/done

run() {
  [ -e "$1" ] || return 0
  sh "$1"
  mv "$1" /queue/done/
}

for job in "$mine"/*; do run "$job"; done
for job in /queue/new/*; do
  # Only one of us can move it.
  if mv "$job" "$mine/" 2>/dev/null; then run "$mine/${job##*/}"; fi
done
