# shellcheck shell=sh
# What both lanes do alike: they say what they prove, wait with a limit, and make a root file system. A lane sets
# `binary` before, and `clean_up` after; it ends with 0, with 1 when something is not as it must be, and with 77
# when it cannot run here.

# shellcheck disable=SC2034
folder=$(mktemp -d)
chmod 755 "$folder"
mkdir "$folder/bin"
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export PATH

step() { printf '\n== %s\n' "$1"; }
proved() { echo "   proved: $1"; }
fail() {
  echo "   FAILED: $1"
  exit 1
}
skip() {
  echo "   skipped: $1"
  exit 77
}

# run COMMAND...: all that it says is $said, its exit code $code.
run() {
  code=0
  said=$("$@" 2>&1 </dev/null) || code=$?
}
code_is() { [ "$code" = "$1" ] || fail "code $code, and not $1: $said"; }
says() {
  case $said in *"$1"*) ;; *) fail "\"$1\" is not in: $said" ;; esac
}
says_not() {
  case $said in *"$1"*) fail "\"$1\" is in: $said" ;; esac
}
# must COMMAND...: it has to succeed.
must() {
  run "$@"
  [ "$code" = 0 ] || fail "code $code from \"$*\": $said"
}

# eventually SECONDS COMMAND...: tries it until it succeeds.
eventually() {
  tries=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || return 1
    sleep 0.1
  done
}
await() {
  eventually 30 "$@" || fail "in 30 s it did not come to: $*"
}
# prints TEXT COMMAND...: it is in what it says. gives: it is all that it says.
prints() {
  printed=$1
  shift
  "$@" 2>&1 | grep -F -- "$printed"
}
gives() {
  given=$1
  shift
  [ "$("$@" 2>&1)" = "$given" ]
}

# In hundredths of a second.
now() { awk '{ printf "%d", $1 * 100 }' /proc/uptime; }

# field SLOT COLUMN: of the table in $said.
field() { echo "$said" | awk -v slot="$1" -v column="$2" '$1 == slot { print $column }'; }

find_busybox() {
  for name in busybox.static busybox; do
    if busybox=$(command -v $name) && ! readelf -lW "$busybox" | grep -q INTERP; then return 0; fi
  done
  return 1
}

# files_of PACKAGE...: the files of Debian packages and of all that they depend on.
files_of() {
  # shellcheck disable=SC2046
  dpkg -L $(apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances "$@" | grep '^[a-z0-9]') 2>/dev/null |
    grep -vE '^/[a-z0-9]*$|^/usr/share/(doc|info|locale|man)/' |
    sort -u | while read -r file; do
    if [ -L "$file" ] || [ -f "$file" ]; then echo "$file"; fi
  done
}

# add_programs ROOT PROGRAM...: with the libraries that they are linked with.
add_programs() {
  root=$1
  shift
  for program; do
    for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do
      mkdir -p "$root${file%/*}"
      cp -L "$file" "$root$file"
    done
  done
}

# make_root FOLDER: busybox and nothing else, some scripts to run, and the accounts root and nobody.
make_root() {
  for place in bin sbin lib lib64 usr/bin usr/lib etc tmp root proc dev sys run app www/cgi-bin; do
    mkdir -p "$1/$place"
  done
  chmod 1777 "$1/tmp"
  cp "$busybox" "$1/bin/busybox"
  for name in $("$busybox" --list); do
    [ "$name" = busybox ] || ln -s busybox "$1/bin/$name"
  done
  ln -s ../../bin/busybox "$1/usr/bin/env"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
  echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >>"$1/etc/passwd"
  printf 'root:x:0:\nnobody:x:65534:\n' >"$1/etc/group"

  cat >"$1/www/cgi-bin/who" <<'END'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\nreplica %s\n' "$HYDRINIT_REPLICA"
END
  echo hello >"$1/www/hello"
  # Ends on TERM, in order.
  cat >"$1/app/worker" <<'END'
#!/bin/sh
trap 'echo "replica $HYDRINIT_REPLICA has stopped"; exit 0' TERM
echo "replica $HYDRINIT_REPLICA works"
sleep 1000 &
wait
END
  # Does not.
  cat >"$1/app/stubborn" <<'END'
#!/bin/sh
trap '' TERM
echo "it works"
sleep 1000
END
  # Fails the first time.
  cat >"$1/app/fragile" <<'END'
#!/bin/sh
mkdir /tmp/once 2>/dev/null && exit 3
echo "the second one works"
exit 0
END
  # The first one takes all memory that there is: tail looks for the end of a line.
  cat >"$1/app/hog" <<'END'
#!/bin/sh
[ "$HYDRINIT_REPLICA" = 1 ] && mkdir /tmp/once 2>/dev/null && exec tail -n 1 /dev/zero
exec sleep 1000
END
  cat >"$1/app/orphans" <<'END'
#!/bin/sh
for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 0.2 &); done
echo "they are left"
exec sleep 1000
END
  # Who answers, in so many requests.
  cat >"$1/app/ask" <<'END'
#!/bin/sh
i=0
while [ $i -lt "$1" ]; do
  wget -q -O - "${2:-http://127.0.0.1:8080/cgi-bin/who}" || exit 1
  i=$((i + 1))
done | sort | uniq -c
END
  # Requests, each on a connection of its own, until /tmp/enough is there.
  cat >"$1/app/load" <<'END'
#!/bin/sh
n=0
until [ -e /tmp/enough ]; do
  wget -q -O /dev/null "${1:-http://127.0.0.1:8080/hello}" || exit 1
  n=$((n + 1))
done
echo "$n requests, none failed"
END
  chmod 755 "$1"/app/* "$1/www/cgi-bin/who"
}
