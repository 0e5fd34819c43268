# shellcheck shell=sh disable=SC2154
# Both sides of docs/migrating.md, each run: the Dockerfile lines that stand there, before and after. Needs the image
# debian:bookworm-slim with what they are about, and the functions of density.sh.

guide=docs/migrating.md

# block SECTION LANGUAGE NUMBER: so many a block of that language below that heading.
block() {
  awk -v heading="## $1" -v fence="\`\`\`$2" -v number="$3" '
    /^## / { inside = $0 == heading }
    /^```$/ { open = 0 }
    open && count == number
    inside && $0 == fence { open = 1; ++count }' $guide
}
# image NAME SECTION NUMBER [LINE]: built of that block, and a line more.
image() {
  rm -rf "$folder/image"
  mkdir "$folder/image"
  block "$2" dockerfile "$3" >"$folder/image/lines"
  [ -s "$folder/image/lines" ] || fail "$guide has no Dockerfile $3 below \"$2\""
  {
    grep -q '^FROM' "$folder/image/lines" || echo 'FROM debian:bookworm-slim'
    cat "$folder/image/lines"
    # As the guide says once for all.
    echo 'COPY --from=hydrinit:bin /sbin/hydrinit /sbin/hydrinit'
    [ $# = 3 ] || echo "$4"
  } >"$folder/image/Dockerfile"
  rm "$folder/image/lines"
  [ ! -d "$folder/context" ] || cp "$folder/context/"* "$folder/image/"
  must build -t "$1" "$folder/image"
}
# runs CODE IMAGE COMMAND...
runs() {
  expected=$1
  shift
  run d run --rm --network none "$@"
  code_is "$expected"
}
# stops CODE NAME: within 30 s, by whatever its init does then.
stops() {
  stop "$2" 30
  exits_with "$1" "$2"
}

step "migrating: tini"
image tini-before "tini and \`docker --init\`" 1
image tini-link "tini and \`docker --init\`" 2
image tini-own "tini and \`docker --init\`" 3
runs 0 tini-before cat /proc/1/comm
says tini
for image in tini-before tini-link tini-own; do
  runs 7 $image sh -c 'exit 7'
  runs 127 $image /missing
  start $image $image sleep 1000
  await d exec $image pidof sleep
  stops 0 $image
  remove $image
done
runs 1 --entrypoint /usr/bin/tini tini-before --bogus
runs 1 --entrypoint /usr/bin/tini tini-link --bogus
runs 2 --entrypoint /sbin/hydrinit tini-own --bogus
proved "codes 7 and 127, -e 143; a wrong command line 1, by hydrinit's own name 2"

step "migrating: dumb-init"
image dumb-before dumb-init 1
image dumb-after dumb-init 2
# shellcheck disable=SC2016
on_quit='trap "echo outer quits; exit 9" QUIT
  sh -c "trap \"echo inner hears\" USR1; echo begun; while :; do sleep 0.1; done" &
  trap "echo outer hears" USR1
  while :; do wait $!; done'
for image in dumb-before dumb-after; do
  start $image $image sh -c "$on_quit"
  await prints begun d logs $image
  must d kill --signal USR1 $image
  await prints "inner hears" d logs $image
  await prints "outer hears" d logs $image
  stops 9 $image
  run d logs $image
  says "outer quits"
  remove $image
done
for init in "dumb-init --single-child" "/sbin/hydrinit"; do
  # shellcheck disable=SC2086
  start single --entrypoint "" dumb-after $init -- sh -c "$on_quit"
  await prints begun d logs single
  must d kill --signal USR1 single
  await prints "outer hears" d logs single
  must d kill --signal KILL single
  run d logs single
  says_not "inner hears"
  remove single
done
runs 2 dumb-before /missing
runs 127 dumb-after /missing
proved "15:3 makes TERM a QUIT; a session hears a signal as a whole, with --single-child and without --session the shell alone"

step "migrating: catatonit"
for init in catatonit /sbin/hydrinit; do
  runs 7 --entrypoint $init tini-own -- sh -c 'exit 7'
  start single --entrypoint $init tini-own -- sleep 1000
  await d exec single pidof sleep
  stops 143 single
  remove single
done
runs 1 --entrypoint catatonit tini-own -- /missing
runs 127 --entrypoint /sbin/hydrinit tini-own -- /missing
proved "codes 7 and 143; a missing command 1, with hydrinit 127"

# answers NAME: on port 3000. memory_of NAME: of all its processes, in KiB.
answers() { d exec "$1" wget -q -O /dev/null http://127.0.0.1:3000/; }
# shellcheck disable=SC2046
memory_of() { pss $(processes_of "$1"); }

step "migrating: pm2-runtime"
mkdir "$folder/context"
block pm2-runtime js 1 >"$folder/context/ecosystem.config.js"
cat >"$folder/context/server.js" <<'END_OF_SERVER'
require('http').createServer((request, response) => response.end('hello\n')).listen(3000);
END_OF_SERVER
must scripts/pm2-to-hydrinit "$folder/context/ecosystem.config.js"
lines=$said
said=$(block pm2-runtime sh 1)
says "$lines"
proved "scripts/pm2-to-hydrinit makes of the configuration what the guide says"
image pm2-before pm2-runtime 1
{
  printf 'FROM node:20\nCOPY server.js .\n'
  echo "$lines"
} >"$folder/image/Dockerfile"
must build -t pm2-after "$folder/image"
for image in pm2-before pm2-after; do
  start $image $image
  await answers $image
done
must d exec pm2-after hydrinit --status
count=$(echo "$said" | sed -n 's/.* of \([0-9]*\) replicas are ready.*/\1/p')
await prints ": $count of $count replicas are ready" d exec pm2-after hydrinit --status
same() { [ "$(d exec pm2-before pidof node | wc -w)" -gt "$count" ]; }
await same
before=$(memory_of pm2-before)
after=$(memory_of pm2-after)
stops 0 pm2-before
stops 130 pm2-after
[ "$after" -lt "$before" ] || fail "$before KiB before, and $after after"
echo "   in the image: pm2 $(mib "$(du -sk build/pm2/node_modules | cut -f 1)"), hydrinit $(wc -c <"$binary") bytes"
proved "$count servers answer; \"docker stop\": 0 before, 130 after; memory $(mib "$before") before, $(mib "$after") after"
remove pm2-before pm2-after

step "migrating: supervisord"
block "supervisord, for one service" ini 1 >"$folder/context/supervisord.conf"
image supervisor-before "supervisord, for one service" 1 "COPY supervisord.conf /etc/
COPY server.js /srv/web.js"
image supervisor-after "supervisord, for one service" 2 "COPY server.js /srv/web.js"
for image in supervisor-before supervisor-after; do
  start $image $image
  await answers $image
  first=$(d exec $image pidof node)
  must d exec $image kill -KILL "$first"
  await answers $image
  [ "$(d exec $image pidof node)" != "$first" ] || fail "$first was not killed"
done
before=$(memory_of supervisor-before)
after=$(memory_of supervisor-after)
stops 0 supervisor-before
stops 143 supervisor-after
[ "$after" -lt "$before" ] || fail "$before KiB before, and $after after"
proved "a killed server comes back; \"docker stop\": 0 before, 143 after; memory $(mib "$before") before, $(mib "$after") after"
remove supervisor-before supervisor-after

step "migrating: gosu"
image gosu-before "gosu and su-exec" 1
image gosu-after "gosu and su-exec" 2
for image in gosu-before gosu-after; do
  # shellcheck disable=SC2016
  runs 0 $image sh -c 'id -u; id -g; id -G; echo $HOME; grep CapEff /proc/self/status'
  echo "$said" >"$folder/$image"
done
must diff "$folder/gosu-before" "$folder/gosu-after"
start gosu-before --cap-drop KILL gosu-before sleep 1000
start gosu-after --cap-drop KILL gosu-after sleep 1000
for image in gosu-before gosu-after; do await d exec $image pidof sleep; done
must d exec gosu-before grep '^Uid:' /proc/1/status
before=$(echo "$said" | xargs)
must d exec gosu-after grep '^Uid:' /proc/1/status
after=$(echo "$said" | xargs)
stops 1 gosu-before
stops 143 gosu-after
proved "user, groups, HOME and capabilities of the program are the same ($(xargs <"$folder/gosu-after")); the init: $before before, $after after; without CAP_KILL \"docker stop\" ends with 1 before, with 143 after"
remove gosu-before gosu-after

step "migrating: npm start"
cat >"$folder/context/server.js" <<'END_OF_SERVER'
require('http').createServer((request, response) => response.end('hello\n')).listen(3000);
process.on('SIGTERM', () => setTimeout(() => {
  console.log('has closed');
  process.exit(0);
}, 300));
END_OF_SERVER
echo '{"name": "web", "version": "1.0.0", "scripts": {"start": "node server.js"}}' >"$folder/context/package.json"
image npm-before "\`npm start\`" 1 "COPY package.json server.js ./"
image npm-after "\`npm start\`" 2 "COPY server.js ./"
# sh or dash: what npm has between itself and the server.
for case in "npm-before sh" "npm-before dash" "npm-after sh"; do
  image=${case% *}
  shell=${case#* }
  start npm --env npm_config_script_shell="/bin/$shell" "$image"
  await answers npm
  stop npm 30
  run d logs npm
  case $said in *"has closed"*) closed=closed ;; *) closed=killed ;; esac
  echo "$closed, code $(exit_code npm)" >"$folder/$image-$shell"
  remove npm
done
busybox_before=$(cat "$folder/npm-before-sh")
dash_before=$(cat "$folder/npm-before-dash")
after=$(cat "$folder/npm-after-sh")
[ "$after" = "closed, code 0" ] || fail "after: $after"
case $dash_before in killed*) ;; *) fail "with dash npm is no trouble: $dash_before" ;; esac
proved "\"docker stop\" of a server that needs 0.3 s to close: $after. Before, by npm and busybox's sh: $busybox_before; dash: $dash_before"
