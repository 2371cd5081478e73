/*
 * Why checked here and not in each handler: a handler that forgets to check
 * reads the wrong member of a union. A handler cannot forget this.
 */
#include "signature.h"

#include "mproxy/error.h"

#define KIND(kind) (1u << MPROXY_##kind)
#define ANY (KIND(HANDLE) * 2 - 1)

/* The kinds that a letter stands for. */
static const uint16_t kinds[128] = {
	['v'] = ANY,
	['k'] = ANY, /* without a handle, see has_kind() */
	['i'] = KIND(INT),
	['I'] = KIND(INT) | KIND(NIL),
	['n'] = KIND(INT) | KIND(UINT) | KIND(DOUBLE),
	['b'] = KIND(BOOL),
	['s'] = KIND(STRING),
	['y'] = KIND(BYTES),
	['l'] = KIND(LIST),
	['m'] = KIND(MAP),
	['h'] = KIND(HANDLE),
};

static inline bool
has_kind(const struct value *value, char letter)
{
	return (kinds[letter & 0x7f] >> value->kind & 1) != 0 &&
	       (letter != 'k' || !value->has_handles);
}

static const char *
letter_name(char letter)
{
	switch (letter) {
	case 'v':
		return "value";
	case 'k':
		return "value without a handle";
	case 'i':
		return "integer";
	case 'I':
		return "integer or nil";
	case 'n':
		return "number";
	case 'b':
		return "bool";
	case 's':
		return "text";
	case 'y':
		return "bytes";
	case 'l':
		return "list";
	case 'm':
		return "map";
	case 'h':
		return "handle";
	default:
		return "nothing";
	}
}

static int
wrong_number(size_t n, const char *want, size_t *ret_arg, const char **ret_want)
{
	*ret_arg = n;
	*ret_want = want;
	return MPROXY_ERR_INVALID;
}

int
signature_check(const char *signature, const struct value *values, size_t n,
		size_t *ret_arg, const char **ret_want)
{
	const char *at = signature;
	bool optional = false;

	for (size_t i = 0; i < n; i++) {
		if (*at == '|') {
			optional = true;
			at++;
		}
		if (*at == '\0')
			return wrong_number(n, "fewer", ret_arg, ret_want);
		if (!has_kind(&values[i], *at)) {
			*ret_arg = i;
			*ret_want = letter_name(*at);
			return MPROXY_ERR_TYPE;
		}
		/* a letter with a star stays for all that follow */
		if (at[1] != '*')
			at++;
	}
	if (optional || *at == '\0' || *at == '|' || at[1] == '*')
		return 0;
	return wrong_number(n, letter_name(*at), ret_arg, ret_want);
}

struct signature_plan
signature_plan(const char *signature)
{
	const struct signature_plan never = { .least = 1 };
	struct signature_plan plan = { 0 };
	bool optional = false;

	for (const char *at = signature; *at; at++) {
		if (*at == '|') {
			optional = true;
			continue;
		}
		if (*at == '*' || plan.most == SIGNATURE_FEW)
			return never;
		plan.kinds[plan.most++] = kinds[*at & 0x7f];
		plan.least += !optional;
	}
	return plan;
}

void
signature_describe(const char *signature, struct buffer *out)
{
	bool optional = false;
	bool first = true;
	unsigned open = 0;

	for (const char *at = signature; *at; at++) {
		if (*at == '|') {
			optional = true;
			continue;
		}
		if (*at == '*') {
			buffer_append_text(out, "…");
			continue;
		}
		if (optional) {
			buffer_append_text(out, "[");
			open++;
		}
		if (!first)
			buffer_append_text(out, ", ");
		first = false;
		buffer_append_text(out, *at == 'k' ? "key" : letter_name(*at));
	}
	while (open-- > 0)
		buffer_append_text(out, "]");
}
