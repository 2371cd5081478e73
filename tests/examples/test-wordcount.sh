#!/usr/bin/env bash
# The totals of examples/wordcount equal those of coreutils on the same files.
# Text comes from the machine's licences, and from files made to be awkward.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${top_builddir:-$top}
export MPROXYD=${MPROXYD:-$build/mproxyd}
unset MPROXY_ADDRESS
wordcount=$build/examples/wordcount
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
failed=0

fail() {
	echo "FAIL: $*" >&2
	failed=1
}

# As `COUNT WORD` lines, each file for itself: a last letter is a word's end.
reference() { # FILE…
	local file
	for file in "$@"; do
		# shellcheck disable=SC2018,SC2019
		tr -cs 'A-Za-z' '\n' <"$file" | tr 'A-Z' 'a-z'
		echo
	done | sed '/^$/d' | LC_ALL=C sort | uniq -c | awk '{print $1, $2}' |
		LC_ALL=C sort
}

counted() { # OUTPUT: its lines `   COUNT WORD`
	awk 'NF == 2 && $1 ~ /^[0-9]+$/ {print $1, $2}' "$1" | LC_ALL=C sort
}

compare() { # NAME WORKERS PATH… -- FILE…
	local name=$1 workers=$2 paths=()
	shift 2
	while [ "$1" != -- ]; do
		paths+=("$1")
		shift
	done
	shift
	timeout 120 "$MPROXYD" -- "$wordcount" -j "$workers" -n 1000000 "${paths[@]}" \
		>"$work/out" 2>"$work/err" </dev/null ||
		fail "$name: ended with $?: $(tail -n 3 "$work/err")"
	reference "$@" >"$work/want"
	counted "$work/out" >"$work/got"
	[ -s "$work/want" ] || fail "$name: there is nothing to compare with"
	diff "$work/want" "$work/got" >"$work/diff" ||
		fail "$name: counts differ: $(head -n 5 "$work/diff")"
}

# --- real text ---

mapfile -t licences < <(find /usr/share/common-licenses -type f)
if [ ${#licences[@]} -gt 0 ]; then
	compare licences 2 /usr/share/common-licenses -- "${licences[@]}"
	[ ! -s "$work/err" ] || fail "licences: complained: $(cat "$work/err")"
	n=$(grep -c '^worker [0-9]*: ' "$work/out")
	[ "$n" = 1 ] || [ "$n" = 2 ] || fail "licences: $n lines of workers"
	bytes=$(cat "${licences[@]}" | wc -c)
	grep -qx "total: $bytes bytes" "$work/out" ||
		fail "licences: $(grep ^total: "$work/out"), not $bytes bytes"
fi

# --- awkward text ---

mkdir -p "$work/text/deep/er"
printf 'one two' >"$work/text/a"
printf 'three TWO\r\nOne_one' >"$work/text/b"
: >"$work/text/empty"
printf '%s' 'été naïve 12three4' >"$work/text/deep/utf-8"
# a word across every edge of a buffer, and one longer than a buffer
head -c 300000 /dev/zero | tr '\0' 'x' >"$work/text/deep/er/long"
awk 'BEGIN {for (i = 0; i < 60000; i++) printf "%s ", substr("abcdefghij", 1, 1 + i % 10)}' \
	>"$work/text/deep/er/edges"
ln -s ../text "$work/text/loop"
mapfile -t files < <(find "$work/text" -type f)
for workers in 1 4; do
	compare "awkward files, $workers workers" "$workers" "$work/text" -- "${files[@]}"
done

# --- what is skipped ---

printf 'bin\0ary words' >"$work/text/binary"
printf 'secret words' >"$work/text/secret"
chmod 000 "$work/text/secret"
expect="a binary file"
if [ -r "$work/text/secret" ]; then
	rm -f "$work/text/secret" # root reads everything
else
	expect="$expect|Permission denied"
fi
compare "skipped files" 2 "$work/text" "$work/missing" -- "${files[@]}"
n=$(grep -cE "skipped$" "$work/err")
want=$(($(echo "$expect" | tr '|' '\n' | wc -l) + 1))
[ "$n" = "$want" ] || fail "skipped files: $n are told, $want expected: $(cat "$work/err")"
grep -q "binary: a binary file; skipped" "$work/err" ||
	fail "the binary file is not told: $(cat "$work/err")"
grep -q "missing: No such file or directory; skipped" "$work/err" ||
	fail "the missing file is not told: $(cat "$work/err")"

# --- alone, without a manager around it ---

timeout 60 "$wordcount" -n 1 "$work/text/a" >"$work/out" 2>&1 </dev/null ||
	fail "alone: ended with $?: $(cat "$work/out")"
for line in 'total: 7 bytes' 'total: 2 words'; do
	grep -qx "$line" "$work/out" || fail "alone: no '$line' in $(cat "$work/out")"
done
exit $failed
