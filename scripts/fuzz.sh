#!/usr/bin/env bash
# Fuzzes the parsers: each target of fuzz/targets.cpp in turn, for MINUTES of wall clock on one
# core, under the address and undefined-behaviour sanitizers. Needs the packages clang-19 and
# libclang-rt-19-dev.
#
#   scripts/fuzz.sh MINUTES [TARGET ...]
#
# Goes on where it was: what libFuzzer has found is kept in build/fuzz/corpus/TARGET, and each
# sitting adds a line to build/fuzz/sittings.csv (target, seconds, executions, edges covered). A
# crash ends it with an exit status other than 0; its input, build/fuzz/crash-*, belongs minimised
# into fuzz/corpus/TARGET.
source "$(dirname "$0")/common.sh"

minutes=${1:?"usage: scripts/fuzz.sh MINUTES [TARGET ...]"}
shift
build fuzz gramian_fuzz
cd build/fuzz
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || mapfile -t targets < <(ls ../../fuzz/corpus)
[[ -f sittings.csv ]] || echo "target,seconds,executions,edges" >sittings.csv
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target"
  if ! ./gramian_fuzz "--target=$target" -max_total_time=$((60 * minutes)) -max_len=16384 \
    -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 "corpus/$target" \
    "../../fuzz/corpus/$target" >"$target.log" 2>&1; then
    tail -n 40 "$target.log" >&2
    exit 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$target.log")
  edges=$(grep -ao 'cov: [0-9]*' "$target.log" | tail -n 1 | grep -o '[0-9]*')
  echo "$target,$((60 * minutes)),$runs,$edges" >>sittings.csv
  echo "$target: $runs executions, $edges edges of the code"
done
echo "In all sittings:"
awk -F, 'NR > 1 { s[$1] += $2; n[$1] += $3; if ($4 > e[$1]) e[$1] = $4 }
         END { for (t in s)
                 printf "%-12s %6d s %11d executions %6d edges\n", t, s[t], n[t], e[t] }' \
  sittings.csv | sort
