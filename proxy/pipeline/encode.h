/* encode: a record from the wire becomes one filtered line of NDJSON in a batch. All that came from outside goes through
 * the filter: header fields, structured data, JSON keys and values, the message.
 *
 *   syslog  {"time":…,"host":…,"app":…,"procid":…,"msgid":…,"facility":n,"severity":n,"sd":{id:{name:value}},"input":…,"epoch":…,"message":…}
 *   text    {"time":…,"input":…,"epoch":…,"message":…}
 *   JSON    {"time":…,"input":…,"epoch":…,"data":…}
 *   stub    {"time":…,"input":…,"epoch":…,"withheld":true,"rule":…,"bytes":n}    in the place of a record that cannot be vouched for
 *
 * time is the sender's where it gave a valid one, else of receipt. epoch is the key epoch that the record's pseudonyms, if
 * any, were made with. Empty fields are left out. */
#ifndef TAMIS_PROXY_PIPELINE_ENCODE_H
#define TAMIS_PROXY_PIPELINE_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/filters.h"
#include "proxy/queue/queue.h"

struct encoder;

/* One per thread. Keeps a reference to rules. record_bytes: a longer record is withheld. NULL: no memory. */
struct encoder *encoder_new(struct ruleset *rules, size_t record_bytes);
void            encoder_free(struct encoder *encoder); /* NULL is accepted */
struct ruleset *encoder_rules(const struct encoder *encoder);

enum encode_result {
  ENCODE_STORED,
  ENCODE_WITHHELD, /* a stub stands for it */
  ENCODE_DROPPED,  /* a rule says so */
  ENCODE_MEMORY    /* nothing was added; the batch is as it was */
};

struct origin {
  struct text input;        /* the listener's name */
  int64_t     now_us;       /* of receipt, microseconds since the epoch */
  int32_t     utc_offset_s; /* for RFC 3164 stamps, which have no zone */
};

enum encode_result encode_syslog(struct encoder *encoder, struct batch *batch, const struct origin *origin, struct text frame);
enum encode_result encode_text(struct encoder *encoder, struct batch *batch, const struct origin *origin, struct text line);
/* A value that is no JSON is withheld. */
enum encode_result encode_json(struct encoder *encoder, struct batch *batch, const struct origin *origin, struct text value);
/* Is this one whole JSON value, white space around it apart? */
bool               encode_is_json(struct encoder *encoder, struct text value);
/* For what never became a record: rule names the cause (a limit's key, or what the wire format was). */
enum encode_result encode_stub(struct encoder *encoder, struct batch *batch, const struct origin *origin, const char *rule, size_t bytes);

#endif
