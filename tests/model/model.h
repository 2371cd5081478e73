/*
 * A small reference model of sessions, references, lists, dicts, queues and
 * locks, written from what the methods promise, not from how the server does
 * it. Everything is an array that is walked from end to end; every value is
 * the text that value_format() prints.
 */
#ifndef MPROXY_TESTS_MODEL_H
#define MPROXY_TESTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define M_VALUE 48    /* longest text of a value */
#define M_VALUES 80   /* most values in one object */
#define M_OBJECTS 60  /* that one history makes */
#define M_SESSIONS 12 /* likewise */
#define M_LANES 24
#define M_CALLS 64    /* waiting at once */
#define M_REPLIES 400 /* in one step */
#define M_TEXT 5000   /* longest reply */
#define M_NAMES 6
#define M_NEVER INT64_MAX
#define M_AT_ONCE INT64_MIN

enum m_type { M_LIST, M_DICT, M_QUEUE, M_LOCK, M_TYPES };

extern const char *const m_type_names[M_TYPES];

struct m_values {
	int n;
	char v[M_VALUES][M_VALUE];
};

struct m_object {
	bool alive;
	enum m_type type;
	uint64_t id;
	int name;		/* -1: none */
	struct m_values items;	/* of a list or queue; keys of a dict */
	struct m_values values; /* of a dict */
	int ranks[M_VALUES];	/* of the items of a queue */
	int next_rank;
	int64_t max; /* of a queue; 0: none */
	int64_t unfinished;
	bool closed, dropped;
	int holder;	/* of a lock: lane, or -1 */
	int64_t number; /* its last fencing number, as the server said */
	int64_t since;
	bool died;
};

/* A call that waits. side: g(et) G(et_many) p(ut) P(ut_many) j(oin) a(cquire) */
struct m_call {
	bool used;
	uint64_t id;
	int lane, object;
	char side;
	int64_t deadline;
	long order;
	int64_t n;		/* wanted, or put so far */
	struct m_values values; /* to put */
};

struct m_lane {
	bool open;
	int session;
	int lent_by; /* queue whose items the last reply gave away, or -1 */
	struct m_values lent;
	int ranks[M_VALUES];
};

struct m_session {
	bool open;
	long refs[M_OBJECTS];
};

struct m_reply {
	uint64_t id;
	char text[M_TEXT];
};

struct model {
	struct m_object objects[M_OBJECTS];
	int n_objects;
	struct m_session sessions[M_SESSIONS];
	int n_sessions;
	struct m_lane lanes[M_LANES];
	int n_lanes;
	struct m_call calls[M_CALLS];
	struct m_reply replies[M_REPLIES];
	int n_replies; /* that the server must have given by now */
	int64_t now;
	long order;
};

void model_init(struct model *m);
int model_open_session(struct model *m);
int model_open_lane(struct model *m, int session);
int model_fork(struct model *m, int session);

/* The server says it made an object of this id. */
void model_made(struct model *m, int lane, enum m_type type, int name,
		uint64_t id, const struct m_values *args);
/* args: as in the call. deadline: M_NEVER, M_AT_ONCE or a time. */
void model_call(struct model *m, int lane, uint64_t id, int object,
		const char *method, const struct m_values *args,
		int64_t deadline);
/* Whether lane may use the object and every handle in args. */
bool model_may(const struct model *m, int lane, int object,
	       const struct m_values *args);
int model_named(const struct model *m, int name); /* object or -1 */
void model_unlink(struct model *m, int name);
void model_cancel(struct model *m, int lane, uint64_t id);
void model_release(struct model *m, int lane, int object, long count);
void model_close_lane(struct model *m, int lane, bool unread);
void model_close_session(struct model *m, int session);
/* A frame came on the lane: it has read its last reply. */
void model_confirm(struct model *m, int lane);
/* Deadlines up to now end. */
void model_time(struct model *m, int64_t now);
/* Wakes who can be served, then frees what nobody refers to. */
void model_settle(struct model *m);
int model_living(const struct model *m);

/* --- shared by the files of the model --- */

void m_reply(struct model *m, int lane, uint64_t id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* "[1, 2]" into out. */
void m_print(char out[M_TEXT], const struct m_values *values);
/* Takes "[1, 2]" apart. */
void m_parse(struct m_values *out, const char *text);
void m_insert(struct m_values *values, int at, const char *value);
void m_remove(struct m_values *values, int at);
int m_find(const struct m_values *values, const char *value); /* or -1 */
/* The order for sorting. */
int m_compare(const char *a, const char *b);
bool m_is_number(const char *value);
/* The object of "<list 7>", or -1. */
int m_handle(const struct model *m, const char *value);

/* Each gives the reply, in a static buffer. */
const char *model_list(struct model *m, struct m_object *list,
		       const char *method, const struct m_values *args);
const char *model_dict(struct model *m, struct m_object *dict,
		       const char *method, const struct m_values *args);
/* These reply or park. */
void model_queue(struct model *m, const struct m_call *call, const char *method,
		 const struct m_values *args);
void model_lock(struct model *m, const struct m_call *call, const char *method);
void model_queue_wake(struct model *m, int queue);
void model_lock_wake(struct model *m, int lock);
void model_put_back(struct model *m, struct m_lane *lane);
/* The first call that waits on a side of an object ('G' is also 'g', 'P'
 * also 'p'), or NULL. */
struct m_call *m_first(struct model *m, int object, char side);
void m_park(struct model *m, const struct m_call *call, char side);

#endif
