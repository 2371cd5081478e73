/*
 * Why a keyed hash: nonces are chosen by clients, who could choose them so
 * that all fall into one bucket.
 */
#include "server/keyring.h"

static size_t
bucket_of(const struct keyring *ring, struct span bytes)
{
	return value_hash(bytes, &ring->hash_key) % KEYRING_BUCKETS;
}

struct span
key_span(const struct key *key)
{
	return span_make(key->bytes, sizeof(key->bytes));
}

struct key *
keyring_find(const struct keyring *ring, struct span bytes)
{
	struct key *key;

	if (bytes.size != MESSAGE_KEY_SIZE)
		return NULL;
	key = ring->buckets[bucket_of(ring, bytes)];
	while (key && !span_equal(key_span(key), bytes))
		key = key->next;
	return key;
}

void
keyring_add(struct keyring *ring, struct key *key)
{
	size_t bucket = bucket_of(ring, key_span(key));

	key->next = ring->buckets[bucket];
	key->hung = true;
	ring->buckets[bucket] = key;
}

void
keyring_remove(struct keyring *ring, struct key *key)
{
	struct key **place = &ring->buckets[bucket_of(ring, key_span(key))];

	if (!key->hung)
		return;
	while (*place != key)
		place = &(*place)->next;
	*place = key->next;
	key->next = NULL;
	key->hung = false;
}
