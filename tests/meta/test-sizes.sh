#!/usr/bin/env bash
# No file and no function grows without end. A function is what our style makes
# of it: its name at the start of a line, { and } each alone at a line's start.
set -euo pipefail
meta=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$meta/../.." && pwd)
cd "$top"

mapfile -t files < <(bash "$meta/own-sources.sh")
[ ${#files[@]} -gt 0 ] || {
	echo "FAIL: no sources found below $top" >&2
	exit 1
}
awk '
function most(file) {
	if (file == "server/core/dispatch.c") return 200
	if (file ~ /^examples\/wordcount\.c$/) return 250
	if (file ~ /^examples\//) return 100
	if (file ~ /^lib\/mproxy\//) return 250
	return 600
}
function complain(text) { print "FAIL: " text; failed = 1 }
function close_file() {
	if (file != "" && lines > most(file))
		complain(file ": " lines " lines, at most " most(file))
}
FNR == 1 { close_file(); file = FILENAME; name = ""; start = 0 }
{ lines = FNR }
/^[A-Za-z_][A-Za-z_0-9]*\(/ && !start { name = $0; sub(/\(.*/, "", name) }
/^\{/ && name != "" { start = FNR }
/^\}/ {
	if (start && FNR - start - 1 > 80)
		complain(file ":" start ": " name "() has " FNR - start - 1 \
			" lines, at most 80")
	name = ""
	start = 0
}
END { close_file(); exit failed }
' "${files[@]}"
