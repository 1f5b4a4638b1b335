/* ship: one closed segment becomes one gzip NDJSON object, whose name is a function of stream, node and segment, and
 * whose bytes are a function of the segment: a retry overwrites the same object with the same bytes. A segment is deleted
 * after its object is durable, never before: whatever dies in between, the next start ships it again under that name. */
#ifndef TAMIS_PROXY_SHIP_SHIP_H
#define TAMIS_PROXY_SHIP_SHIP_H

#include <stdint.h>

#include "conf/conf.h"
#include "proxy/queue/queue.h"

struct shipper;
struct ship_stats {
  uint64_t objects, records, bytes, retries;
  int      last_result; /* enum store_result */
};

/* Opens the store and starts the shipper's thread. conf and queue outlive it. NULL: why. */
struct shipper *shipper_start(const struct conf *conf, struct queue *queue, char *why, size_t size);
/* After queue_stop: ships what is left until the deadline (monotonic ms), ends the thread, frees. What was not shipped
 * stays in the queue for the next start. */
void            shipper_stop(struct shipper *shipper, int64_t deadline_ms);
void            shipper_stats(struct shipper *shipper, struct ship_stats *stats);

/* The object's name, for example logs/node1/0000000000000001.ndjson.gz. The length, or 0 when room is too small. */
size_t object_name_into(const struct segment *segment, char *out, size_t room);

#endif
