#include "conf/schema.h"

static const char *const store_kinds[] = { "directory", "s3", NULL };
static const char *const periods[] = { "never", "daily", "weekly", "monthly", NULL }; /* in the order of enum period */
static const char *const log_levels[] = { "error", "warn", "info", "debug", NULL };

#define AT(field) offsetof(struct conf, field), sizeof(((struct conf *)NULL)->field)
#define KIB       1024LL
#define MIB       (1024 * KIB)
#define GIB       (1024 * MIB)
#define SECOND    1000LL
#define DAY       (24 * 3600 * SECOND)

static const struct conf_key keys[] = {
  { "stream", CONF_STRING, AT(stream), "logs", 1, 64, NULL, "name of the stream; part of every object's name" },
  { "node", CONF_STRING, AT(node), NULL, 1, 64, NULL, "name of this node; part of every object's name; the host's name when left out" },
  { "region", CONF_STRING, AT(region), "FR", 2, 2, NULL, "ISO 3166 region of numbers without a country code" },
  { "queue.path", CONF_STRING, AT(queue.path), "var/queue", 1, 4000, NULL, "folder of the local queue" },
  { "queue.segment_bytes", CONF_BYTES, AT(queue.segment_bytes), "16 MiB", 64 * KIB, 4 * GIB, NULL, "a segment of this size is closed and shipped" },
  { "queue.segment_age", CONF_DURATION, AT(queue.segment_age_ms), "10 s", 10, DAY, NULL, "a segment of this age is closed and shipped" },
  { "queue.max_age", CONF_DURATION, AT(queue.max_age_ms), "20 ms", 1, 10 * SECOND, NULL, "a batch that is not full moves on at this age" },
  { "queue.batch_bytes", CONF_BYTES, AT(queue.batch_bytes), "256 KiB", 16 * KIB, 16 * MIB, NULL, "a batch of this size moves on" },
  { "store.kind", CONF_ENUM, AT(store.kind), "directory", 0, 0, store_kinds, "where objects end" },
  { "store.path", CONF_STRING, AT(store.path), "var/store", 1, 4000, NULL, "kind directory: the folder" },
  { "store.endpoint", CONF_STRING, AT(store.endpoint), NULL, 8, 1000, NULL, "kind s3: https://host[:port]; from region when left out" },
  { "store.region", CONF_STRING, AT(store.region), "gra", 1, 64, NULL, "kind s3: region, as in the signature's scope" },
  { "store.bucket", CONF_STRING, AT(store.bucket), NULL, 3, 63, NULL, "kind s3: the bucket" },
  { "store.prefix", CONF_STRING, AT(store.prefix), "", 0, 512, NULL, "put before every object's name" },
  { "store.ca_file", CONF_STRING, AT(store.ca_file), NULL, 1, 4000, NULL, "kind s3: certificates to trust in place of the system's" },
  { "store.virtual_host", CONF_BOOL, AT(store.virtual_host), "false", 0, 0, NULL, "kind s3: the bucket in the host's name, not in the path" },
  { "store.timeout", CONF_DURATION, AT(store.timeout_ms), "30 s", 100, DAY, NULL, "one request to the store" },
  { "store.retry_least", CONF_DURATION, AT(store.retry_least_ms), "200 ms", 10, DAY, NULL, "first pause after a failed request" },
  { "store.retry_most", CONF_DURATION, AT(store.retry_most_ms), "30 s", 10, DAY, NULL, "longest pause after failed requests" },
  { "keys.file", CONF_STRING, AT(keys.file), "var/keys/keyring", 1, 4000, NULL, "the keyring: one line per epoch, mode 0600" },
  { "keys.credential", CONF_STRING, AT(keys.credential), NULL, 1, 255, NULL,
    "the keyring as a systemd credential of this name, in the place of keys.file; it is never written" },
  { "keys.create", CONF_BOOL, AT(keys.create), "true", 0, 0, NULL, "make the epochs that are missing; false where another node makes them" },
  { "keys.rotate", CONF_ENUM, AT(keys.rotate), "monthly", 0, 0, periods, "when a new epoch begins: at midnight UTC, weeks on Monday" },
  { "keys.ahead", CONF_NUMBER, AT(keys.ahead), "3", 0, 1000, NULL, "epochs made ahead, so that other nodes can be given them in time" },
  { "limits.record_bytes", CONF_BYTES, AT(limits.record_bytes), "64 KiB", KIB, MIB, NULL, "longest record; a longer one is withheld" },
  { "limits.body_bytes", CONF_BYTES, AT(limits.body_bytes), "16 MiB", KIB, GIB, NULL, "longest HTTP body, also decompressed; a longer one gets 413" },
  { "limits.header_bytes", CONF_BYTES, AT(limits.header_bytes), "32 KiB", KIB, MIB, NULL, "longest HTTP header block; a longer one gets 431" },
  { "limits.disk_bytes", CONF_BYTES, AT(limits.disk_bytes), "10 GiB", MIB, 1024 * 1024 * GIB, NULL, "the queue on disk; beyond it senders wait" },
  { "limits.decompressed_ratio", CONF_NUMBER, AT(limits.decompressed_ratio), "200", 2, 100000, NULL,
    "decompressed over compressed size of a body; more gets 413" },
  { "limits.connections", CONF_NUMBER, AT(limits.connections), "1000", 1, 1000000, NULL, "open connections; one more is closed at once" },
  { "limits.match_limit", CONF_NUMBER, AT(limits.match_limit), "100000", 100, 100000000, NULL,
    "PCRE2 match limit for a pattern on a record; beyond it the record is withheld" },
  { "limits.depth_limit", CONF_NUMBER, AT(limits.depth_limit), "5000", 10, 1000000, NULL, "PCRE2 depth limit" },
  { "limits.heap_limit", CONF_NUMBER, AT(limits.heap_limit_kib), "20000", 100, 1000000, NULL, "PCRE2 heap limit in KiB" },
  { "limits.idle", CONF_DURATION, AT(limits.idle_ms), "10 min", 100, DAY, NULL, "a connection that sends nothing this long is closed" },
  { "limits.request", CONF_DURATION, AT(limits.request_ms), "60 s", 100, DAY, NULL, "an HTTP request that takes longer to arrive gets 408" },
  { "limits.stop", CONF_DURATION, AT(limits.stop_ms), "10 s", 100, DAY, NULL, "time to drain and ship after SIGTERM" },
  { "limits.ack_bytes", CONF_BYTES, AT(limits.ack_bytes), "64 MiB", MIB, 64 * GIB, NULL,
    "bytes received and not yet durable; beyond it inputs pause" },
  { "log.level", CONF_ENUM, AT(log.level), "info", 0, 0, log_levels, "least level of the process's own log" },
};

const struct conf_key *schema_keys(size_t *count) {
  *count = sizeof keys / sizeof keys[0];
  return keys;
}
