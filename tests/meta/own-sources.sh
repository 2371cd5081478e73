#!/usr/bin/env bash
# Prints the .c and .h files that people wrote, by path from the top.
#   own-sources.sh [-0] [PATTERN]     -0: full paths, each ended by a NUL
#                                     PATTERN: only names like it, as '*.c'
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
format='%P\n' dirs=()
if [ "${1:-}" = -0 ]; then
	format='%p\0'
	shift
fi
for dir in proto server lib tests examples bench; do
	[ -d "$top/$dir" ] && dirs+=("$dir")
done
for dir in "${dirs[@]}"; do
	find "$top/$dir" -type f \( -name '*.c' -o -name '*.h' \) -name "${1:-*}" \
		! -name '*.pb-c.*' ! -path "$top/lib/mproxy/version.h" \
		-printf "${format/\%P/$dir\/%P}"
done | if [ "$format" = '%p\0' ]; then sort -z; else sort; fi
