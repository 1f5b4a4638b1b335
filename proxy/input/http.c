/* HTTP/1.1: POST / and /logs. A request is answered 2xx after its records are durable, never before; until then its
 * connection is not read. A refused request leaves nothing behind.
 *
 *   READING ── whole request ──▶ WAITING ── durable, or refused ──▶ ANSWERING ── written ──▶ READING (keep-alive)
 *      └── error: 4xx ──────────────────────────────────────────────▶ ┘ └──▶ LINGERING ── read to the end ──▶ closed
 *
 * LINGERING: a close with unread bytes resets the connection, and the client may lose the answer that says why. */
#include <assert.h>
#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "proxy/input/body.h"
#include "proxy/input/peer.h"
#include "proxy/util/log.h"

enum { READ_ROOM = 65536, WORD_ROOM = 96, ANSWER_ROOM = 512, LINGER_MS = 2000 };

enum http_state { HTTP_READING, HTTP_WAITING, HTTP_ANSWERING, HTTP_LINGERING, HTTP_CLOSED };
#define BIT(state) (1u << (state))
static const unsigned http_next[] = {
  [HTTP_READING] = BIT(HTTP_WAITING) | BIT(HTTP_ANSWERING) | BIT(HTTP_CLOSED),
  [HTTP_WAITING] = BIT(HTTP_ANSWERING) | BIT(HTTP_CLOSED),
  [HTTP_ANSWERING] = BIT(HTTP_READING) | BIT(HTTP_LINGERING) | BIT(HTTP_CLOSED),
  [HTTP_LINGERING] = BIT(HTTP_CLOSED),
  [HTTP_CLOSED] = 0,
};

/* The headers we look at. */
enum header { HEADER_OTHER, HEADER_TYPE, HEADER_ENCODING, HEADER_EXPECT, HEADER_TRANSFER, HEADER_COUNT };
static const char *const header_names[HEADER_COUNT] = { "", "content-type", "content-encoding", "expect", "transfer-encoding" };

struct word {
  char   bytes[WORD_ROOM];
  size_t size; /* over WORD_ROOM: cut */
};

struct http {
  struct peer     peer; /* first: they are cast */
  enum http_state state;
  http_parser     parser;
  char            bytes[READ_ROOM];
  size_t          start, end; /* of what is not parsed yet */
  int64_t         begun_ms;   /* monotonic, of the request that is coming in; 0: none */
  size_t          header_bytes;
  struct word     url, name, values[HEADER_COUNT];
  enum header     header;
  bool            in_value, complete, last; /* last: close after this answer */
  unsigned        status;                   /* of the failure met in a callback; 0: none */
  const char     *reason;
  struct body     body;
  struct work    *work;
  struct tally    tally;
  uv_write_t      write;
  uv_shutdown_t   shutdown;
  char            answer[ANSWER_ROOM];
};

static struct http *http_of(struct peer *peer) { return (struct http *)peer; }

static void state_set(struct http *http, enum http_state state) {
  assert((http_next[http->state] & BIT(state)) != 0);
  http->state = state;
}

static void http_close(struct http *http) {
  if (http->state == HTTP_CLOSED) return;
  state_set(http, HTTP_CLOSED);
  peer_close(&http->peer);
}

/* ---- answers ---- */

static void http_read(struct http *http);
static void http_parse(struct http *http);

static void on_lingering(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer) {
  (void)buffer;
  if (n < 0) http_close(http_of(stream->data));
}

static void on_alloc_waste(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)suggested;
  *buffer = uv_buf_init(http_of(handle->data)->bytes, READ_ROOM);
}

static void on_shutdown(uv_shutdown_t *request, int status) {
  struct http *http = request->data;
  if (http->state == HTTP_CLOSED) return;
  if (status != 0 || uv_read_start((uv_stream_t *)&http->peer.tcp, on_alloc_waste, on_lingering) != 0) http_close(http);
}

static void http_body_free(struct http *http) {
  http->peer.listener->inputs->body_bytes -= http->body.room;
  body_free(&http->body);
}

static void request_reset(struct http *http) {
  http->begun_ms = 0;
  http->header_bytes = 0;
  http->url.size = http->name.size = 0;
  for (int i = 0; i < HEADER_COUNT; i++) http->values[i].size = 0;
  http->complete = http->in_value = false;
  http_body_free(http);
}

static void on_written(uv_write_t *request, int status) {
  struct http *http = request->data;
  if (http->state == HTTP_CLOSED) return;
  http->peer.heard_ms = clock_monotonic_ms();
  if (status != 0) {
    http_close(http);
  } else if (http->last) {
    state_set(http, HTTP_LINGERING);
    http->shutdown.data = http;
    if (uv_shutdown(&http->shutdown, (uv_stream_t *)&http->peer.tcp, on_shutdown) != 0) http_close(http);
  } else {
    state_set(http, HTTP_READING);
    request_reset(http);
    http_parser_pause(&http->parser, 0);
    http_parse(http);
  }
}

