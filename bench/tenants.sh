#!/usr/bin/env bash
# How long a large tenants file takes to load, and how much memory, against Python's json.load in the same run.
#   usage: bench/tenants.sh [BUILD_DIR [DOMAINS]]        (default: build/release 1000000)
# Each loader runs in turn, three rounds; the medians and their ratios are printed. Aims: at most 1/3 of the time, 1/5 of the memory.
# CPU time is the figure to look at on a machine that does something else as well.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-$here/../build/release}
domains=${2:-1000000}
rounds=3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python_load() {
    /usr/bin/python3 - "$1" <<'PYTHON'
import json, resource, sys, time
start, cpu_start = time.perf_counter(), time.process_time()
with open(sys.argv[1]) as file:
    tenants = json.load(file)
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu_start
print(f"seconds {seconds:.3f} cpu {cpu:.3f} peak_mib {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f} keys {len(tenants)}")
PYTHON
}
field() { awk -v name="$1" '{for (i = 1; i < NF; ++i) if ($i == name) print $(i + 1)}' "$2" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

for version in 1 2; do
    file=$work/tenants_v$version.json
    /usr/bin/python3 "$here/tenants_make.py" "$version" "$domains" "$file"
    echo "version $version: $domains domains, $(du -m --apparent-size "$file" | cut -f1) MiB"
    for ((round = 1; round <= rounds; ++round)); do
        python_load "$file" >>"$work/python$version"
        "$build/bench/tenants_load" "$file" >>"$work/ours$version"
    done
    sed 's/^/  json.load  /' "$work/python$version"
    sed 's/^/  exota      /' "$work/ours$version"
    awk -v a="$(field seconds "$work/ours$version")" -v b="$(field seconds "$work/python$version")" \
        -v e="$(field cpu "$work/ours$version")" -v f="$(field cpu "$work/python$version")" \
        -v c="$(field peak_mib "$work/ours$version")" -v d="$(field peak_mib "$work/python$version")" \
        'BEGIN {printf "  medians: CPU time %.3f of json.load, elapsed %.3f (aim 0.333), peak memory %.3f (aim 0.200)\n", e / f, a / b, c / d}'
done
