#!/bin/sh
set -eu
echo "made by uid $(id -u) for ${GREETING:-nobody}" >/data/index.html
chown -R www-data:www-data /data

# With exec: hydrinit takes the place of the shell. -e: a server that ends by TERM has ended well.
exec hydrinit --user www-data -e TERM -- "$@"
