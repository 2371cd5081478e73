#!/usr/bin/env bash
# Every source in the tree has a row in the sources.am of its folder (or it
# would not be built, or would miss in the tarball), and every row has its file.
set -euo pipefail
meta=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$meta/../.." && pwd)
cd "$top"
failed=0

complain() {
	echo "FAIL: $*" >&2
	failed=1
}

# The paths named in FILE's rows. A program's row is its source without .c.
rows_of() {
	sed 's/#.*//' "$1" | grep -oE '(proto|server|lib|tests|examples|bench|doc)/[A-Za-z0-9_./+-]+' |
		sort -u
}

for dir in proto server lib tests examples bench doc; do
	list=$dir/sources.am
	[ -f "$list" ] || {
		complain "$list is missing"
		continue
	}
	rows=$(rows_of "$list"; [ "$dir" != server ] || echo server/main.c)
	while read -r file; do
		[ -n "$file" ] || continue
		grep -qxF -e "$file" -e "${file%.c}" <<<"$rows" ||
			complain "$file has no row in $list"
	done < <(bash "$meta/own-sources.sh" | grep "^$dir/" || true)
	while read -r file; do
		case $file in
		*.a | *.la | */results*) continue ;;
		esac
		[ -f "$file" ] || [ -f "$file.c" ] ||
			complain "$list has a row for $file, which is not there"
	done <<<"$rows"
done
exit $failed
