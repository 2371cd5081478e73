/*
 * Values from C variables, without naming their kind.
 *
 *	MPROXY(x)                 one value
 *	MPROXY_ARGS(x, y, …)      a list: arguments of a task, a job, a record
 *	MPROXY_LIST(x, y, …)      the same, where "list" reads better
 *	MPROXY_MAP(k, x, l, y, …) a map: key, item, key, item …
 *
 * x may be a bool, an integer of any type, float or double; text (char *,
 * copied); a proxy (a handle is made, the proxy stays yours); or a struct
 * mproxy_value *, which is taken as it is, so that all of these nest. From 1 to
 * 16 arguments; a longer list is made by mproxy_value_list(), an empty one by
 * mproxy_value_list(0, NULL). Arguments are evaluated once.
 *
 * In C, true is an int: write mproxy_value_bool(true), or give a bool variable.
 * A comparison is an int, too. A character constant is a number.
 *
 * A new type of objects is a row in types.h; nothing changes here.
 */
#ifndef MPROXY_VALUE_MACROS_H
#define MPROXY_VALUE_MACROS_H

#include <mproxy/value.h>

#define MPROXY_TYPE_VALUE_(name, letter)                                       \
	static inline struct mproxy_value *mproxy_value_of_##name##_(          \
		struct mproxy_##name *name)                                    \
	{                                                                      \
		return mproxy_value_object((struct mproxy_object *)name);      \
	}

MPROXY_TYPE_LIST(MPROXY_TYPE_VALUE_)

static inline struct mproxy_value *
mproxy_value_itself_(struct mproxy_value *value)
{
	return value;
}

#ifndef __cplusplus

#define MPROXY_TYPE_CASE_(name, letter)                                        \
	struct mproxy_##name * : mproxy_value_of_##name##_,

#define MPROXY(x)                                                              \
	_Generic((x),                                                          \
		MPROXY_TYPE_LIST(MPROXY_TYPE_CASE_)                            \
		struct mproxy_object *: mproxy_value_object,                   \
		struct mproxy_value *: mproxy_value_itself_,                   \
		bool: mproxy_value_bool,                                       \
		char: mproxy_value_int,                                        \
		signed char: mproxy_value_int,                                 \
		short: mproxy_value_int,                                       \
		int: mproxy_value_int,                                         \
		long: mproxy_value_int,                                        \
		long long: mproxy_value_int,                                   \
		unsigned char: mproxy_value_uint,                              \
		unsigned short: mproxy_value_uint,                             \
		unsigned int: mproxy_value_uint,                               \
		unsigned long: mproxy_value_uint,                              \
		unsigned long long: mproxy_value_uint,                         \
		float: mproxy_value_double,                                    \
		double: mproxy_value_double,                                   \
		char *: mproxy_value_string,                                   \
		const char *: mproxy_value_string)(x)

#define MPROXY_ARGS(...)                                                       \
	mproxy_value_list(                                                     \
		MPROXY_COUNT_(__VA_ARGS__),                                    \
		(struct mproxy_value *[]){ MPROXY_EACH_(__VA_ARGS__) })

/* A size below 0: an odd number of arguments, a key without its item. */
#define MPROXY_MAP(...)                                                        \
	mproxy_value_map_from_pairs(                                           \
		MPROXY_COUNT_(__VA_ARGS__) / 2 *                               \
			sizeof(char[1 -                                        \
				    2 * (MPROXY_COUNT_(__VA_ARGS__) % 2)]),    \
		(struct mproxy_value *[]){ MPROXY_EACH_(__VA_ARGS__) })

#define MPROXY_COUNT_(...)                                                     \
	MPROXY_PICK_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5,   \
		     4, 3, 2, 1, 0)
#define MPROXY_PICK_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, count,    \
		     ...)                                                      \
	count

#define MPROXY_EACH_(...)                                                      \
	MPROXY_JOIN_(MPROXY_EACH_, MPROXY_COUNT_(__VA_ARGS__))(__VA_ARGS__)
