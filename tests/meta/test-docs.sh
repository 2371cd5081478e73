#!/usr/bin/env bash
# What the documents show compiles, and the README's program does what it says.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${top_builddir:-$top}
export MPROXYD=${MPROXYD:-$build/mproxyd}
unset MPROXY_ADDRESS
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I"$top" -I"$top/lib"
	-I"$build/lib" -I"$build")
read -ra cc <<<"${CC:-cc}"
# a library with a sanitizer wants a program with the same
read -ra base_ldflags <<<"${BASE_LDFLAGS:-}"
failed=0

fail() {
	echo "FAIL: $*" >&2
	failed=1
}

c_of() { # FILE: its C, block after block
	awk '/^```c$/ {inside = 1; next} /^```/ {inside = 0} inside' "$1"
}

# --- README.md: a whole program ---

c_of "$top/README.md" >"$work/squares.c"
if ! "${cc[@]}" "${flags[@]}" -fsyntax-only "$work/squares.c"; then
	fail "README.md: the program does not compile"
elif "${cc[@]}" "${flags[@]}" "${base_ldflags[@]}" "$work/squares.c" -o "$work/squares" \
	"-L$build/.libs" -lmproxy "-Wl,-rpath,$build/.libs"; then
	timeout 60 "$work/squares" >"$work/out" || fail "README.md: the program fails"
	printf '%s\n' 1 4 9 16 25 >"$work/want"
	head -n 5 "$work/out" | diff "$work/want" - || fail "README.md: other squares"
	tail -n 1 "$work/out" | grep -qE '^who did how many: \{[0-9]+: [1-5](, [0-9]+: [1-5])*\}$' ||
		fail "README.md: $(tail -n 1 "$work/out")"
else
	fail "README.md: the program cannot be linked"
fi

# --- doc/from-python.md: pieces, each with the same variables ---

{
	cat <<'C'
#include <mproxy/mproxy.h>
MPROXY_TASK_DECLARE(square);
void pieces(const char *path);
void on_item(void *context, int error, const struct mproxy_value *item);
void
pieces(const char *path)
{
	struct mproxy_manager *m;
	struct mproxy_list *l, *outer, *list_;
	struct mproxy_dict *d;
	struct mproxy_queue *q;
	struct mproxy_lock *lock;
	struct mproxy_lock_grant grant;
	struct mproxy_pool *pool;
	struct mproxy_future *future;
	struct mproxy_results *results;
	struct mproxy_iter *it;
	struct mproxy_value *v, *x, *k, *part, *list, *args[10];
	size_t n, index;
	bool found;
	int status;
	char *text;
C
	awk '/^```c$/ {inside = 1; print "{"; next}
		/^```/ {if (inside) print "}"; inside = 0}
		inside {gsub(/…/, ";"); print}' "$top/doc/from-python.md" |
		sed 's/"results", &list)/"results", \&list_)/'
	echo '}'
} >"$work/pieces.c"
# nothing in there is run, so nothing is set before it is used
"${cc[@]}" "${flags[@]}" -Wno-uninitialized -Wno-maybe-uninitialized -Wno-unused \
	-fsyntax-only "$work/pieces.c" || fail "doc/from-python.md: a piece does not compile"

# --- doc/adding-a-type.md: a type, in a daemon that is otherwise the same ---

counter=$work/overlay/server/types
mkdir -p "$counter"
c_of "$top/doc/adding-a-type.md" >"$counter/counter.c"
{
	cat "$top/server/types/types.def"
	echo 'TYPE(counter)'
} >"$counter/types.def"
cat >"$work/count.c" <<'C'
#include <mproxy/mproxy.h>
#include <stdio.h>
int
main(void)
{
	struct mproxy_manager *m = NULL;
	struct mproxy_object *counter = NULL;
	struct mproxy_value *sum = NULL;
	int64_t n = 0;

	if (mproxy_connect(NULL, &m) ||
	    mproxy_object_new(m, "counter", NULL, &counter) ||
	    mproxy_object_call(counter, "add", MPROXY_ARGS(40), 0, NULL) ||
	    mproxy_object_call(counter, "add", MPROXY_ARGS(2), 0, &sum) ||
	    mproxy_unpack(sum, "i", &n))
		fprintf(stderr, "%s\n", mproxy_error_detail());
	printf("%d\n", (int)n);
	mproxy_value_free(sum);
	mproxy_object_free(counter);
	mproxy_close(m);
	return 0;
}
C
internal=("$build/.libs/libserver.a" "$build/.libs/libcore.a" "$build/.libs/libproto.a"
	"$build/.libs/libwirepb.a")
if ! "${cc[@]}" "-I$work/overlay" "${flags[@]}" "${base_ldflags[@]}" \
	"$top/server/main.c" "$top/server/types/table.c" "$counter/counter.c" \
	"${internal[@]}" -levent_core -lprotobuf-c -o "$work/mproxyd"; then
	fail "doc/adding-a-type.md: the daemon cannot be built with the counter"
elif ! "${cc[@]}" "${flags[@]}" "${base_ldflags[@]}" "$work/count.c" -o "$work/count" \
	"-L$build/.libs" -lmproxy "-Wl,-rpath,$build/.libs"; then
	fail "doc/adding-a-type.md: its user cannot be built"
elif [ "$(timeout 60 "$work/mproxyd" -- "$work/count")" != 42 ]; then
	fail "doc/adding-a-type.md: 40 and 2 do not make 42"
fi

# --- every file that a document names is there ---

# shellcheck disable=SC2016
while IFS=: read -r document name; do
	[ -e "$top/$name" ] || fail "${document#"$top"/} names $name, which is not there"
done < <(grep -oE '`(proto|server|lib|tests|examples|bench|doc)/[A-Za-z0-9_./-]+`' \
	"$top"/*.md "$top"/doc/*.md | tr -d '`' | grep -v counter | sort -u)
exit $failed
