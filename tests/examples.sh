#!/usr/bin/env bash
# Runs the examples and compares what they print with examples/expected/.
#   examples.sh [NAME…]     only these
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${top_builddir:-$top}
MPROXYD=${MPROXYD:-$build/mproxyd}
export MPROXYD
unset MPROXY_ADDRESS
patience=60 # seconds

# One row an example: its name, how it is run, its arguments.
#   within   by mproxyd -- EXAMPLE
#   alone    it starts its own manager
#   maybe    as within; not built when the library it shows is not there
table='
async-epoll        within
async-glib         maybe
async-libevent     within
async-libuv        maybe
shared-list        within
producer-consumer  within
joinable-queue     alone
pool-map           alone
sweep              alone
'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
count=0

run() { # HOW NAME ARGUMENT…
	local how=$1 program=$build/examples/$2
	shift 2
	case $how in
	within | maybe) timeout "$patience" "$MPROXYD" -- "$program" "$@" ;;
	alone) timeout "$patience" "$program" "$@" ;;
	*)
		echo "examples.sh: no way to run called $how" >&2
		return 1
		;;
	esac
}

while read -r name how arguments; do
	[ -n "$name" ] || continue
	[ $# = 0 ] || [[ " $* " = *" $name "* ]] || continue
	if [ "$how" = maybe ] && [ ! -e "$build/examples/$name" ]; then
		echo "SKIP: $name: its library was not there when configure looked" >&2
		continue
	fi
	read -ra words <<<"$arguments"
	count=$((count + 1))
	status=0
	run "$how" "$name" "${words[@]}" </dev/null >"$work/out" 2>"$work/err" || status=$?
	if [ "$status" != 0 ]; then
		echo "FAIL: $name ended with $status" >&2
		sed 's/^/    /' "$work/err" >&2
		failed=1
	elif ! diff -u "$top/examples/expected/$name.txt" "$work/out" >&2; then
		echo "FAIL: $name printed something else" >&2
		failed=1
	elif [ -s "$work/err" ]; then
		echo "FAIL: $name complained" >&2
		sed 's/^/    /' "$work/err" >&2
		failed=1
	fi
done <<<"$table"
[ "$count" -gt 0 ] || {
	echo "FAIL: no example of this name" >&2
	exit 1
}
exit $failed
