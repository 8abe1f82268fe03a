#!/usr/bin/env bash
# Runs the storage contract suite against DynamoDB Local: see local/cli/help/dynamodb-local.txt.
#
# DynamoDB Local listens on every interface and has no option to change that. So it runs, with the tests, in a network
# namespace of its own; where the user may not make one, it does not run.
set -euo pipefail
cd "$(dirname "$0")/../../.."
home=.sijang/dynamodb-local
port=8000
skip() { echo "SKIPPED: DynamoDB Local: $1"; exit 0; }

command -v java > /dev/null || skip "there is no java (17 or newer)"
java -version 2>&1 | grep -qE 'version "(1[7-9]|[2-9][0-9])' || skip "java is older than 17"
if ! cmp -s local/cli/scripts/dynamodb-local/pom.xml "$home/pom.xml"; then
  command -v mvn > /dev/null || skip "there is no mvn to fetch it with"
  rm -rf "$home"
  # Maven compares each file with its checksum.
  mvn --batch-mode --quiet --strict-checksums --file local/cli/scripts/dynamodb-local/pom.xml -Dmaven.repo.local="$PWD/.sijang/maven" \
    dependency:copy-dependencies -DoutputDirectory="$PWD/$home" || skip "it cannot be fetched from Maven Central"
  cp local/cli/scripts/dynamodb-local/pom.xml "$home/pom.xml"
fi
isolated=(unshare --user --map-root-user --net --kill-child=KILL --fork)
"${isolated[@]}" ip link set lo up 2> /dev/null || {
  echo "error: DynamoDB Local listens on every interface, and this user may not make a network for it alone (unshare, ip)" >&2
  exit 1
}

if [ "${1-}" != --serve ]; then
  executable=$(cargo test --workspace --locked --test storage --no-run --message-format=json |
    grep '"name":"storage"' | grep -o '"executable":"[^"]*"' | cut -d'"' -f4)
fi

# The rest runs inside: the server, and what is to reach it.
serve() {
  ip link set lo up
  java -Xmx512m -Dsqlite4java.library.path="$home" -cp "$home/*" \
    com.amazonaws.services.dynamodbv2.local.main.ServerRunner -inMemory -sharedDb -disableTelemetry -port $port \
    > "$home/log" 2>&1 &
  server=$!
  trap 'kill $server' EXIT
  until (: < /dev/tcp/127.0.0.1/$port) 2> /dev/null; do
    kill -0 $server 2> /dev/null || { cat "$home/log" >&2; exit 1; }
    sleep 0.1
  done
}
contract() {
  serve
  SIJANG_DYNAMODB_ENDPOINT=http://127.0.0.1:$port "$@"
}
stay() {
  serve
  echo "DynamoDB Local is at http://127.0.0.1:$port in a network of its own. To run a command in there:"
  echo "  nsenter --target $server --user --net --preserve-credentials COMMAND"
  wait $server
}
export -f serve contract stay
export home port
if [ "${1-}" = --serve ]; then
  exec "${isolated[@]}" bash -euc stay
fi
exec "${isolated[@]}" bash -euc 'contract "$@"' contract "$executable" "$@"
