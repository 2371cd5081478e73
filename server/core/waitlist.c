/* Who waits for the same thing; the order is that of arrival. */
#include <stdarg.h>
#include <stdio.h>

#include "server/core/machine.h"

static struct call *
call_at(const struct waitlist *list, struct list_link *link)
{
	if (link == &list->calls)
		return NULL;
	return LIST_ENTRY(link, struct call, link);
}

void
waitlist_init(struct waitlist *list)
{
	list_init(&list->calls);
	list->n = 0;
}

struct call *
waitlist_first(const struct waitlist *list)
{
	return call_at(list, list->calls.next);
}

struct call *
waitlist_next(const struct waitlist *list, const struct call *call)
{
	return call_at(list, call->link.next);
}

void
waitlist_fail_all(struct waitlist *list, int code, const char *format, ...)
{
	char text[256];
	struct call *call;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	while ((call = waitlist_first(list)))
		call_fail(call, code, "%s", text);
}
