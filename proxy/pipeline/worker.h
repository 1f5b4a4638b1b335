/* worker: one event loop, one thread, no locks but the one behind which the queue gives batches back.
 *
 *   input ──bytes──▶ framing ──frame──▶ worker_syslog: parse, filter, encode ──▶ batch
 *                                                          full, or max_age old │ one in flight, so that order is kept
 *   resume ◀── less than ack_bytes waits ◀── on_done ◀── durable() ◀── queue ◀──┘
 *
 * A batch that the queue refuses (disk full) is kept and offered again, in order, and reading pauses meanwhile. */
#ifndef TAMIS_PROXY_PIPELINE_WORKER_H
#define TAMIS_PROXY_PIPELINE_WORKER_H

#include <uv.h>

#include "conf/conf.h"
#include "proxy/pipeline/counters.h"
#include "proxy/pipeline/encode.h"
#include "proxy/queue/queue.h"

struct worker;

/* conf and queue outlive it. NULL: no memory, or libuv refuses (why). */
struct worker *worker_new(uv_loop_t *loop, const struct conf *conf, struct queue *queue, struct ruleset *rules, char *why, size_t size);
/* Once nothing more will be given to it: calls drained on the loop when all is durable and its handles are closed (or
 * when worker_give_up said so). */
void           worker_drain(struct worker *worker, void (*drained)(void *context), void *context);
void           worker_give_up(struct worker *worker); /* the time to drain is over: no more offers to a queue that refuses */
void           worker_free(struct worker *worker);    /* after drained; NULL is accepted */

struct counters *worker_counters(struct worker *worker);
/* Records from now on are filtered by rules (a reference is kept); those before keep theirs. False: no memory, and the
 * old ones stay. */
bool             worker_rules_set(struct worker *worker, struct ruleset *rules);

/* For inputs without an answer: the record goes on its way. */
void worker_syslog(struct worker *worker, const struct origin *origin, struct text frame);
void worker_stub(struct worker *worker, const struct origin *origin, const char *rule, size_t bytes);

/* For inputs that answer: a batch of their own, made by encode_*, given to the queue by work_submit. done is called once,
 * on the loop; the owner may then free work, or submit it again. */
struct work {
  struct batch    batch;
  struct worker  *worker;
  struct ruleset *rules; /* what batch.rules_hash borrows from */
  void (*done)(struct work *work, enum queue_result result);
  void             *owner;
  enum queue_result result; /* on its way from the queue's thread */
  struct work      *next;   /* the worker's */
};
struct work    *work_new(struct worker *worker, void (*done)(struct work *, enum queue_result), void *owner); /* NULL: no memory */
void            work_free(struct work *work);
void            work_submit(struct work *work);
struct encoder *worker_encoder(struct worker *worker);
struct origin   worker_origin(struct worker *worker, struct text input); /* now; one for all that one read brought */

/* Back-pressure: true when more than limits.ack_bytes waits or the queue refuses. Who stops reading for it gives a
 * pausable and is called, once, when it may go on. */
struct pausable {
  void (*resume)(struct pausable *pausable);
  struct pausable *next, **at; /* at: NULL while not waiting */
};
bool worker_paused(const struct worker *worker);
void worker_wait(struct worker *worker, struct pausable *pausable);
void worker_unwait(struct pausable *pausable); /* before its memory ends */

#endif
