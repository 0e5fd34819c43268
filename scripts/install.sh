#!/bin/sh
# Installs hydrinit from a release: takes the binary for this machine and SHA256SUMS from a folder or by HTTP,
# and puts the binary in place only if its digest is the one that is listed.
#
#   install.sh --from URL-OR-FOLDER [--version VERSION] [--arch ARCH] [--to FILE] [--sums-digest SHA256]
#
# --from         where the files of the release lie (default: the folder of this script)
# --version      which one (default: the only one that SHA256SUMS lists)
# --arch         x86_64, i386, aarch64, armhf, ppc64le, s390x (default: this machine's)
# --to           the file to install (default: /sbin/hydrinit)
# --sums-digest  what SHA256SUMS itself has to be: then nothing that comes from the server has to be trusted
set -eu

fail() {
  echo "install.sh: $1" >&2
  exit 1
}
usage() {
  echo "install.sh: $1; usage: install.sh --from URL-OR-FOLDER [--version VERSION] [--arch ARCH]" \
    "[--to FILE] [--sums-digest SHA256]" >&2
  exit 2
}

from=$(dirname "$0") version='' arch='' to=/sbin/hydrinit sums_digest=''
while [ $# != 0 ]; do
  case $1 in --from | --version | --arch | --to | --sums-digest) ;; *) usage "unknown option $1" ;; esac
  [ $# -ge 2 ] || usage "$1 needs a value"
  case $1 in
    --from) from=${2%/} ;;
    --version) version=$2 ;;
    --arch) arch=$2 ;;
    --to) to=$2 ;;
    --sums-digest) sums_digest=$2 ;;
  esac
  shift 2
done

if [ -z "$arch" ]; then
  arch=$(uname -m)
  case $arch in
    x86_64)
      # A 32-bit system on a 64-bit kernel: what a program's own file says.
      [ "$(od -An -tx1 -j4 -N1 /bin/sh | tr -d ' ')" != 01 ] || arch=i386
      ;;
    i[4-6]86) arch=i386 ;;
    aarch64) [ "$(od -An -tx1 -j4 -N1 /bin/sh | tr -d ' ')" != 01 ] || arch=armhf ;;
    armv[78]l) arch=armhf ;;
  esac
fi

# On the file system of the target, so that the last step is a rename: whole or not at all.
case $to in */*) target=${to%/*}/ ;; *) target=./ ;; esac
[ -d "$target" ] || fail "no such folder: $target"
folder=$(mktemp -d "${target}.hydrinit.XXXXXX") || fail "cannot write to $target"
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

# get NAME: the release's file NAME as $folder/NAME.
get() {
  case $from in
    http://* | https://*)
      # A server that stays silent is not waited for; no answer but a success counts.
      if command -v curl >/dev/null; then
        curl -fsSL --connect-timeout 20 --max-time 300 -o "$folder/$1" "$from/$1"
      else
        wget -q -T 20 -O "$folder/$1" "$from/$1"
      fi
      ;;
    *) cp "$from/$1" "$folder/$1" ;;
  esac || fail "cannot get $from/$1"
}
digest_of() { sha256sum "$1" | cut -d ' ' -f 1; }

get SHA256SUMS
if [ -n "$sums_digest" ] && [ "$(digest_of "$folder/SHA256SUMS")" != "$sums_digest" ]; then
  fail "SHA256SUMS is not the one with the digest $sums_digest; nothing was installed"
fi
# Lines are "DIGEST  NAME".
lines=$(sed -n "s/^\([0-9a-f]\{64\}\)  \(hydrinit-\([0-9][0-9A-Za-z.+~]*\)-linux-$arch\)\$/\1 \2 \3/p" \
  "$folder/SHA256SUMS")
[ -z "$version" ] || lines=$(echo "$lines" | awk -v version="$version" '$3 == version')
[ -n "$lines" ] || fail "SHA256SUMS has no binary for $arch${version:+ in version $version}"
[ "$(echo "$lines" | wc -l)" = 1 ] || fail "SHA256SUMS has several versions; please name one by --version"
digest=${lines%% *}
name=$(echo "$lines" | cut -d ' ' -f 2)

get "$name"
[ "$(digest_of "$folder/$name")" = "$digest" ] ||
  fail "$name has not the digest that SHA256SUMS lists; nothing was installed"
chmod 755 "$folder/$name"
mv -f "$folder/$name" "$to" || fail "cannot write $to"
echo "install.sh: $name is $to"
