// The headers used from C++11: the macros are overloaded functions there.
// Compiled, linked with the library and run by test-cxx.sh; needs no manager.
#include <mproxy/mproxy.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

static int failed;

// Takes value.
static void
expect(struct mproxy_value *value, const char *want)
{
	char *text = nullptr;

	if (mproxy_value_format(value, &text) != 0 ||
	    std::strcmp(text, want) != 0) {
		std::fprintf(stderr, "FAIL: %s, wanted %s\n",
			     text ? text : mproxy_error_detail(), want);
		failed = 1;
	}
	std::free(text);
	mproxy_value_free(value);
}

enum colour { RED = 3 };

// Never run: only to see that typed proxies are accepted.
struct mproxy_value *
with_proxies(struct mproxy_list *list, struct mproxy_dict *dict,
	     struct mproxy_queue *queue, struct mproxy_lock *lock,
	     struct mproxy_object *object)
{
	return MPROXY_ARGS(MPROXY(list), dict, queue, lock, object);
}

int
main()
{
	const std::string text = "text";
	char buffer[] = "buffer";
	const bool yes = true;
	int64_t i;
	double d;
	char *s;
	struct mproxy_start_options options;

	expect(MPROXY(true), "true");
	expect(MPROXY(7), "7");
	expect(MPROXY(7.0f), "7.0");
	expect(MPROXY("literal"), "\"literal\"");
	expect(MPROXY(RED), "3");
	expect(MPROXY_ARGS(1, 2u, 3L, 4ul, 5ll, 6ull, yes, text.c_str(),
			   buffer, sizeof(int) == 4),
	       "[1, 2, 3, 4, 5, 6, true, \"text\", \"buffer\", true]");
	expect(MPROXY_LIST(1, MPROXY_LIST("x", 2.5), MPROXY_MAP("k", 7)),
	       "[1, [\"x\", 2.5], {\"k\": 7}]");
	expect(MPROXY_ARGS(), "[]");
	expect(MPROXY_ARGS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
			   16, 17, 18),
	       "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, "
	       "18]");

	struct mproxy_value *list = MPROXY_ARGS(42, 0.5, "hello");
	if (mproxy_unpack(list, "ids", &i, &d, &s) != 0 || i != 42 ||
	    d != 0.5 || std::strcmp(s, "hello") != 0) {
		std::fprintf(stderr, "FAIL: %s\n", mproxy_error_detail());
		failed = 1;
	}
	std::free(s);
	mproxy_value_free(list);

	mproxy_start_options_init(&options);
	if (options.size != sizeof(options))
		failed = 1;
	return failed;
}
