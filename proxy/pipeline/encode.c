#include "proxy/pipeline/encode.h"

#include <stdio.h>
#include <stdlib.h>

#include "proxy/wire/wire.h"

enum { CLEAN_MOST = 240, CLEAN_ROWS = 256 };
enum { MARGIN = 1024, ESCAPED = 6 /* bytes that one byte may take in a JSON string */ };

/* A header (host, app, procid, msgid) in which no rule found anything: it is written again without asking all rules, as
 * most records repeat one. What depends on the input is asked for each input. */
struct clean_header {
  const char *input;           /* the listener's name: its address tells listeners apart */
  uint16_t    size;            /* of raw; 0: none */
  uint8_t     severity;        /* as in the filter's context */
  char        raw[CLEAN_MOST]; /* the fields one after the other, each with a NUL behind */
};

struct encoder {
  struct ruleset     *rules;
  struct filter      *filter;
  size_t              most;
  char               *clean, *filtered, *unescaped; /* a text: without bad encoding; filtered; JSON's escapes undone */
  size_t              filtered_room;
  struct json_scratch scratch;
  char                epoch[64]; /* ,"epoch":"…" as each record has it; an epoch's id needs no escapes */
  size_t              epoch_size;
  struct clean_header clean_headers[CLEAN_ROWS];
  uint64_t            changes; /* texts that some rule changed */
};

/* One line that is being made. */
struct line {
  struct encoder       *encoder;
  struct batch         *batch;
  const struct origin  *origin;
  struct filter_context context;
  size_t                start;  /* in batch */
  enum encode_result    result; /* ENCODE_STORED while all goes well */
  const char           *rule;   /* of a stub */
};

struct encoder *encoder_new(struct ruleset *rules, size_t record_bytes) {
  struct encoder *encoder = calloc(1, sizeof *encoder);
  if (encoder == NULL) return NULL;
  encoder->rules = ruleset_ref(rules);
  encoder->most = record_bytes;
  encoder->epoch_size = (size_t)snprintf(encoder->epoch, sizeof encoder->epoch, ",\"epoch\":\"%.31s\"", ruleset_epoch(rules));
  encoder->filter = filter_new(rules, 3 * record_bytes + MARGIN); /* U+FFFD takes three bytes */
  encoder->filtered_room = 8 * record_bytes + 8 * MARGIN;
  encoder->clean = malloc(3 * record_bytes + MARGIN);
  encoder->unescaped = malloc(record_bytes + MARGIN);
  encoder->filtered = malloc(encoder->filtered_room);
  encoder->scratch.room = record_bytes + MARGIN;
  encoder->scratch.bytes = malloc(encoder->scratch.room);
  if (encoder->filter != NULL && encoder->clean != NULL && encoder->filtered != NULL && encoder->unescaped != NULL && encoder->scratch.bytes != NULL)
    return encoder;
  encoder_free(encoder);
  return NULL;
}

void encoder_free(struct encoder *encoder) {
  if (encoder == NULL) return;
  filter_free(encoder->filter);
  ruleset_unref(encoder->rules);
  free(encoder->clean);
  free(encoder->filtered);
  free(encoder->unescaped);
  free(encoder->scratch.bytes);
  free(encoder);
}

struct ruleset *encoder_rules(const struct encoder *encoder) {
  return encoder->rules;
}

static bool batch_room(struct batch *batch, size_t size) {
  size_t room = batch->room;
  char  *bigger;
  if (batch->room - batch->used >= size) return true;
  if (size > FRAME_BYTES_MOST - batch->used) return false;
  while (room - batch->used < size) room = room < 4096 ? 4096 : room * 2;
  bigger = realloc(batch->bytes, room);
  if (bigger == NULL) return false;
  batch->bytes = bigger;
  batch->room = room;
  return true;
}

static bool line_fail(struct line *line, enum encode_result result, const char *rule) {
  if (line->result == ENCODE_STORED) {
    line->result = result;
    line->rule = rule;
  }
  return false;
}

static bool put(struct line *line, const char *bytes, size_t size) {
  if (!batch_room(line->batch, size)) return line_fail(line, ENCODE_MEMORY, NULL);
  memcpy(line->batch->bytes + line->batch->used, bytes, size);
  line->batch->used += size;
  return true;
}
#define PUT(line, literal) put(line, "" literal, sizeof(literal) - 1)

static bool put_string(struct line *line, struct text text) {
  size_t size;
  if (text.size > (SIZE_MAX - 16) / ESCAPED || !batch_room(line->batch, ESCAPED * text.size + 16)) return line_fail(line, ENCODE_MEMORY, NULL);
  size = json_string_into(text, line->batch->bytes + line->batch->used, line->batch->room - line->batch->used);
  line->batch->used += size;
  return true;
}

