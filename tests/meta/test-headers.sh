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
# those of the adapters include another library's, which may not be there
try_adapter() { # NAME FLAG…
	local header=adapters/$1
	shift
	try c gnu11 "$header" "${cc[@]}" "$@"
	[ ${#cxx[@]} = 0 ] || try c++ gnu++11 "$header" "${cxx[@]}" "$@"
}

for path in "$top"/lib/mproxy/adapters/*.h; do
	name=${path##*/}
	case $name in
	epoll.h) module= ;;
	libevent.h) module=libevent_core ;;
	libuv.h) module=libuv ;;
	glib.h) module=glib-2.0 ;;
	*)
		echo "FAIL: whose adapter is $name?" >&2
		exit 1
		;;
	esac
	flags=()
	if [ -n "$module" ]; then
		pkg-config --exists "$module" 2>/dev/null || {
			echo "note: no $module, <mproxy/adapters/$name> is not tried"
			continue
		}
		# others' headers need not be as strict as ours
		read -ra flags <<<"$(pkg-config --cflags "$module" | sed 's/-I/-isystem /g')"
	fi
	try_adapter "$name" "${flags[@]}"
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
