#!/usr/bin/env bash
# Runs every benchmark beside the raw floor and the peers that are installed,
# in turn, several rounds; prints and keeps the medians. All of it once with all
# parties on one CPU and once wherever they like.
#
#   bench/run.sh BUILD-DIR      usually by `make bench` or `./autogen.sh bench`
#
# BENCH_ROUNDS   rounds, 3
# BENCH_SECONDS  a case's time, 0.3
# BENCH_BIG      0: without the cases of 10^7 elements
# BENCH_CPU      only one placement: a CPU's number, or "free"
set -euo pipefail

build=${1:-${top_builddir:?usage: bench/run.sh BUILD-DIR}}
source=$(cd "$(dirname "$0")" && pwd)
programs=$build/bench
rounds=${BENCH_ROUNDS:-3}
export BENCH_SECONDS=${BENCH_SECONDS:-0.3} BENCH_BIG=${BENCH_BIG:-1}
export MPROXYD=${MPROXYD:-$build/mproxyd}
unset MPROXY_ADDRESS MPROXY_DEBUG
clients=(1 10 50 500 5000) # in numbers
depths=(1 10 100 1000)     # of pipelines
idle_clients=10000
longest=300 # seconds, of one program: then it hangs
load=$(cut -d' ' -f1 /proc/loadavg)
work=$(mktemp -d)
servers=()
: >"$work/notes"

# --- what is there ---

# Both kinds of server need two descriptors a client, or nearly so.
ulimit -Hn 65536 2>/dev/null || true
ulimit -Sn "$(ulimit -Hn)"

note() { # TEXT: goes below the table, too
	echo "bench: $*" >&2
	grep -qxF -- "- $*" "$work/notes" || echo "- $*" >>"$work/notes"
}

have_redis="" have_redis_benchmark="" have_python=""
if [ ! -x "$programs/redis-calls" ]; then
	note "without Redis: built without hiredis (Debian: libhiredis-dev)"
elif ! command -v redis-server >/dev/null; then
	note "without Redis: redis-server is not installed"
else
	have_redis=1
	if command -v redis-benchmark >/dev/null; then
		have_redis_benchmark=1
	else
		note "without redis-benchmark: not installed"
	fi
fi
if python3 -c 'import multiprocessing' 2>/dev/null; then
	have_python=1
else
	note "without Python: python3 is not installed"
fi

# --- servers that are started for a while ---

stop_servers() {
	local pid
	for pid in "${servers[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	servers=()
}
finish() {
	stop_servers
	rm -rf "$work"
}
trap finish EXIT

# Starts a server on the chosen place and waits for its socket.
serve() { # SOCKET COMMAND…
	local socket=$1
	shift
	rm -f "$socket"
	"${place[@]}" "$@" >>"$work/log" 2>&1 &
	servers+=($!)
	for _ in $(seq 500); do
		[ ! -S "$socket" ] || return 0
		kill -0 "${servers[-1]}" 2>/dev/null || break
		sleep 0.02
	done
	note "$1 did not start"
	tail -n 5 "$work/log" >&2
	return 1
}
serve_redis() {
	serve "$work/redis.sock" redis-server --port 0 \
		--unixsocket "$work/redis.sock" --save '' --appendonly no \
		--maxclients $((idle_clients + 100)) --dir "$work"
}
serve_mproxy() {
	serve "$work/mproxy.sock" "$MPROXYD" --address="$work/mproxy.sock" \
		--max-clients=$((idle_clients + 100))
}

# --- steps ---

# Runs a program where it belongs; its rows get the placement. What fails is
# named, and the rest goes on.
step() { # PROGRAM ARG…
	local status=0
	timeout -k 5 "$longest" "${place[@]}" "$@" >"$work/out" || status=$?
	awk -v place="$where" '{ print $0 "\t" place }' "$work/out" >>"$work/rows"
	[ $status = 0 ] ||
		note "$(basename "$1") ${*:2:1} failed with $status ($where)"
}
ours() { # NAME ARG…
	step "$programs/$1" "${@:2}"
}
redis() { # NAME ARG…
	[ -z "$have_redis" ] ||
		step "$programs/redis-$1" "$work/redis.sock" "${@:2}"
}
python() { # CASES
	[ -z "$have_python" ] || step python3 "$source/python.py" "$1"
}

