#!/usr/bin/env bash
# What the library exports, what lib/libmproxy.sym lists and what the public
# headers declare are one and the same set.
#   test-symbols.sh --print     writes what libmproxy.sym should be, from the headers
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${top_builddir:-$top}
read -ra cc <<<"${CC:-cc}"
read -ra nm <<<"${NM:-nm}"
headers=$top/lib/mproxy
list=$top/lib/libmproxy.sym
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# stands in for the generated header before configure has run
mkdir "$work/mproxy"
: >"$work/mproxy/version.h"

# Of each declaration in the headers that is not static, a type or a macro's,
# the name: the first mproxy_… that is followed by ( for a function, the last
# word before [ = ; for an object.
declared() {
	local header includes=
	for header in "$headers"/*.h; do
		includes+="#include <mproxy/${header##*/}>"$'\n'
	done
	"${cc[@]}" -E -std=c11 "-I$top/lib" "-I$build/lib" "-I$work" \
		-x c - <<<"$includes" | awk '
	/^#/ { ours = $0 ~ /\/mproxy\/[a-z-]+\.h"/; next }
	ours { text = text " " $0 }
	END {
		while (match(text, /__attribute__[ \t]*\(\(/)) {
			head = substr(text, 1, RSTART - 1)
			rest = substr(text, RSTART + RLENGTH)
			depth = 2
			for (i = 1; depth > 0 && i <= length(rest); i++) {
				c = substr(rest, i, 1)
				if (c == "(") depth++
				else if (c == ")") depth--
			}
			text = head " " substr(rest, i)
		}
		depth = 0
		for (i = 1; i <= length(text); i++) {
			c = substr(text, i, 1)
			if (c == "{") { depth++; body = 1 }
			else if (c == "}") {
				depth--
				# the end of a function defined here; a type ends with ;
				if (depth == 0 && item ~ /\)[ \t]*$/) { item = ""; body = 0 }
			} else if (depth > 0) continue
			else if (c == ";") { declaration(item); item = ""; body = 0 }
			else item = item c
		}
	}
	function declaration(item, name) {
		if (item ~ /(^|[ \t])(typedef|static|_Static_assert)[ \t(]/) return
		if (match(item, /mproxy_[a-z0-9_]+[ \t]*\(/)) {
			name = substr(item, RSTART, RLENGTH)
			sub(/[ \t]*\(/, "", name)
			print name
		} else if (item ~ /(^|[ \t])extern[ \t]/) {
			sub(/[ \t]*[\[=].*/, "", item)
			sub(/[ \t]+$/, "", item)
			sub(/.*[ \t*]/, "", item)
			print item
		}
	}' | sort -u
}

if [ "${1:-}" = --print ]; then
	echo '/* What libmproxy exports: one row for each name in lib/mproxy/. */'
	printf 'MPROXY_0 {\nglobal:\n'
	declared | sed 's/.*/\t&;/'
	printf 'local:\n\t*;\n};\n'
	exit 0
fi

library=$build/.libs/libmproxy.so
[ -e "$library" ] || {
	echo "FAIL: $library is not there; run make first" >&2
	exit 1
}
declared >"$work/headers"
tr ';' '\n' <"$list" | sed -n 's/^.*[[:space:]:]*\(mproxy_[a-z0-9_*]*\)[[:space:]]*$/\1/p' |
	sort -u >"$work/list"
# an A is the version itself; what coverage and sanitizers add is not ours
"${nm[@]}" -D --defined-only "$library" | awk '$2 != "A" { print $3 }' |
	sed -E 's/@.*//; /^(__asan|__ubsan|__tsan|__odr_asan|__gcov|_init$|_fini$)/d' |
	sort -u >"$work/exported"

failed=0
differ() { # FILE OTHER-FILE TEXT
	local name
	while read -r name; do
		echo "FAIL: $name $3" >&2
		failed=1
	done < <(comm -23 "$1" "$2")
}
differ "$work/headers" "$work/list" "is declared in a header, but not in lib/libmproxy.sym"
differ "$work/list" "$work/headers" "is in lib/libmproxy.sym, but no header declares it"
differ "$work/list" "$work/exported" "is in lib/libmproxy.sym, but the library does not export it"
differ "$work/exported" "$work/list" "is exported, but not in lib/libmproxy.sym"
[ -s "$work/headers" ] || {
	echo "FAIL: the headers declare nothing" >&2
	failed=1
}
exit $failed
