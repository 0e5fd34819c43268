# shellcheck shell=sh disable=SC2016,SC2154
# What N replicas in one container cost, and N containers with one each, beside each other: memory, and the time
# until servers listen. Needs the image example-node. Only that the memory is less is asserted; the rest is shown.

replicas=${REPLICAS:-4}

# The processes of a container; pids_of: and the shim that Docker has for it.
processes_of() { grep -ls "$(d inspect --format '{{.Id}}' "$1")" /proc/[0-9]*/cgroup | cut -d / -f 3; }
pids_of() {
  id=$(d inspect --format '{{.Id}}' "$1")
  grep -ls "$id" /proc/[0-9]*/cgroup /proc/[0-9]*/cmdline | cut -d / -f 3 | sort -u
}
# pss PID...: what they take together, in KiB. Pages that are shared count once.
pss() {
  for process; do cat "/proc/$process/smaps_rollup" 2>/dev/null || true; done | awk '/^Pss:/ { sum += $2 } END { print sum }'
}
# shellcheck disable=SC2046
pss_of() { pss $(for container; do pids_of "$container"; done); }

# starts NAME...: the time stamps at which a server listened, in milliseconds, the latest last.
starts() {
  for container; do d logs --timestamps "$container" 2>&1; done | awk '$2 == "listening" { print $1 }' | sort |
    while read -r stamp; do date -d "$stamp" +%s%3N; done
}
# until_start NUMBER NAME...: the milliseconds from $begin until so many have begun in all.
until_start() {
  number=$1
  shift
  eventually 30 have_begun "$@" || fail "no $number servers listen: $(d logs "$1" 2>&1)"
  echo $(($(starts "$@" | sed -n "${number}p") - begin))
}
have_begun() { [ "$(starts "$@" | wc -l)" -ge "$number" ]; }
begin() { begin=$(date +%s%3N); }
mib() { awk -v kib="$1" 'BEGIN { printf "%.1f MiB", kib / 1024 }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }

step "$replicas node servers: replicas of one container, or a container each"
begin
start all --entrypoint /sbin/hydrinit example-node -n "$replicas" --share -- node server.js
all_start=$(until_start "$replicas" all)
ready all "$replicas"
all_memory=$(pss_of all)
status all
begin
must d exec all kill -KILL "$(field 0 2)"
all_again=$(until_start $((replicas + 1)) all)
begin
must d exec all hydrinit --scale $((replicas + 1))
all_more=$(until_start $((replicas + 2)) all)
remove all

each() { start "$1" --restart always --entrypoint /sbin/hydrinit example-node -- node server.js; }
names=$(seq -f "each-%g" "$replicas")
begin
jobs=
for name in $names; do
  each "$name" &
  jobs="$jobs $!"
done
for job in $jobs; do wait "$job" || fail "a container does not start"; done
# shellcheck disable=SC2086
each_start=$(until_start "$replicas" $names)
# shellcheck disable=SC2086
each_memory=$(pss_of $names)
begin
# With the server ends the container, and perhaps this before it can tell.
run d exec each-1 sh -c 'kill -KILL $(pidof node)'
each_again=$(until_start 2 each-1)
begin
each each-more
each_more=$(until_start 1 each-more)
# shellcheck disable=SC2086
remove $names each-more

echo "   one container: $(mib "$all_memory"); all listen after $all_start ms"
echo "   $replicas containers: $(mib "$each_memory"); all listen after $each_start ms"
echo "   one more listens after $all_more ms by --scale, $each_more ms by another container"
echo "   after a SIGKILL the next one listens after $all_again ms; $each_again ms by Docker's --restart always"
[ "$all_memory" -lt "$each_memory" ] || fail "replicas take more than containers"
proved "$replicas containers take $(ratio "$each_memory" "$all_memory") times the memory of one with $replicas replicas; all are there in $(
  ratio "$each_start" "$all_start") times the time"
