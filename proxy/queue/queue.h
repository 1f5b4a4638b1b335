/* queue: the one durable boundary. Takes batches of filtered, encoded records, makes them durable in groups (one
 * fdatasync for all that wait), and hands closed segments to the shipper in order.
 *
 *   workers ──queue_append_async──▶ [writer thread: write, fdatasync] ──durable()──▶ workers
 *                                          │ full, old, or other rules
 *                                   closed segment ──queue_next──▶ [shipper thread] ──queue_release──▶ gone
 */
#ifndef TAMIS_PROXY_QUEUE_QUEUE_H
#define TAMIS_PROXY_QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/queue/segment.h"

#define QUEUE_RESULTS(X)                                                                                                                             \
  X(QUEUE_OK, "stored")                                                                                                                              \
  X(QUEUE_FULL, "no room on disk or below limits.disk_bytes: senders wait")                                                                          \
  X(QUEUE_IO, "the disk refused the write")                                                                                                          \
  X(QUEUE_CLOSED, "the queue is closing")
#define X(name, text) name,
enum queue_result { QUEUE_RESULTS(X) };
#undef X
const char *queue_result_text(enum queue_result result);

/* A group of encoded records. The owner fills it, gives it to the queue, and gets it back in durable(). */
struct batch {
  char       *bytes;      /* NDJSON: each record ends with LF */
  size_t      used, room; /* bytes; used is at most FRAME_BYTES_MOST */
  uint32_t    records;
  uint32_t    withheld;          /* of these, stubs */
  int64_t     first_ms, last_ms; /* epoch, of receipt */
  const char *rules_hash;        /* what made the records; borrowed until durable(). One segment holds one rule set, one epoch */
  const char *epoch;
  /* Called once, on the queue's thread, when the batch is on disk or can't be. The callee owns batch again. */
  void (*durable)(struct batch *batch, enum queue_result result);
  void         *context; /* the owner's */
  struct batch *next;    /* the holder's */
};

struct queue;

struct queue_options {
  const char *path; /* folder; created with mode 0700 */
  const char *stream, *node;
  size_t      segment_bytes;  /* a segment that reaches it is closed */
  int64_t     segment_age_ms; /* a segment with records that is this old is closed */
  size_t      disk_bytes;     /* all segments together; beyond it QUEUE_FULL */
};

/* Opens or creates a queue, takes an exclusive lock, replays what a crash left: a torn tail is cut off at the last
 * whole frame, and segments left open are closed. NULL: why (size bytes) says what and where, for a person. */
struct queue *queue_open(const struct queue_options *options, char *why, size_t size);
/* Makes all that was appended durable, closes the open segment, ends the thread. Segments not shipped stay on disk. After
 * it queue_next gives what is left, then false. */
void          queue_stop(struct queue *queue);
void          queue_close(struct queue *queue); /* after queue_stop and after the shipper ended; frees. NULL is accepted */

/* Any thread. Takes batch until durable() is called with the outcome. Never blocks on the disk. */
void queue_append_async(struct queue *queue, struct batch *batch);

/* Shipper's thread. Waits for the oldest closed segment; gives the same one again until it is released. False: nothing
 * is left after queue_stop. */
bool queue_next(struct queue *queue, struct segment *segment);
/* The segment's object is durable in the store: delete it here. keep: frames in it were damaged; it stays on disk as
 * NUMBER.damaged, for a person to look at. */
void queue_release(struct queue *queue, const struct segment *segment, bool keep);

struct queue_stats {
  uint64_t appended_records, appended_bytes, syncs, segments_closed, failed_batches, cut_bytes, damaged_bytes;
  uint64_t segments_waiting, disk_bytes;
};
void queue_stats(struct queue *queue, struct queue_stats *stats);

#endif
