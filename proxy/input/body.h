/* body: an HTTP request's body, decompressed under limits, and the records in it. No sockets. Private to input/. */
#ifndef TAMIS_PROXY_INPUT_BODY_H
#define TAMIS_PROXY_INPUT_BODY_H

#include <zlib.h>

#include "proxy/pipeline/encode.h"

#define BODY_RESULTS(X)                                                                                                                              \
  X(BODY_OK, 200, "")                                                                                                                                \
  X(BODY_LONG, 413, "the body is longer than limits.body_bytes: send smaller batches")                                                               \
  X(BODY_BOMB, 413, "the body grows more than limits.decompressed_ratio when decompressed")                                                          \
  X(BODY_BAD_GZIP, 400, "the body is no whole gzip or zlib stream")                                                                                  \
  X(BODY_ENCODING, 415, "Content-Encoding: gzip, deflate and identity are understood")                                                               \
  X(BODY_TYPE, 415, "Content-Type: text/plain, application/json and application/x-ndjson are understood")                                            \
  X(BODY_BAD_JSON, 400, "the body is a JSON array that is not whole")                                                                                \
  X(BODY_MEMORY, 503, "no memory now: try again")
#define X(name, status, text) name,
enum body_result { BODY_RESULTS(X) };
#undef X
unsigned    body_status(enum body_result result);
const char *body_text(enum body_result result);

struct body {
  char    *bytes; /* decompressed */
  size_t   used, room;
  size_t   most, ratio; /* limits */
  size_t   received;    /* as sent */
  bool     packed, ended;
  z_stream inflate;
};

/* encoding: the Content-Encoding, lower case; empty: identity. */
enum body_result body_begin(struct body *body, struct text encoding, size_t most, size_t ratio);
enum body_result body_add(struct body *body, const char *bytes, size_t size);
enum body_result body_end(struct body *body); /* all has come */
void             body_free(struct body *body);

struct tally {
  uint64_t accepted, withheld, dropped;
};
/* Encodes every record of the body into batch. type: the Content-Type, lower case, without parameters. On any result but
 * BODY_OK nothing of the batch may be used. */
enum body_result body_records(const struct body *body, struct text type, struct encoder *encoder, const struct origin *origin, struct batch *batch,
                              struct tally *tally);

#endif