static void answer_write(struct http *http, size_t size) {
  uv_buf_t buffer = uv_buf_init(http->answer, (unsigned)size);
  http->write.data = http;
  if (uv_write(&http->write, (uv_stream_t *)&http->peer.tcp, &buffer, 1, on_written) != 0) http_close(http);
}

static const char *status_name(unsigned status) {
  static const struct {
    unsigned    status;
    const char *name;
  } names[] = {
    { 200, "OK" },
    { 400, "Bad Request" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 413, "Content Too Large" },
    { 415, "Unsupported Media Type" },
    { 417, "Expectation Failed" },
    { 431, "Request Header Fields Too Large" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (names[i].status == status) return names[i].name;
  return "Error";
}

/* body: JSON, ends with LF. */
static void answer(struct http *http, unsigned status, const char *body) {
  struct counters *counters = http->peer.listener->inputs->counters;
  int              size;
  state_set(http, HTTP_ANSWERING);
  uv_read_stop((uv_stream_t *)&http->peer.tcp);
  http->last = http->last || !http->complete || http->peer.listener->inputs->stopping || !http_should_keep_alive(&http->parser);
  counters->http_requests += status < 300;
  counters->http_refused += status >= 400 && status < 500;
  counters->http_busy += status == 503;
  size = snprintf(http->answer, sizeof http->answer, "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s%s%s\r\n%s",
                  status, status_name(status), strlen(body), status == 503 ? "Retry-After: 1\r\n" : "", status == 405 ? "Allow: POST\r\n" : "",
                  http->last ? "Connection: close\r\n" : "", body);
  assert(size > 0 && (size_t)size < sizeof http->answer); /* all bodies are ours and short */
  answer_write(http, (size_t)size);
}

static void refuse(struct http *http, unsigned status, const char *reason) {
  char body[256];
  snprintf(body, sizeof body, "{\"error\":\"%s\"}\n", reason);
  answer(http, status, body);
}

static void accepted(struct http *http) {
  char body[160];
  snprintf(body, sizeof body, "{\"accepted\":%llu,\"withheld\":%llu,\"dropped\":%llu}\n", (unsigned long long)http->tally.accepted,
           (unsigned long long)http->tally.withheld, (unsigned long long)http->tally.dropped);
  answer(http, 200, body);
}

/* ---- a whole request ---- */

/* One that is refused counts as never arrived: its client sends it again. */
static void tally_count(struct http *http) {
  struct counters *counters = http->peer.listener->inputs->counters;
  counters->received += http->tally.accepted + http->tally.withheld + http->tally.dropped;
  counters->withheld += http->tally.withheld;
  counters->dropped += http->tally.dropped;
}

static void on_work_done(struct work *work, enum queue_result result) {
  struct http *http = work->owner;
  if (http == NULL) { /* the connection ended first */
    work_free(work);
    return;
  }
  http->work = NULL;
  if (result == QUEUE_OK) {
    http->peer.listener->inputs->counters->stored += work->batch.records;
    tally_count(http);
  }
  work_free(work);
  if (http->state == HTTP_CLOSED || http->peer.closing) return;
  if (result == QUEUE_OK) accepted(http);
  else refuse(http, 503, "the queue takes nothing now: try again");
}

static struct text media_type(struct word *word) {
  struct text type = { word->bytes, word->size < WORD_ROOM ? word->size : WORD_ROOM };
  const char *end = type.size > 0 ? memchr(type.at, ';', type.size) : NULL;
  if (end != NULL) type.size = (size_t)(end - type.at);
  while (type.size > 0 && type.at[type.size - 1] == ' ') type.size--;
  return type;
}

static void request_take(struct http *http) {
  struct worker   *worker = http->peer.listener->inputs->worker;
  struct origin    origin = worker_origin(worker, http->peer.listener->name);
  enum body_result result = body_end(&http->body);
  struct work     *work = result == BODY_OK ? work_new(worker, on_work_done, http) : NULL;
  if (result == BODY_OK && work == NULL) result = BODY_MEMORY;
  if (result == BODY_OK)
    result = body_records(&http->body, media_type(&http->values[HEADER_TYPE]), worker_encoder(worker), &origin, &work->batch, &http->tally);
  http_body_free(http);
  if (result != BODY_OK) {
    work_free(work);
    refuse(http, body_status(result), body_text(result));
    return;
  }
  if (work->batch.records == 0) {
    tally_count(http);
    work_free(work);
    accepted(http);
  } else {
    state_set(http, HTTP_WAITING);
    uv_read_stop((uv_stream_t *)&http->peer.tcp);
    http->work = work;
    work_submit(work);
  }
}

/* ---- the parser's callbacks ---- */

static struct http *http_of_parser(http_parser *parser) { return parser->data; }

static int fail(struct http *http, unsigned status, const char *reason) {
  http->status = status;
  http->reason = reason;
  return -1;
}

static int header_count(struct http *http, size_t size) {
  http->header_bytes += size;
  if (http->header_bytes <= http->peer.listener->inputs->conf->limits.header_bytes) return 0;
  return fail(http, 431, "the headers are longer than limits.header_bytes");
}

/* Lower case; all values that we look at are words. */
static void word_add(struct word *word, const char *at, size_t size) {
  for (size_t i = 0; i < size; i++, word->size++)
    if (word->size < WORD_ROOM) word->bytes[word->size] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] | 32 : at[i]);
}