# A row of redis-benchmark's: calls per second, then latencies in ms.
redis_benchmark() { # CASE CLIENTS DEPTH
	local n
	[ -n "$have_redis_benchmark" ] || return 0
	n=$(awk -v s="$BENCH_SECONDS" -v c="$2" -v d="$3" 'BEGIN {
		n = s * 100000 * (d > 1 ? 8 : 1)
		print int(n > 4 * c ? n : 4 * c)
	}')
	timeout -k 5 "$longest" "${place[@]}" redis-benchmark \
		-s "$work/redis.sock" -c "$2" -P "$3" -n "$n" --csv \
		HGET bench key 2>/dev/null | tr -d '"' |
		awk -F, -v OFS='\t' -v name="$1" -v place="$where" '
			NR > 1 && NF >= 8 {
				print name, "redis-benchmark", $2, "calls/s", place
				if (name !~ /^clients/)
					next
				print name "-p50", "redis-benchmark", $5 * 1000, "us", place
				print name "-p99", "redis-benchmark", $7 * 1000, "us", place
			}
		' >>"$work/rows" || note "redis-benchmark failed for $1 ($where)"
}

# What every round has. The calls are in shorter turns: there, little counts.
round() {
	local n seconds=$BENCH_SECONDS
	BENCH_SECONDS=$(awk -v s="$seconds" 'BEGIN { print s / 3 }')
	for n in 1 2 3; do
		ours floor
		ours calls
		redis calls
	done
	BENCH_SECONDS=$seconds
	python calls
	ours clients mproxy "$work/mproxy.sock" "${clients[@]}"
	[ -z "$have_redis" ] ||
		ours clients redis "$work/redis.sock" "${clients[@]}"
	for n in "${clients[@]}"; do
		redis_benchmark "clients-$n" "$n" 1
	done
	ours async "${depths[@]}"
	ours pipeline "${depths[@]}"
	redis pipeline "${depths[@]}"
	for n in "${depths[@]}"; do
		redis_benchmark "pipeline-get-$n" 1 "$n"
	done
	ours batch
	redis batch
	ours handover
	redis handover
	python handover
	ours copy
	ours values
	redis values
	ours pool
	python pool
	ours threads
	redis threads
}

# What takes long, and repeats itself inside. One look at how Redis grows will do.
once() {
	ours growth
	[ "$which" != "${sections[0]}" ] || redis growth
	ours stall
	ours jobs
}

# --- instructions of the server ---

counted() { # SYSTEM INSTRUCTIONS CALLS
	awk -v OFS='\t' -v who="$1" -v all="$2" -v calls="$3" -v place="$where" '
		BEGIN { print "instructions-dict-get", who, all / calls, "instr", place }
	' >>"$work/rows"
}
by_perf() { # SYSTEM
	local calls=200000 count
	"serve_$1" || return 1
	perf stat -x, -e instructions:u -o "$work/perf" -p "${servers[-1]}" -- \
		timeout "$longest" "$programs/gets" "$1" "$work/$1.sock" "$calls" ||
		return 1
	count=$(awk -F, '/instructions/ { print $1 }' "$work/perf")
	counted "$1" "$count" "$calls"
	stop_servers
}
# Two runs: what the server does besides is in both.
by_callgrind() { # SYSTEM
	local calls counts=()
	for calls in 20000 60000; do
		place=(valgrind --tool=callgrind --callgrind-out-file="$work/callgrind")
		"serve_$1" || return 1
		timeout "$longest" "$programs/gets" "$1" "$work/$1.sock" "$calls" ||
			return 1
		stop_servers
		counts+=("$(awk '/^(summary|totals):/ { print $2; exit }' "$work/callgrind")")
	done
	counted "$1" $((counts[1] - counts[0])) 40000
}
instructions() {
	local system how place=()
	if perf stat -e instructions:u true 2>&1 | grep -qE '[0-9] +instructions'; then
		how=by_perf
	elif command -v valgrind >/dev/null; then
		how=by_callgrind
	else
		note "without instructions: perf cannot count them here, valgrind is not installed"
		return 0
	fi
	for system in mproxy ${have_redis:+redis}; do
		"$how" "$system" || note "instructions of $system: not counted"
	done
}

