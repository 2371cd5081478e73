/*
 * What a value can be; shared by the library, the wire and the server.
 */
#ifndef MPROXY_VALUE_KINDS_H
#define MPROXY_VALUE_KINDS_H

enum mproxy_kind {
	MPROXY_NIL = 1,
	MPROXY_BOOL = 2,
	MPROXY_INT = 3,	 /* -2^63 … 2^63-1 */
	MPROXY_UINT = 4, /* 2^63 … 2^64-1 */
	MPROXY_DOUBLE = 5,
	MPROXY_STRING = 6,  /* UTF-8 text without NUL */
	MPROXY_BYTES = 7,   /* anything */
	MPROXY_NUMBERS = 8, /* an array of one type of number */
	MPROXY_LIST = 9,
	MPROXY_MAP = 10,
	MPROXY_HANDLE = 11, /* a shared object */
};

/* Type of the elements of a MPROXY_NUMBERS value. */
enum mproxy_number {
	MPROXY_I8 = 1,
	MPROXY_U8 = 2,
	MPROXY_I16 = 3,
	MPROXY_U16 = 4,
	MPROXY_I32 = 5,
	MPROXY_U32 = 6,
	MPROXY_I64 = 7,
	MPROXY_U64 = 8,
	MPROXY_F32 = 9,
	MPROXY_F64 = 10,
};

#endif
