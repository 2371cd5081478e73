/*
 * What a copy of this program is to be, carried over exec. It stands in a file
 * without a name; the environment says only which descriptor that is, and
 * forgets it at once, so that what a task starts is an ordinary program again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/connection.h"
#include "lib/pool/pool-private.h"

/* --- before exec --- */

static void
put_items(struct buffer *out, const struct crew_setup *setup,
	  const struct handover_claim *claim)
{
	const int64_t numbers[] = { setup->role,    (int64_t)setup->pool,
				    setup->workers, setup->owner,
				    setup->leash,   setup->life,
				    claim->pipe };
	struct span nonce = span_make(claim->nonce, sizeof(claim->nonce));
	struct span items[3];
	struct buffer parts = BUFFER_INIT;
	size_t ends[3];

	value_put_numbers(&parts, MPROXY_I64, numbers, 7);
	ends[0] = parts.size;
	value_put_bytes(&parts, nonce);
	ends[1] = parts.size;
	value_put_bytes(&parts, span_text(setup->manager->address.path));
	ends[2] = parts.size;
	if (buffer_failed(&parts)) {
		out->failed = true;
		return;
	}
	items[0] = span_make(parts.data, ends[0]);
	items[1] = span_make(parts.data + ends[0], ends[1] - ends[0]);
	items[2] = span_make(parts.data + ends[1], ends[2] - ends[1]);
	value_put_list(out, items, 3);
	buffer_deinit(&parts);
}

int
handover_write(const struct crew_setup *setup,
	       const struct handover_claim *claim)
{
	int fd = memfd_create("mproxy-worker", MFD_CLOEXEC);
	struct buffer out = BUFFER_INIT;
	int error = fd < 0 ? errno : 0;

	put_items(&out, setup, claim);
	if (!error && buffer_failed(&out))
		error = ENOMEM;
	if (!error && write(fd, out.data, out.size) != (ssize_t)out.size)
		error = EIO;
	buffer_deinit(&out);
	if (error && fd >= 0)
		close(fd);
	return error ? -error : fd;
}

/* The whole file as a value; NULL when it is none. */
static struct mproxy_value *
read_file(int fd)
{
	struct mproxy_value *value = NULL;
	struct value checked;
	uint8_t bytes[8192];
	const char *why;
	ssize_t size = pread(fd, bytes, sizeof(bytes), 0);

	if (size > 0 &&
	    value_validate(span_make(bytes, (size_t)size), &checked, &why) == 0)
		value = value_new(span_make(bytes, (size_t)size));
	return value;
}

/* --- after exec --- */

static _Noreturn void
fail(const struct crew_setup *setup, int code)
{
	if (setup->role == ROLE_SUPERVISOR)
		crew_give_up(setup, code, mproxy_error_detail());
	_exit(1);
}

static bool
unpack_numbers(const struct mproxy_value *numbers, struct crew_setup *ret,
	       struct handover_claim *ret_claim)
{
	int64_t number[7];
	size_t n;

	if (mproxy_value_get_numbers(numbers, MPROXY_I64, number, 7, &n) != 0 ||
	    n != 7)
		return false;
	*ret = (struct crew_setup){
		.role = (enum crew_role)number[0],
		.method = MPROXY_START_SPAWN,
		.pool = (uint64_t)number[1],
		.workers = (int)number[2],
		.owner = (pid_t)number[3],
		.leash = (int)number[4],
		.life = (int)number[5],
	};
	ret_claim->pipe = (int)number[6];
	return true;
}

static bool
unpack(const struct mproxy_value *value, struct crew_setup *ret,
       struct handover_claim *ret_claim, struct address *ret_address)
{
	struct mproxy_value *numbers;
	size_t nonce_size, path_size;
	void *nonce, *path;
	bool ok;

	if (!value || mproxy_unpack(value, "vyy", &numbers, &nonce, &nonce_size,
				    &path, &path_size) != 0)
		return false;
	ok = unpack_numbers(numbers, ret, ret_claim) &&
	     nonce_size == MESSAGE_KEY_SIZE && path_size < ADDRESS_SIZE;
	if (ok) {
		memcpy(ret_claim->nonce, nonce, MESSAGE_KEY_SIZE);
		memcpy(ret_address->path, path, path_size);
		ret_address->path[path_size] = '\0';
	}
	mproxy_value_free(numbers);
	free(nonce);
	free(path);
	return ok;
}

static void
make_private(int fd)
{
	if (fd > 2)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

bool
handover_take(struct crew_setup *ret)
{
	const char *text = secure_getenv(HANDOVER_VARIABLE);
	struct handover_claim claim;
	struct mproxy_value *value;
	struct address address;
	int file, error;

	if (!text)
		return false;
	file = (int)strtol(text, NULL, 10);
	unsetenv(HANDOVER_VARIABLE);
	value = file > 2 ? read_file(file) : NULL;
	if (!unpack(value, ret, &claim, &address))
		_exit(1); /* to go on as an ordinary program would be worse */
	mproxy_value_free(value);
	close(file);
	if (ret->role == ROLE_SUPERVISOR) {
		make_private(ret->leash);
		make_private(ret->life);
	}
	error = connection_claim(&address,
				 span_make(claim.nonce, sizeof(claim.nonce)),
				 &ret->manager);
	close(claim.pipe);
	if (error)
		fail(ret, error);
	return true;
}

bool
handover_is_due(void)
{
	return secure_getenv(HANDOVER_VARIABLE) != NULL;
}
