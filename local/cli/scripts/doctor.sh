#!/bin/sh
# Checks what this machine has of what the project needs. Exit status 1: ./local/up or ./local/test cannot run.
cd "$(dirname "$0")/../../.." || exit
missing=0

has() { command -v "$1" > /dev/null 2>&1; }
# The first thing in a program's answer that looks like a version.
version() { "$@" 2>&1 | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1; }
# Whether version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
say() { printf '  %-8s %-16s %s\n' "$1" "$2" "$3"; }
lacking() { say MISSING "$1" "$2"; missing=$((missing + 1)); }

echo "To run the shop and its tests:"
case "$(uname -s) $(uname -m)" in
  "Linux x86_64" | "Linux aarch64") say ok system "$(uname -sm)" ;;
  *) lacking system "$(uname -sm): only Linux on x86-64 or arm64 has been tried" ;;
esac
rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! has cargo; then
  lacking cargo "Rust $rust or newer: https://rustup.rs"
elif at_least "$(version cargo --version)" "$rust"; then
  say ok cargo "$(version cargo --version)"
else
  lacking cargo "$(version cargo --version) is too old: Rust $rust or newer (rustup update)"
fi
if has cc; then
  say ok cc "$(cc --version | head -n 1)"
else
  lacking cc "a C compiler, for SQLite and the cryptography (on Debian: apt install build-essential)"
fi
if ! has python3; then
  lacking python3 "Python 3.10 or newer, for the local cloud (on Debian: apt install python3 python3-venv)"
elif ! at_least "$(version python3 --version)" 3.10; then
  lacking python3 "$(version python3 --version) is too old: Python 3.10 or newer"
elif ! python3 -c 'import ensurepip, venv' 2> /dev/null; then
  lacking python3 "cannot make virtual environments (on Debian: apt install python3-venv)"
else
  say ok python3 "$(version python3 --version)"
fi
# Earlier builds take up room already: only the rest has to be free.
needed=8
free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')
built=$(du -sck target .sijang 2> /dev/null | awk 'END { print int($1 / 1048576) }')
if [ "$((free + built))" -ge "$needed" ]; then
  say ok disk "$free GiB free"
else
  lacking disk "$free GiB free: builds and tools take about $needed, of which $built are here"
fi

optional() { # PROGRAM PURPOSE
  if has "$1"; then say ok "$1" "$2"; else say "-" "$1" "$2"; fi
}
echo "For some tests, which say so when they are skipped:"
optional chromium "the storefront in a real browser"
optional node "drives the browser"
optional java "the storage contract against DynamoDB Local"
optional mvn "fetches DynamoDB Local"
echo "For ./local/shop bench, which says so where one is missing (npm beside node):"
optional npm "fetches the SDK that the baseline in Node uses"
optional redis-server "the race for coupons through Redis"
optional valgrind "counts instructions and allocations"
optional strace "counts system calls"
echo "To deploy:"
optional rustup "adds Rust's target aarch64-unknown-linux-gnu, for ./local/shop package"
optional sam "deploys template.yaml, for ./local/shop deploy (pip install aws-sam-cli)"
optional aws "the commands of the runbooks"
optional docker "only for those who prefer containers"

if [ "$missing" = 0 ]; then echo "doctor: everything that ./local/up and ./local/test need is here"; exit 0; fi
echo "doctor: $missing missing"
exit 1
