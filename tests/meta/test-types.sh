#!/usr/bin/env bash
# Every type has all its parts. TYPE(x) in server/types/types.def is a type that
# programs use; TYPE_INTERNAL(x) one that has no face and no test of its own. A
# type that is a module has its face and test in the module's folders.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$top"
def=server/types/types.def
failed=0

need() { # TYPE FILE… : one of them
	local type=$1 file
	shift
	for file in "$@"; do [ -f "$file" ] && return 0; done
	echo "FAIL: type $type has no $1" >&2
	failed=1
}

types() { # MACRO
	sed -nE "s/^$1\(([a-z0-9_]+)\).*/\1/p" "$def"
}

for type in $(types TYPE) $(types TYPE_INTERNAL); do
	need "$type" "server/types/$type.c"
done
count=0
for type in $(types TYPE); do
	need "$type" "lib/types/$type.c" "lib/$type/$type.c"
	need "$type" "lib/mproxy/$type.h"
	need "$type" "tests/types/test_$type.c" "tests/$type/test_$type.c"
	grep -qE "^#.*\<$type\>|\`$type\`|mproxy_${type}_" doc/*.md || {
		echo "FAIL: type $type is in no document (a heading, \`$type\` or mproxy_${type}_…)" >&2
		failed=1
	}
	grep -q "X($type, '" lib/mproxy/types.h || {
		echo "FAIL: type $type has no row in lib/mproxy/types.h" >&2
		failed=1
	}
	grep -qE "mproxy/$type\.h[>\"]" lib/mproxy/mproxy.h || {
		echo "FAIL: type $type: lib/mproxy/mproxy.h does not include its header" >&2
		failed=1
	}
	count=$((count + 1))
done
[ "$count" -gt 0 ] || {
	echo "FAIL: no TYPE(…) rows in $def" >&2
	exit 1
}
exit $failed
