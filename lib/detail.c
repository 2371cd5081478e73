/*
 * Why a sentence per thread: a code says what kind of failure, the user wants
 * to know which file, which limit, which side.
 */
#include <stdarg.h>
#include <stdio.h>

#include "detail.h"
#include "lib-private.h"

static _Thread_local struct detail detail;

const char *
mproxy_error_detail(void)
{
	return detail.text;
}

int
detail_code(void)
{
	return detail.code;
}

/* Ends text that did not fit with an ellipsis, on a whole character. */
static void
shorten(void)
{
	static const char ellipsis[] = "…";
	size_t end = sizeof(detail.text) - sizeof(ellipsis);

	while (end > 0 && ((unsigned char)detail.text[end] & 0xc0) == 0x80)
		end--;
	memcpy(detail.text + end, ellipsis, sizeof(ellipsis));
}

int
error_set(int code, const char *format, ...)
{
	va_list args;
	int n;

	detail.code = code;
	va_start(args, format);
	n = vsnprintf(detail.text, sizeof(detail.text), format, args);
	va_end(args);
	if (n >= (int)sizeof(detail.text))
		shorten();
	return code;
}

static bool
says_side(struct span text, const char *side)
{
	return text.size >= strlen(side) &&
	       memcmp(text.data, side, strlen(side)) == 0;
}

void
error_set_span(int code, struct span text)
{
	static const char side[] = "server: ";
	size_t side_size = sizeof(side) - 1;
	size_t room = sizeof(detail.text) - 1;
	size_t size;

	detail.code = code;
	if (text.size == 0)
		text = span_text(mproxy_strerror(code));
	if (says_side(text, side) || says_side(text, "client: "))
		side_size = 0;
	memcpy(detail.text, side, side_size);
	room -= side_size;
	size = text.size < room ? text.size : room;
	memcpy(detail.text + side_size, text.data, size);
	detail.text[side_size + size] = '\0';
	if (size < text.size)
		shorten();
}

void
detail_save(struct detail *ret)
{
	*ret = detail;
}

void
detail_restore(const struct detail *saved)
{
	detail = *saved;
}