# What no placement changes. The memory of a server is that of a fresh one.
anywhere() {
	local kind
	stop_servers
	instructions
	ours memory
	for kind in list dict queue; do
		stop_servers
		[ -z "$have_redis" ] || serve_redis || return 0
		redis memory "$kind"
	done
	stop_servers
	serve_mproxy || return 0
	ours idle mproxy "$work/mproxy.sock" "$idle_clients"
	[ -n "$have_redis" ] || return 0
	serve_redis || return 0
	ours idle redis "$work/redis.sock" "$idle_clients"
}

section() { # PLACEMENT
	local round
	where=$1
	serve_mproxy || exit 1
	[ -z "$have_redis" ] || serve_redis || have_redis=
	for round in $(seq "$rounds"); do
		echo "bench: placement $where, round $round of $rounds" >&2
		round
		[ "$round" != 1 ] || once
	done
	[ -e "$work/anywhere" ] || anywhere
	touch "$work/anywhere"
	stop_servers
}

case ${BENCH_CPU:-both} in
both) cpu=0 sections=(one free) ;;
free) cpu=0 sections=(free) ;;
*) cpu=$BENCH_CPU sections=(one) ;;
esac
for which in "${sections[@]}"; do
	place=() # what puts a program on the chosen CPU
	if [ "$which" = one ]; then
		if ! command -v taskset >/dev/null; then
			note "nothing on one CPU: taskset is not installed"
			continue
		fi
		place=(taskset -c "$cpu")
	fi
	section "$which"
done

# --- results ---

# Medians, in the order in which the cases came.
awk -F'\t' -v OFS='\t' '
	{ key = $1 FS $2 FS $5 }
	!(key in count) {
		order[++n_keys] = key
		name[key] = $1; who[key] = $2; unit[key] = $4; where[key] = $5
	}
	{	# sorted in, as there are only a few of each
		i = ++count[key]
		for (; i > 1 && value[key, i - 1] > $3 + 0; i--)
			value[key, i] = value[key, i - 1]
		value[key, i] = $3 + 0
	}
	END {
		OFMT = "%.6g"
		for (i = 1; i <= n_keys; i++) {
			key = order[i]
			print name[key], who[key], \
				value[key, int((count[key] + 1) / 2)] + 0, \
				unit[key], where[key]
		}
	}
' "$work/rows" >"$programs/results.tsv"

version() { # COMMAND…
	"$@" 2>/dev/null | grep -m 1 -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || echo none
}
machine() {
	printf 'Machine: %s; %s CPUs; Linux %s; mproxy %s; redis %s; python %s; %s.\n' \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
		"$(nproc)" "$(uname -r)" \
		"$(git -C "$source" describe --always --dirty 2>/dev/null ||
			version "$MPROXYD" --version)" \
		"$(version redis-server --version)" \
		"$(version python3 --version)" \
		"$(date -u +%Y-%m-%d)"
	printf 'Settings: BENCH_ROUNDS=%s BENCH_SECONDS=%s BENCH_BIG=%s BENCH_CPU=%s; load before: %s.\n' \
		"$rounds" "$BENCH_SECONDS" "$BENCH_BIG" "${BENCH_CPU:-both}" "$load"
}
{
	machine
	bash "$source/table.sh" "$source/goals.tsv" "$programs/results.tsv"
	if [ -s "$work/notes" ]; then
		printf '\nLeft out, and why:\n\n'
		cat "$work/notes"
	fi
} | tee "$programs/results-table.md"
bash "$source/plot" "$programs/results.tsv" >"$programs/results.svg"
echo "rows, table, chart: $programs/results.tsv, results-table.md, results.svg" >&2
