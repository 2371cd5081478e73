/*
 * Who is meant by a key of 16 bytes: sessions by the key they were given,
 * announced forks by the nonce they chose.
 */
#ifndef MPROXY_SERVER_KEYRING_H
#define MPROXY_SERVER_KEYRING_H

#include "proto/message.h"
#include "proto/value.h"

#define KEYRING_BUCKETS 4096u

/* Embedded in what is found by it. */
struct key {
	uint8_t bytes[MESSAGE_KEY_SIZE];
	struct key *next;
	bool hung; /* on a ring */
};

struct keyring {
	struct value_hash_key hash_key;
	struct key *buckets[KEYRING_BUCKETS];
};

struct span key_span(const struct key *key);

/* NULL when there is none, also for a key of another size. */
struct key *keyring_find(const struct keyring *ring, struct span bytes);
/* key->bytes are set and on the ring only once. */
void keyring_add(struct keyring *ring, struct key *key);
void keyring_remove(struct keyring *ring, struct key *key); /* fine if not on */

#endif
