/*
 * Why generated from the list: a code, its name and its text cannot part.
 */
#include "mproxy/error.h"

const char *
mproxy_strerror(int code)
{
	switch (code) {
	case MPROXY_OK:
		return "ok";
#define X(name, number, text)                                                  \
	case MPROXY_ERR_##name:                                                \
		return (text);
		MPROXY_ERROR_LIST(X)
#undef X
	default:
		return "unknown error";
	}
}

const char *
mproxy_error_name(int code)
{
	switch (code) {
	case MPROXY_OK:
		return "MPROXY_OK";
#define X(name, number, text)                                                  \
	case MPROXY_ERR_##name:                                                \
		return "MPROXY_ERR_" #name;
		MPROXY_ERROR_LIST(X)
#undef X
	default:
		return "MPROXY_ERR_UNKNOWN";
	}
}
