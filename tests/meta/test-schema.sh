#!/usr/bin/env bash
# No message of the wire contains itself, directly or through others: what
# decodes them has no limit of depth.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
awk '
{
	sub(/\/\/.*/, "")
	gsub(/\/\*([^*]|\*[^\/])*\*\//, "")
}
/\/\*/ { sub(/\/\*.*/, ""); comment = 1; text = text " " $0; next }
comment { if (!sub(/.*\*\//, "")) next; comment = 0 }
{ text = text " " $0 }
END {
	gsub(/[{}();=<>,]/, " & ", text)
	n = split(text, word, /[ \t]+/)
	depth = 0
	for (i = 1; i <= n; i++) {
		if (word[i] == "message") {
			name = word[++i]
			message[name] = 1
			at = depth
		} else if (word[i] == "{") depth++
		else if (word[i] == "}") { if (--depth == at) name = "" }
		else if (name != "") uses[name, word[i]] = 1
	}
	for (m in message) count++
	if (!count) { print "FAIL: no messages found"; exit 1 }
	for (m in message) for (o in message)
		if ((m, o) in uses) path[m, o] = 1
	for (k in message) for (i in message) for (j in message)
		if ((i, k) in path && (k, j) in path) path[i, j] = 1
	for (m in message) if ((m, m) in path) {
		print "FAIL: message " m " can contain itself"
		failed = 1
	}
	exit failed
}' "$top/proto/mproxy.proto"
