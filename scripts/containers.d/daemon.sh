# shellcheck shell=sh disable=SC2034,SC2154
# A Docker daemon of our own, with its socket, data and containerd in a temporary folder, no network and no
# firewall rules; and what lanes ask of it. It ends with the lane.

daemon=
new=  # what the daemon makes outside of the folder, and was not there before
ours=hydrinit-$$  # the name of its control groups, and of its space in a containerd that is there already

d() { timeout 60 docker "$@"; }

clean_up() {
  trap '' INT TERM HUP
  if [ -n "$daemon" ]; then
    # shellcheck disable=SC2046
    d rm --force $(d ps --all --quiet 2>/dev/null) >/dev/null 2>&1 || true
    stop_daemon
  fi
  awk -v here="$folder/" 'index($5, here) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
    while read -r place; do umount "$place" || true; done
  for group in /sys/fs/cgroup/"$ours" /sys/fs/cgroup/*/"$ours"; do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + || true
  done
  # Only what is empty: somebody else's daemon may have come up meanwhile.
  for place in $new; do
    case $place in
      */key.json) rm -f "$place" ;;
      *) [ ! -d "$place" ] || find "$place" -depth -type d -exec rmdir {} + 2>/dev/null || true ;;
    esac
  done
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

stop_daemon() {
  # It is reaped by our wait only, so its number is its own until then.
  kill "$daemon" 2>/dev/null || true
  if ! eventually 20 ended "$daemon"; then
    kill -KILL "$daemon" "$(cat "$folder/exec/containerd/containerd.pid" 2>/dev/null)" || true
  fi
  wait "$daemon" 2>/dev/null || true
  daemon=
}
ended() { ! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null; }

start_daemon() {
  dockerd --config-file "$folder/daemon.json" --host "unix://$folder/docker.sock" \
    --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/dockerd.pid" \
    --containerd-namespace "$ours" --containerd-plugins-namespace "$ours-plugins" --cgroup-parent "/$ours" \
    --bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
    --exec-opt native.cgroupdriver=cgroupfs --default-cgroupns-mode private --storage-driver "$1" \
    --init-path "$folder/bin/docker-init" >"$folder/dockerd.log" 2>&1 &
  daemon=$!
  eventually 20 up_or_gone
  d version >/dev/null 2>&1
}
up_or_gone() { ended "$daemon" || d version; }

[ "$(id -u)" = 0 ] || skip "a Docker daemon needs root"
for name in dockerd docker readelf dpkg apt-cache; do
  command -v $name >/dev/null || skip "there is no $name (see scripts/setup containers)"
done
find_busybox || skip "there is no static busybox (see scripts/setup containers)"

# Neither the daemon's own configuration nor the user's.
echo '{}' >"$folder/daemon.json"
export DOCKER_HOST="unix://$folder/docker.sock" DOCKER_CONFIG="$folder/config" DOCKER_BUILDKIT=0
unset DOCKER_CONTEXT DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_CERT_PATH
for place in /etc/docker/key.json /run/docker /run/containerd /opt/containerd; do
  [ -e $place ] || new="$new $place"
done
cp "$binary" "$folder/bin/docker-init"
for driver in overlay2 vfs; do
  if start_daemon $driver; then break; fi
  stop_daemon
done
[ -n "$daemon" ] || skip "dockerd does not come up: $(tail -n 1 "$folder/dockerd.log")"

build() { timeout 200 docker build --network none "$@"; }
# start NAME IMAGE-AND-OPTIONS...: in the background.
start() {
  name=$1
  shift
  must d run --detach --network none --name "$name" "$@"
}
# What happened to a container, one event a line: its name, a signal, an exit code.
events() {
  d events --since 0 --until "$(date +%s.%N)" --filter "container=$1" \
    --format '{{.Action}} {{.Actor.Attributes.signal}} {{.Actor.Attributes.exitCode}}' | sed 's/<no value>//g'
}
# stop NAME SECONDS: $said is what happened, $took how long it took.
stop() {
  since=$(now)
  must d stop --time "$2" "$1"
  took=$(($(now) - since))
  run events "$1"
}
exit_code() { d inspect --format '{{.State.ExitCode}}' "$1"; }
exits_with() { # CODE NAME
  run exit_code "$2"
  [ "$said" = "$1" ] || fail "the exit code is $said, and not $1: $(d logs "$2" 2>&1)"
}
ready() { await prints ": $2 of $2 replicas are ready" d exec "$1" hydrinit --status; }
health() { d inspect --format '{{.State.Health.Status}}' "$1"; }
status() { must d exec "$1" hydrinit --status; }
remove() { must d rm --force "$@"; }
