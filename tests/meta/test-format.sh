#!/usr/bin/env bash
# The formatter changes nothing. Its version is pinned: others differ in detail.
set -euo pipefail
meta=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tool=${CLANG_FORMAT:-clang-format-14}
command -v "$tool" >/dev/null || {
	echo "SKIP: $tool is not installed"
	exit 77
}
bash "$meta/own-sources.sh" -0 |
	xargs -0 "$tool" --style=file --dry-run --Werror --ferror-limit=3 || {
	echo "FAIL: the files above are not in the house's form: make format" >&2
	exit 1
}