#define MPROXY_JOIN_(a, b) MPROXY_JOIN_2_(a, b)
#define MPROXY_JOIN_2_(a, b) a##b
#define MPROXY_EACH_1(x) MPROXY(x)
#define MPROXY_EACH_2(x, ...) MPROXY(x), MPROXY_EACH_1(__VA_ARGS__)
#define MPROXY_EACH_3(x, ...) MPROXY(x), MPROXY_EACH_2(__VA_ARGS__)
#define MPROXY_EACH_4(x, ...) MPROXY(x), MPROXY_EACH_3(__VA_ARGS__)
#define MPROXY_EACH_5(x, ...) MPROXY(x), MPROXY_EACH_4(__VA_ARGS__)
#define MPROXY_EACH_6(x, ...) MPROXY(x), MPROXY_EACH_5(__VA_ARGS__)
#define MPROXY_EACH_7(x, ...) MPROXY(x), MPROXY_EACH_6(__VA_ARGS__)
#define MPROXY_EACH_8(x, ...) MPROXY(x), MPROXY_EACH_7(__VA_ARGS__)
#define MPROXY_EACH_9(x, ...) MPROXY(x), MPROXY_EACH_8(__VA_ARGS__)
#define MPROXY_EACH_10(x, ...) MPROXY(x), MPROXY_EACH_9(__VA_ARGS__)
#define MPROXY_EACH_11(x, ...) MPROXY(x), MPROXY_EACH_10(__VA_ARGS__)
#define MPROXY_EACH_12(x, ...) MPROXY(x), MPROXY_EACH_11(__VA_ARGS__)
#define MPROXY_EACH_13(x, ...) MPROXY(x), MPROXY_EACH_12(__VA_ARGS__)
#define MPROXY_EACH_14(x, ...) MPROXY(x), MPROXY_EACH_13(__VA_ARGS__)
#define MPROXY_EACH_15(x, ...) MPROXY(x), MPROXY_EACH_14(__VA_ARGS__)
#define MPROXY_EACH_16(x, ...) MPROXY(x), MPROXY_EACH_15(__VA_ARGS__)

#else /* C++ */

#define MPROXY_OVERLOAD_(type, constructor)                                    \
	inline struct mproxy_value *mproxy_value_of_(type x)                   \
	{                                                                      \
		return constructor(x);                                         \
	}
#define MPROXY_TYPE_OVERLOAD_(name, letter)                                    \
	MPROXY_OVERLOAD_(struct mproxy_##name *, mproxy_value_of_##name##_)

MPROXY_TYPE_LIST(MPROXY_TYPE_OVERLOAD_)
MPROXY_OVERLOAD_(struct mproxy_object *, mproxy_value_object)
MPROXY_OVERLOAD_(struct mproxy_value *, mproxy_value_itself_)
MPROXY_OVERLOAD_(bool, mproxy_value_bool)
MPROXY_OVERLOAD_(char, mproxy_value_int)
MPROXY_OVERLOAD_(signed char, mproxy_value_int)
MPROXY_OVERLOAD_(short, mproxy_value_int)
MPROXY_OVERLOAD_(int, mproxy_value_int)
MPROXY_OVERLOAD_(long, mproxy_value_int)
MPROXY_OVERLOAD_(long long, mproxy_value_int)
MPROXY_OVERLOAD_(unsigned char, mproxy_value_uint)
MPROXY_OVERLOAD_(unsigned short, mproxy_value_uint)
MPROXY_OVERLOAD_(unsigned int, mproxy_value_uint)
MPROXY_OVERLOAD_(unsigned long, mproxy_value_uint)
MPROXY_OVERLOAD_(unsigned long long, mproxy_value_uint)
MPROXY_OVERLOAD_(float, mproxy_value_double)
MPROXY_OVERLOAD_(double, mproxy_value_double)
MPROXY_OVERLOAD_(char *, mproxy_value_string)
MPROXY_OVERLOAD_(const char *, mproxy_value_string)

/* No other pointer may turn into a bool. */
template <typename T> struct mproxy_value *mproxy_value_of_(T *) = delete;

template <typename... T>
inline struct mproxy_value *
mproxy_value_list_of_(T... x)
{
	struct mproxy_value *items[] = { mproxy_value_of_(x)..., nullptr };
	return mproxy_value_list(sizeof...(T), items);
}

template <typename... T>
inline struct mproxy_value *
mproxy_value_map_of_(T... x)
{
	static_assert(sizeof...(T) % 2 == 0, "a key without its item");
	struct mproxy_value *pairs[] = { mproxy_value_of_(x)..., nullptr };
	return mproxy_value_map_from_pairs(sizeof...(T) / 2, pairs);
}

#define MPROXY(x) mproxy_value_of_(x)
#define MPROXY_ARGS(...) mproxy_value_list_of_(__VA_ARGS__)
#define MPROXY_MAP(...) mproxy_value_map_of_(__VA_ARGS__)

#endif

#define MPROXY_LIST(...) MPROXY_ARGS(__VA_ARGS__)

#endif
