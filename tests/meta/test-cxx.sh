#!/usr/bin/env bash
# A program in C++11, linked with the library as its users are, works; and what
# must not compile does not.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${top_builddir:-$top}
library=$build/.libs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cxx=
for tool in "${CXX:-}" g++ clang++ c++; do
	if [ -n "$tool" ] && command -v "${tool%% *}" >/dev/null; then
		cxx=$tool
		break
	fi
done
[ -n "$cxx" ] || {
	echo "SKIP: no C++ compiler"
	exit 77
}
read -ra compile <<<"$cxx"
compile+=(-std=c++11 -Wall -Wextra -Werror -pedantic "-I$top/lib" "-I$build/lib")

# a library with a sanitizer wants a program with the same
read -ra base_ldflags <<<"${BASE_LDFLAGS:-}"
"${compile[@]}" "${base_ldflags[@]}" "$top/tests/meta/test-cxx.cc" -o "$work/test" \
	"-L$library" -lmproxy "-Wl,-rpath,$library"
"$work/test"

refused() { # EXPRESSION
	{
		echo '#include <mproxy/mproxy.h>'
		echo "struct mproxy_value *f(const int *p) { (void)p; return $1; }"
	} >"$work/refused.cc"
	if "${compile[@]}" -fsyntax-only "$work/refused.cc" 2>"$work/errors"; then
		echo "FAIL: this compiles: $1" >&2
		exit 1
	fi
}
refused 'MPROXY(p)' # a pointer is no bool
refused 'MPROXY(nullptr)'
refused 'MPROXY_MAP("key")' # nor is half an entry an entry