static bool word_is(const struct word *word, const char *text) { return text_equal((struct text){ word->bytes, word->size }, text_of(text)); }

static int on_begin(http_parser *parser) {
  struct http *http = http_of_parser(parser);
  http->begun_ms = clock_monotonic_ms();
  return 0;
}

static int on_url(http_parser *parser, const char *at, size_t size) {
  struct http *http = http_of_parser(parser);
  word_add(&http->url, at, size);
  return header_count(http, size + 16);
}

static int on_field(http_parser *parser, const char *at, size_t size) {
  struct http *http = http_of_parser(parser);
  if (http->in_value) http->name.size = 0;
  http->in_value = false;
  word_add(&http->name, at, size);
  return header_count(http, size + 4);
}

static int on_value(http_parser *parser, const char *at, size_t size) {
  struct http *http = http_of_parser(parser);
  if (!http->in_value) {
    http->header = HEADER_OTHER;
    for (int i = 1; i < HEADER_COUNT; i++)
      if (word_is(&http->name, header_names[i])) http->header = (enum header)i;
    if (http->header != HEADER_OTHER && http->values[http->header].size > 0) return fail(http, 400, "a header stands twice");
    http->in_value = true;
  }
  if (http->header != HEADER_OTHER) word_add(&http->values[http->header], at, size);
  return header_count(http, size);
}

static bool path_known(const struct word *url) {
  struct text path = { url->bytes, url->size < WORD_ROOM ? url->size : WORD_ROOM };
  const char *query = path.size > 0 ? memchr(path.at, '?', path.size) : NULL;
  if (query != NULL) path.size = (size_t)(query - path.at);
  return text_equal(path, TEXT("/")) || text_equal(path, TEXT("/logs"));
}

static int continue_write(struct http *http) {
  static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
  uv_buf_t          buffer = uv_buf_init((char *)line, sizeof line - 1);
  return uv_try_write((uv_stream_t *)&http->peer.tcp, &buffer, 1) == sizeof line - 1 ? 0 : fail(http, 400, "the connection does not take an answer");
}

static int on_headers(http_parser *parser) {
  struct http       *http = http_of_parser(parser);
  struct inputs     *inputs = http->peer.listener->inputs;
  const struct word *encoding = &http->values[HEADER_ENCODING];
  enum body_result   result;
  if (!path_known(&http->url)) return fail(http, 404, "POST to / or /logs");
  if (parser->method != HTTP_POST) return fail(http, 405, "POST to / or /logs");
  if (http->values[HEADER_TRANSFER].size > 0 && !word_is(&http->values[HEADER_TRANSFER], "chunked"))
    return fail(http, 501, "Transfer-Encoding: chunked alone is understood");
  if (parser->content_length != UINT64_MAX && parser->content_length > inputs->conf->limits.body_bytes) return fail(http, 413, body_text(BODY_LONG));
  if (encoding->size > WORD_ROOM) return fail(http, 415, body_text(BODY_ENCODING));
  result = body_begin(&http->body, (struct text){ encoding->bytes, encoding->size }, inputs->conf->limits.body_bytes,
                      inputs->conf->limits.decompressed_ratio);
  if (result != BODY_OK) return fail(http, body_status(result), body_text(result));
  if (worker_paused(inputs->worker)) return fail(http, 503, "the queue takes nothing now: try again");
  if (http->values[HEADER_EXPECT].size == 0) return 0;
  return word_is(&http->values[HEADER_EXPECT], "100-continue") ? continue_write(http) : fail(http, 417, "Expect: 100-continue alone is understood");
}