static bool put_number(struct line *line, struct text before, uint64_t number) {
  char   text[20];
  size_t at = sizeof text;
  do text[--at] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  return put(line, before.at, before.size) && put(line, text + at, sizeof text - at);
}

/* No NUL, nothing beyond ASCII. Eight bytes at a time. */
static bool is_clean(struct text text) {
  const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
  uint64_t       bad = 0, word;
  size_t         i = 0;
  for (; i + sizeof word <= text.size; i += sizeof word) {
    memcpy(&word, text.at + i, sizeof word);
    bad |= word | (word - ones); /* the top bit of a byte: not ASCII, or zero (or behind one) */
  }
  bad &= tops;
  for (; i < text.size; i++) bad |= text.at[i] == 0 || (unsigned char)text.at[i] >= 0x80;
  return bad == 0;
}

/* What will be stored is what the filter sees: bytes that are no UTF-8 become U+FFFD before it looks, and NUL goes, so
 * that UTF-16 or NULs between digits hide nothing. */
static struct text cleaned(struct encoder *encoder, struct text text) {
  size_t n = 0, size;
  if (is_clean(text)) return text;
  for (size_t i = 0; i < text.size; i += size) {
    size = utf8_size(text, i);
    if (text.at[i] == 0) continue;
    if (size > 0) {
      memcpy(encoder->clean + n, text.at + i, size);
      n += size;
    } else {
      memcpy(encoder->clean + n, "\xef\xbf\xbd", 3);
      n += 3;
      size = 1;
    }
  }
  return (struct text){ encoder->clean, n };
}

/* text as the rules leave it; borrowed until the next call. keyed: the sender chose the field's name. False: the record is dropped or
 * withheld. */
static bool filtered(struct line *line, struct text field, bool keyed, struct text text, struct text *out) {
  struct encoder *encoder = line->encoder;
  size_t          size = 0;
  unsigned        rule = FILTER_NO_RULE;
  if (text.size > encoder->most) return line_fail(line, ENCODE_WITHHELD, "limits.record_bytes");
  text = cleaned(encoder, text);
  line->context.field = field;
  line->context.keyed = keyed;
  for (;;) {
    switch (filter_text(encoder->filter, &line->context, text, encoder->filtered, encoder->filtered_room, &size, &rule)) {
    case FILTER_SAME: *out = text; return true;
    case FILTER_OK:
      encoder->changes++;
      *out = (struct text){ encoder->filtered, size };
      return true;
    case FILTER_DROP: return line_fail(line, ENCODE_DROPPED, NULL);
    case FILTER_WITHHOLD: return line_fail(line, ENCODE_WITHHELD, ruleset_reason(encoder->rules, rule));
    case FILTER_ROOM: break;
    }
    char *bigger = realloc(encoder->filtered, size + MARGIN);
    if (bigger == NULL) return line_fail(line, ENCODE_WITHHELD, "memory");
    encoder->filtered = bigger;
    encoder->filtered_room = size + MARGIN;
  }
}

static bool put_filtered(struct line *line, struct text field, bool keyed, struct text text) {
  struct text out;
  return filtered(line, field, keyed, text, &out) && put_string(line, out);
}

static bool put_time(struct line *line, int64_t epoch_us) {
  char text[27];
  rfc3339_into(epoch_us, text);
  return PUT(line, "{\"time\":\"") && put(line, text, sizeof text) && PUT(line, "\"");
}

static bool put_input(struct line *line) {
  const struct encoder *encoder = line->encoder;
  return PUT(line, ",\"input\":") && put_string(line, line->origin->input) && put(line, encoder->epoch, encoder->epoch_size);
}

static struct line line_start(struct encoder *encoder, struct batch *batch, const struct origin *origin) {
  return (struct line){
    .encoder = encoder, .batch = batch, .origin = origin, .context = { .input = origin->input }, .start = batch->used, .result = ENCODE_STORED
  };
}

static enum encode_result line_count(struct line *line, enum encode_result result) {
  int64_t now_ms = line->origin->now_us / 1000;
  if (line->batch->records == 0) {
    line->batch->first_ms = now_ms;
    line->batch->rules_hash = ruleset_hash(line->encoder->rules);
    line->batch->epoch = ruleset_epoch(line->encoder->rules);
  }
  line->batch->last_ms = now_ms;
  line->batch->records++;
  return result;
}

