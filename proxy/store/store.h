/* store: where objects end. Synchronous, called on a shipper's thread; one store belongs to one thread. */
#ifndef TAMIS_PROXY_STORE_STORE_H
#define TAMIS_PROXY_STORE_STORE_H

#include <stdatomic.h>
#include <stddef.h>

#include "conf/conf.h"

#define STORE_RESULTS(X)                                                                                                                             \
  X(STORE_OK, "stored")                                                                                                                              \
  X(STORE_RETRY, "the store is busy, slow or unreachable: trying again")                                                                             \
  X(STORE_DENIED, "the store refuses these credentials or this clock: check store.access_key and the time")                                          \
  X(STORE_MISSING, "the bucket does not exist: create it or correct store.bucket")                                                                   \
  X(STORE_REFUSED, "the store refuses the request: check store.endpoint and store.region")                                                           \
  X(STORE_DAMAGED, "what arrived is not what was sent: trying again")
#define X(name, text) name,
enum store_result { STORE_RESULTS(X) };
#undef X
const char *store_result_text(enum store_result result);

struct object {
  const char *name; /* e.g. logs/node1/0000000000000001.ndjson.gz; [A-Za-z0-9._/-] behind store.prefix */
  const char *bytes;
  size_t      size;
  const char *content_type; /* application/gzip; the object itself is gzip, no Content-Encoding */
};

struct store;

struct store_ops {
  const char *name; /* as in store.kind */
  struct store *(*open)(const struct conf_store *conf, char *why, size_t size);
  /* STORE_OK only when the whole object is durable under its name; a put again overwrites it with the same bytes.
   * detail (size bytes): status and cause for the log, words of ours alone, never a byte of an answer, no secret. */
  enum store_result (*put)(struct store *store, const struct object *object, char *detail, size_t size);
  void (*close)(struct store *store);
};
struct store { /* first member of each back end's own struct */
  const struct store_ops *ops;
  atomic_llong            deadline_ms; /* monotonic; a put that is under way then ends with STORE_RETRY; 0: none */
};

/* NULL: why says what is wrong. A store that is away now is no error: put says so. */
struct store     *store_open(const struct conf_store *conf, char *why, size_t size);
enum store_result store_put(struct store *store, const struct object *object, char *detail, size_t size);
void              store_deadline_async(struct store *store, int64_t deadline_ms); /* any thread */
void              store_close(struct store *store);                               /* NULL is accepted */

extern const struct store_ops store_directory, store_s3;

#endif
