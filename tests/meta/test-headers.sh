#!/usr/bin/env bash
# Each public header stands alone, in C11 and in C++11, without a warning even
# from a strict compiler.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${top_builddir:-$top}
strict=(-Wall -Wextra -Werror -pedantic -fsyntax-only
	"-I$top/lib" "-I$build/lib")
read -ra cc <<<"${CC:-cc}"
cxx=()
for tool in "${CXX:-}" g++ clang++ c++; do
	if [ -n "$tool" ] && command -v "${tool%% *}" >/dev/null; then
		read -ra cxx <<<"$tool"
		break
	fi
done
failed=0
count=0

try() { # LANGUAGE STANDARD HEADER COMPILER…
	local language=$1 standard=$2 header=$3
	shift 3
	printf '#include <mproxy/%s>\nextern int not_empty;\n' "$header" |
		"$@" -x "$language" "-std=$standard" "${strict[@]}" - || {
		echo "FAIL: <mproxy/$header> alone, as $standard" >&2
		failed=1
	}
}

for path in "$top"/lib/mproxy/*.h "$build/lib/mproxy/version.h"; do
	[ -f "$path" ] || continue
	header=${path##*/}
	try c c11 "$header" "${cc[@]}"
	[ ${#cxx[@]} = 0 ] || try c++ c++11 "$header" "${cxx[@]}"
	count=$((count + 1))
done
[ "$count" -gt 0 ] || {
	echo "FAIL: no public header found in $top/lib/mproxy" >&2
	exit 1
}
[ "$failed" = 0 ] || exit 1
[ ${#cxx[@]} -gt 0 ] || {
	echo "SKIP: C11 is fine; no C++ compiler to try C++11 with"
	exit 77
}
