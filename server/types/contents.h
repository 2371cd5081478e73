/*
 * What the types that hold many items share: answering with them, taking them
 * from values, printing them.
 */
#ifndef MPROXY_SERVER_TYPES_CONTENTS_H
#define MPROXY_SERVER_TYPES_CONTENTS_H

#include "server/core/call.h"

/* Items looked at, moved or written before others have their turn. */
#define CONTENTS_STEP 8192u

/* Items freed at once; more of them get an object of their own, which dies
 * little by little. */
#define CONTENTS_AT_ONCE 1024u

/* The least that an item takes in a list or a map. */
#define CONTENTS_MIN_ITEM 4u

/* What an item of so many bytes takes in a list or a map. */
size_t contents_item_size(size_t size);

/* False after call_fail(): no value may have so many bytes. */
bool contents_fit(struct call *call, size_t size);

/* As above, of a result that is being written; or there was no memory for it. */
bool contents_may_grow(struct call *call, const struct buffer *out);

/* A part of an argument taken apart. handles: the argument has some. */
struct value contents_value(struct span part, bool handles);

bool contents_has_handles(struct span value);

/*
 * A list of so many items that they must not be moved when its head is known:
 * there is room for that before them. Gives where they begin; they are added
 * by value_list_item(). Nobody ends it: contents_reply_list() answers with it.
 */
size_t contents_begin_list(struct buffer *out);
void contents_reply_list(struct call *call, struct buffer *out, size_t begin,
			 bool has_handles);

/* An integer argument that may be missing or nil. */
bool contents_is_given(const struct value *args, size_t n_args, size_t i);

/* Prints up to a limit; "…" is put where it is reached. */
struct contents_printer {
	struct buffer *out;
	size_t left;
	bool full;
};

void contents_print_text(struct contents_printer *printer, const char *text);
void contents_print_value(struct contents_printer *printer, struct span value);

#endif