enum encode_result encode_stub(struct encoder *encoder, struct batch *batch, const struct origin *origin, const char *rule, size_t bytes) {
  struct line line = line_start(encoder, batch, origin);
  if (!put_time(&line, origin->now_us) || !put_input(&line) || !PUT(&line, ",\"withheld\":true,\"rule\":") || !put_string(&line, text_of(rule)) ||
      !put_number(&line, TEXT(",\"bytes\":"), bytes) || !PUT(&line, "}\n")) {
    batch->used = line.start;
    return ENCODE_MEMORY;
  }
  batch->withheld++;
  return line_count(&line, ENCODE_WITHHELD);
}

/* What was written of a record that failed goes away; a stub takes its place where it is withheld. */
static enum encode_result line_end(struct line *line, bool good, size_t bytes) {
  if (good && PUT(line, "}\n")) return line_count(line, ENCODE_STORED);
  line->batch->used = line->start;
  if (line->result != ENCODE_WITHHELD) return line->result;
  return encode_stub(line->encoder, line->batch, line->origin, line->rule, bytes);
}

/* An SD-PARAM's value without the escapes of RFC 5424 6.3.3. */
static struct text sd_unescaped(struct encoder *encoder, struct text value) {
  size_t n = 0;
  if (value.size == 0 || memchr(value.at, '\\', value.size) == NULL) return value;
  for (size_t i = 0; i < value.size; i++) {
    bool escape = value.at[i] == '\\' && i + 1 < value.size && (value.at[i + 1] == '"' || value.at[i + 1] == '\\' || value.at[i + 1] == ']');
    i += escape;
    encoder->unescaped[n++] = value.at[i];
  }
  return (struct text){ encoder->unescaped, n };
}

/* An SD-ID is a name, or name@enterprise-number (RFC 5424 6.3.2): the number and its @ are no address. */
static bool put_sd_id(struct line *line, struct text id) {
  const char *at = memchr(id.at, '@', id.size);
  struct text name = id, out;
  size_t      digits = at != NULL ? (size_t)(at - id.at) + 1 : id.size;
  char        whole[64];
  for (size_t i = digits; i < id.size; i++)
    if ((id.at[i] < '0' || id.at[i] > '9') && id.at[i] != '.') digits = 0;
  if (digits > 0 && digits < id.size) name.size = digits - 1;
  if (!filtered(line, TEXT("sd"), false, name, &out)) return false;
  if (name.size == id.size || out.size + (id.size - name.size) > sizeof whole) return put_string(line, out);
  memcpy(whole, out.at, out.size);
  memcpy(whole + out.size, id.at + name.size, id.size - name.size);
  return put_string(line, (struct text){ whole, out.size + id.size - name.size });
}

static bool put_sd(struct line *line, struct text sd) {
  struct text id = TEXT_NONE, name, value;
  const char *last = NULL; /* of the element that is open */
  bool        first = true;
  if (!PUT(line, ",\"sd\":{")) return false;
  for (size_t at = 0; sd_next(sd, &at, &id, &name, &value) == 1;) {
    if (id.at != last) {
      if (last != NULL && !PUT(line, "},")) return false;
      if (!put_sd_id(line, id) || !PUT(line, ":{")) return false;
      last = id.at;
      first = true;
    }
    if (name.size == 0) continue;
    if ((!first && !PUT(line, ",")) || !put_filtered(line, TEXT("sd"), false, name) || !PUT(line, ":")) return false;
    if (!put_filtered(line, name, true, sd_unescaped(line->encoder, value))) return false;
    first = false;
  }
  return last != NULL ? PUT(line, "}}") : PUT(line, "}");
}

static bool put_field(struct line *line, struct text name, struct text value, bool clean) {
  if (value.size == 0) return true;
  if (!PUT(line, ",\"") || !put(line, name.at, name.size) || !PUT(line, "\":")) return false;
  return clean ? put_string(line, value) : put_filtered(line, name, false, value);
}

/* The header's bytes as clean_header keeps them; 0: too long, or of bytes that need cleaning. */
static size_t header_key(const struct syslog_record *record, char out[CLEAN_MOST]) {
  const struct text *const fields[] = { &record->host, &record->app, &record->procid, &record->msgid };
  size_t                   n = 0;
  for (int i = 0; i < 4; i++) {
    if (n + fields[i]->size + 1 > CLEAN_MOST || !is_clean(*fields[i])) return 0;
    if (fields[i]->size > 0) memcpy(out + n, fields[i]->at, fields[i]->size);
    n += fields[i]->size;
    out[n++] = 0;
  }
  return n;
}

static struct clean_header *header_row(struct encoder *encoder, const char *raw, size_t size) {
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)raw[i]) * 16777619u;
  return &encoder->clean_headers[(hash ^ hash >> 16) % CLEAN_ROWS];
}

