#!/usr/bin/env bash
# Fuzzes the parsers, guided by coverage: see local/cli/help/fuzz.txt.
set -euo pipefail
cd "$(dirname "$0")/../../.."
seconds=60
if [ "${1:-}" = --seconds ]; then seconds=$2; shift 2; fi
command -v c++ > /dev/null || { echo "error: c++ is missing: libFuzzer is built with it" >&2; exit 1; }

# Only the workspace's own crates are instrumented (generic code of others is compiled into them): its dependencies stay
# as they are built already.
RUSTC_WORKSPACE_WRAPPER="$PWD/local/lab/fuzz/instrument" CARGO_INCREMENTAL=0 \
  cargo build --locked --workspace --features sijang-fuzz/coverage --bin sijang-fuzz
[ $# -gt 0 ] || set -- $(ls local/lab/fuzz/corpus)
printf '%-18s %12s %9s %9s\n' target executions coverage findings
failed=0
for target; do
  work=.sijang/fuzz/$target
  mkdir -p "$work/corpus" "$work/findings"
  found=0
  SIJANG_FUZZ_TARGET=$target target/debug/sijang-fuzz "$work/corpus" "local/lab/fuzz/corpus/$target" \
    -max_total_time="$seconds" -max_len=20000 -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$work/findings/" > "$work/log" 2>&1 || found=1
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$work/log" | tail -1)
  printf '%-18s %12s %9s %9s\n' "$target" "${executions:-0}" "${coverage:-0}" "$found"
  if [ $found != 0 ]; then failed=1; tail -5 "$work/log" >&2; fi
done
exit $failed
