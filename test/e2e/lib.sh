# What the end-to-end tests share; sourced, never run. Each test works in a folder of its own, on free ports of loopback;
# what it started is ended by its pid when it ends, whatever way it ends.
# shellcheck shell=bash
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data=$top/test/data
work=$(mktemp -d)
pids=()
cd "$work"

finish() {
  local status=$? pid server
  if [ $status -ne 0 ] && [ -e err ]; then echo "== the proxy's log"; tail -n 20 err; fi
  for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || continue; done
  for pid in ${pids[@]+"${pids[@]}"}; do wait "$pid" 2>/dev/null || true; done
  if [ -d "$work/servers" ]; then # a test that runs alone has servers of its own
    for server in fault swift; do SERVERS_STATE=$work/servers "$top/test/servers/$server" down >/dev/null 2>&1 || true; done
  fi
  rm -rf "$work"
}
trap finish EXIT

fail() { echo "FAILED: $*"; exit 1; }
same() { [ "$1" = "$2" ] || fail "$3: wanted $2, got $1"; }

await() { # SECONDS COMMAND…: until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "waited in vain for: $*"
    read -rt 0.02 <> <(:) || true
  done
}

# Three inputs on free ports: udp, tcp, http; short ages, so that what is stored comes soon. The rest is standard input.
conf_write() {
  cat >c.yaml <<C
node: node1
inputs:
  - {kind: syslog, transport: udp, listen: 127.0.0.1:0, name: udp}
  - {kind: syslog, transport: tcp, listen: 127.0.0.1:0, name: tcp}
  - {kind: http, listen: 127.0.0.1:0, name: http}
C
  cat >>c.yaml
}

# Starts the proxy (c.yaml) and waits until it listens. $tamis, $udp, $tcp, $http: pid and ports.
tamis_start() {
  rm -f ports
  # shellcheck disable=SC2086
  ${TAMIS_UNDER:-} "$top/build/tamis" run -c c.yaml --ports ports >>out 2>>err &
  tamis=$!
  pids+=("$tamis")
  await 60 ended_or_ready
  [ -e ports ] || fail "the proxy did not start"
  udp=$(awk '$1 == "udp" { print $2 }' ports) tcp=$(awk '$1 == "tcp" { print $2 }' ports) http=$(awk '$1 == "http" { print $2 }' ports)
  export udp tcp http
}
ended_or_ready() { [ -e ports ] || ! kill -0 "$tamis"; }

tamis_ended() { [ ! -e "/proc/$tamis" ] || grep -q '^State:.Z' "/proc/$tamis/status"; }
tamis_stop() { # it drains, ships and ends with status 0
  kill "$tamis"
  await 90 tamis_ended
  wait "$tamis" || fail "the proxy ended with status $?"
  pids=()
}
tamis_kill() {
  kill -KILL "$tamis"
  wait "$tamis" 2>/dev/null || true
}

counter() { # NAME: its value now
  kill -USR1 "$tamis"
  sed -n "s/.* $1=\([0-9]*\) .*/\1/p" err | tail -n 1
}
counter_is() { [ "$(counter "$1")" = "$2" ]; }

stored() { find var/store -name '*.gz' 2>/dev/null | LC_ALL=C sort | xargs -r zcat; } # all records, in order of objects

# The scorer's truth fits the lines that are read on standard input: recall 1.0 for every type, kept at least 0.999.
score() { python3 "$data/score.py" --truth "$1" --filtered "$2" --min-recall 1.0 --min-kept 0.999; }

# No number, address or name that the truth lists is in any file the proxy made: state, log, output.
nothing_raw() {
  python3 -c 'import json, sys
for line in open(sys.argv[1]):
    for kind, value, spelled in json.loads(line)["pii"]:
        if kind in ("phone", "email", "name", "sip_user") and len(spelled) > 9: print(spelled)' "$1" | sort -u >raw
  [ -s raw ] || fail "the truth lists nothing to look for"
  if grep -rlF -f raw var err out; then fail "a raw value is on disk"; fi
}

swift_up() { # a bucket of this test's own
  export SERVERS_STATE=${SERVERS_STATE:-$work/servers}
  "$top/test/servers/swift" up
  set -a
  eval "$("$top/test/servers/swift" env)"
  set +a
  export AWS_ACCESS_KEY_ID=$S3_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$S3_SECRET_KEY AWS_DEFAULT_REGION=$S3_REGION AWS_EC2_METADATA_DISABLED=true
  bucket=${1:?}
  aws_s3 mb "s3://$bucket" >/dev/null
}
aws_s3() { aws --endpoint-url "${S3_ENDPOINT:?}" s3 "$@"; }
bucket_get() { # all objects of the bucket into FOLDER, their records in order on standard output
  rm -rf "$1"
  aws_s3 cp --quiet --recursive "s3://$bucket" "$1" >&2
  find "$1" -name '*.gz' | LC_ALL=C sort | xargs -r zcat
}