static bool put_header(struct line *line, const struct syslog_record *record) {
  struct encoder      *encoder = line->encoder;
  char                 raw[CLEAN_MOST];
  size_t               size = header_key(record, raw);
  struct clean_header *row = size > 0 ? header_row(encoder, raw, size) : NULL;
  uint64_t             changes = encoder->changes;
  bool                 clean = row != NULL && row->size == size && row->input == line->origin->input.at && row->severity == line->context.severity &&
               memcmp(row->raw, raw, size) == 0;
  if (!put_field(line, TEXT("host"), record->host, clean) || !put_field(line, TEXT("app"), record->app, clean) ||
      !put_field(line, TEXT("procid"), record->procid, clean) || !put_field(line, TEXT("msgid"), record->msgid, clean))
    return false;
  if (row != NULL && !clean && encoder->changes == changes) {
    *row = (struct clean_header){ .input = line->origin->input.at, .size = (uint16_t)size, .severity = line->context.severity };
    memcpy(row->raw, raw, size);
  }
  return true;
}

enum encode_result encode_syslog(struct encoder *encoder, struct batch *batch, const struct origin *origin, struct text frame) {
  const struct wire_clock clock = { .now_s = origin->now_us / 1000000, .utc_offset_s = origin->utc_offset_s };
  struct line             line = line_start(encoder, batch, origin);
  struct syslog_record    record;
  bool                    good;
  if (frame.size > encoder->most) return encode_stub(encoder, batch, origin, "limits.record_bytes", frame.size);
  syslog_parse(frame, &clock, &record);
  line.context.host = record.host;
  line.context.app = record.app;
  line.context.severity = (uint8_t)(1u << (record.severity & 7));
  good = put_time(&line, record.epoch_us != INT64_MIN ? record.epoch_us : origin->now_us) && put_header(&line, &record) &&
         put_number(&line, TEXT(",\"facility\":"), record.facility) && put_number(&line, TEXT(",\"severity\":"), record.severity) &&
         (record.sd.size == 0 || put_sd(&line, record.sd)) && put_input(&line) && PUT(&line, ",\"message\":") &&
         put_filtered(&line, TEXT("message"), false, record.message);
  return line_end(&line, good, frame.size);
}

enum encode_result encode_text(struct encoder *encoder, struct batch *batch, const struct origin *origin, struct text text) {
  struct line line = line_start(encoder, batch, origin);
  bool good = put_time(&line, origin->now_us) && put_input(&line) && PUT(&line, ",\"message\":") && put_filtered(&line, TEXT("message"), false, text);
  return line_end(&line, good, text.size);
}

static enum json_verdict json_value(void *context, enum json_kind kind, struct text key, struct text value, struct text *changed) {
  struct line *line = context;
  struct text  field = kind == JSON_KEY ? TEXT("key") : key;
  if (!filtered(line, field, kind != JSON_KEY, value, changed)) return JSON_HALT;
  return changed->at == value.at ? JSON_SAME : JSON_CHANGED;
}

enum encode_result encode_json(struct encoder *encoder, struct batch *batch, const struct origin *origin, struct text value) {
  struct line line = line_start(encoder, batch, origin);
  bool        good;
  size_t      size = 0, more = 2 * value.size + MARGIN;
  if (value.size > encoder->most) return encode_stub(encoder, batch, origin, "limits.record_bytes", value.size);
  good = put_time(&line, origin->now_us) && put_input(&line) && PUT(&line, ",\"data\":");
  while (good) {
    enum json_result result;
    if (!batch_room(batch, more)) {
      good = line_fail(&line, ENCODE_MEMORY, NULL);
      break;
    }
    result = json_rewrite(value, batch->bytes + batch->used, batch->room - batch->used, &size, &encoder->scratch, json_value, &line);
    if (result == JSON_OK) break;
    if (result == JSON_ROOM && more < 64 * (value.size + MARGIN)) {
      more *= 2;
      continue;
    }
    good = line_fail(&line, ENCODE_WITHHELD, result == JSON_DEEP ? "json-depth" : result == JSON_ROOM ? "json-size" : "json");
  }
  if (good) batch->used += size;
  return line_end(&line, good, value.size);
}

static enum json_verdict json_look(void *context, enum json_kind kind, struct text key, struct text value, struct text *changed) {
  (void)context, (void)kind, (void)key, (void)value, (void)changed;
  return JSON_SAME;
}

bool encode_is_json(struct encoder *encoder, struct text value) {
  size_t           size;
  enum json_result result = json_rewrite(value, NULL, 0, &size, &encoder->scratch, json_look, NULL);
  return result == JSON_OK || result == JSON_DEEP || result == JSON_ROOM; /* too deep or a string too long: withheld later */
}
