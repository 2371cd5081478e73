#!/usr/bin/env bash
# Runs every benchmark beside the raw floor and the peers that are installed,
# in turn, several rounds; prints and keeps the medians.
#
#   bench/run.sh BUILD-DIR      usually by `make bench` or `./autogen.sh bench`
#
# BENCH_ROUNDS   rounds, 3          BENCH_SECONDS  a case's time, 0.5
# BENCH_CPU      all parties on this CPU (0); "free": wherever they like
set -euo pipefail

build=${1:-${top_builddir:?usage: bench/run.sh BUILD-DIR}}
source=$(cd "$(dirname "$0")" && pwd)
rounds=${BENCH_ROUNDS:-3}
cpu=${BENCH_CPU:-0}
export MPROXYD=${MPROXYD:-$build/mproxyd}
work=$(mktemp -d)
redis=
finish() {
	if [ -n "$redis" ]; then
		kill "$redis" 2>/dev/null || true
		wait "$redis" 2>/dev/null || true
	fi
	rm -rf "$work"
}
trap finish EXIT

place=() # what puts a program on the chosen CPU
if [ "$cpu" != free ] && command -v taskset >/dev/null; then
	place=(taskset -c "$cpu")
fi

if [ -x "$build/bench/redis-calls" ] && command -v redis-server >/dev/null; then
	"${place[@]}" redis-server --port 0 --unixsocket "$work/redis.sock" --save '' \
		--appendonly no --dir "$work" >"$work/redis.log" &
	redis=$!
	for _ in $(seq 500); do
		[ -S "$work/redis.sock" ] && break
		kill -0 "$redis" 2>/dev/null || break
		sleep 0.02
	done
	[ -S "$work/redis.sock" ] || { echo "bench: redis did not start" >&2; redis=; }
else
	echo "bench: without redis (redis-server and libhiredis-dev are not there)" >&2
fi

for round in $(seq "$rounds"); do
	echo "bench: round $round of $rounds" >&2
	"${place[@]}" "$build/bench/floor" >>"$work/rows"
	"${place[@]}" "$build/bench/calls" >>"$work/rows"
	[ -z "$redis" ] || "${place[@]}" "$build/bench/redis-calls" "$work/redis.sock" >>"$work/rows"
	"${place[@]}" "$build/bench/pool" >>"$work/rows"
	if command -v python3 >/dev/null; then
		for cases in calls handover pool; do
			"${place[@]}" python3 "$source/python.py" "$cases" >>"$work/rows"
		done
	fi
done

mkdir -p "$build/bench"
sort "$work/rows" | awk -F'\t' -v OFS='\t' '
	function flush_row() {
		if (!n)
			return
		for (i = 2; i <= n; i++)	# insertion sort: three or so values
			for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) {
				t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
			}
		print name, who, v[int((n + 1) / 2)], unit
	}
	$1 != name || $2 != who {
		flush_row(); n = 0; name = $1; who = $2; unit = $4
	}
	{ v[++n] = $3 }
	END { flush_row() }
' >"$build/bench/results.tsv"

awk -F'\t' '
	$2 == "floor" { floor = $3 }
	{ value[$1, $2] = $3; if (!($1 in seen) && $2 != "floor") { seen[$1] = 1; order[++n] = $1 } }
	END {
		printf "%-16s %10s %8s %8s %10s %8s %10s %8s\n", "case (us)", "mproxy",
			"floor", "x floor", "redis", "x", "python", "x"
		for (i = 1; i <= n; i++) {
			c = order[i]; m = value[c, "mproxy"]
			r = value[c, "redis"]; p = value[c, "python"]
			printf "%-16s %10.2f %8.2f %8.2f ", c, m, floor, m / floor
			if (r) printf "%10.2f %8.2f ", r, r / m; else printf "%10s %8s ", "-", "-"
			if (p) printf "%10.2f %8.2f\n", p, p / m; else printf "%10s %8s\n", "-", "-"
		}
	}
' "$build/bench/results.tsv"
echo "rows: $build/bench/results.tsv" >&2