static int on_body(http_parser *parser, const char *at, size_t size) {
  struct http     *http = http_of_parser(parser);
  struct inputs   *inputs = http->peer.listener->inputs;
  size_t           before = http->body.room;
  enum body_result result = body_add(&http->body, at, size);
  inputs->body_bytes += http->body.room - before;
  if (result != BODY_OK) return fail(http, body_status(result), body_text(result));
  if (inputs->body_bytes > inputs->conf->limits.ack_bytes) return fail(http, 503, "too much is under way: try again");
  return 0;
}

static int on_complete(http_parser *parser) {
  struct http *http = http_of_parser(parser);
  http->complete = true;
  http_parser_pause(parser, 1); /* one request at a time: what comes behind it waits */
  return 0;
}

static const http_parser_settings settings = {
  .on_message_begin = on_begin,
  .on_url = on_url,
  .on_header_field = on_field,
  .on_header_value = on_value,
  .on_headers_complete = on_headers,
  .on_body = on_body,
  .on_message_complete = on_complete,
};

/* Parses what was read, as far as the end of one request. */
static void http_parse(struct http *http) {
  size_t          size = http->end - http->start;
  size_t          used = size > 0 ? http_parser_execute(&http->parser, &settings, http->bytes + http->start, size) : 0;
  enum http_errno error = HTTP_PARSER_ERRNO(&http->parser);
  http->start += used;
  http->parser.upgrade = 0; /* an offer that we do not take */
  if (http->complete && error == HPE_PAUSED) {
    request_take(http);
  } else if (http->status != 0) {
    refuse(http, http->status, http->reason);
  } else if (error == HPE_HEADER_OVERFLOW) {
    refuse(http, 431, "the headers are longer than limits.header_bytes");
  } else if (error != HPE_OK) {
    refuse(http, 400, "this is no HTTP/1.1 request: see RFC 9112");
  } else {
    http->start = http->end = 0;
    http_read(http);
  }
}

/* ---- life ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  struct http *http = http_of(handle->data);
  (void)suggested;
  *buffer = uv_buf_init(http->bytes + http->end, (unsigned)(READ_ROOM - http->end));
}

/* The client sends nothing more: what it waits for still gets its answer, since a half-closed connection can be written. */
static void on_end(struct http *http, bool clean) {
  if (!clean || http->begun_ms == 0) {
    http_close(http);
    return;
  }
  http->last = true;
  http_parser_execute(&http->parser, &settings, NULL, 0);
  if (http->complete) request_take(http);
  else refuse(http, 400, "the request ends before its body does");
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer) {
  struct http *http = http_of(stream->data);
  (void)buffer;
  if (n == 0) return;
  if (n < 0) {
    on_end(http, n == UV_EOF);
    return;
  }
  http->peer.heard_ms = clock_monotonic_ms();
  http->end += (size_t)n;
  http_parse(http);
}

static void http_read(struct http *http) {
  if (http->peer.listener->inputs->stopping && http->begun_ms == 0) http_close(http);
  else if (uv_read_start((uv_stream_t *)&http->peer.tcp, on_alloc, on_read) != 0 && !uv_is_active((uv_handle_t *)&http->peer.tcp)) http_close(http);
}

static struct peer *http_new(struct listener *listener) {
  struct http *http = malloc(sizeof *http);
  if (http == NULL) return NULL;
  memset(http, 0, sizeof *http);
  http_parser_init(&http->parser, HTTP_REQUEST);
  http->parser.data = http;
  (void)listener;
  return &http->peer;
}

static void http_start(struct peer *peer) { http_read(http_of(peer)); }

static void http_tick(struct peer *peer, int64_t now_ms) {
  struct http       *http = http_of(peer);
  const struct conf *conf = peer->listener->inputs->conf;
  int64_t            quiet_ms = now_ms - peer->heard_ms;
  if (http->state == HTTP_LINGERING && quiet_ms > LINGER_MS) {
    http_close(http);
  } else if (http->state == HTTP_READING && http->begun_ms != 0 && now_ms - http->begun_ms > conf->limits.request_ms) {
    peer->listener->inputs->counters->connections_idle++;
    refuse(http, 408, "the request took longer than limits.request");
  } else if ((http->state == HTTP_READING || http->state == HTTP_ANSWERING) && quiet_ms > conf->limits.idle_ms) {
    peer->listener->inputs->counters->connections_idle++;
    http_close(http);
  }
}

static void http_drain(struct peer *peer) {
  struct http *http = http_of(peer);
  if ((http->state == HTTP_READING && http->begun_ms == 0) || http->state == HTTP_LINGERING) http_close(http);
}

static void http_free(struct peer *peer) {
  struct http *http = http_of(peer);
  if (http->work != NULL) http->work->owner = NULL; /* the queue has it: its answer finds nobody */
  http_body_free(http);
  free(http);
}

const struct peer_ops http_ops = { http_new, http_start, http_tick, http_drain, http_free };
