#include "proxy/input/body.h"

#include <stdlib.h>

#include "proxy/wire/wire.h"

enum { RATIO_FREE = 1 << 20 /* bytes that may come of anything: small bodies of equal lines pack well */ };

unsigned body_status(enum body_result result) {
#define X(name, status, text) status,
  static const unsigned statuses[] = { BODY_RESULTS(X) };
#undef X
  return statuses[result];
}

const char *body_text(enum body_result result) {
#define X(name, status, text) text,
  static const char *const texts[] = { BODY_RESULTS(X) };
#undef X
  return texts[result];
}

enum body_result body_begin(struct body *body, struct text encoding, size_t most, size_t ratio) {
  body_free(body);
  body->most = most;
  body->ratio = ratio;
  if (encoding.size == 0 || text_equal(encoding, TEXT("identity"))) return BODY_OK;
  if (!text_equal(encoding, TEXT("gzip")) && !text_equal(encoding, TEXT("x-gzip")) && !text_equal(encoding, TEXT("deflate"))) return BODY_ENCODING;
  if (inflateInit2(&body->inflate, 15 + 32) != Z_OK) return BODY_MEMORY; /* 32: gzip or zlib, by its head */
  body->packed = true;
  return BODY_OK;
}

static bool body_room(struct body *body, size_t size) {
  size_t room = body->room;
  char  *bigger;
  if (body->room - body->used >= size) return true;
  while (room - body->used < size) room = room < 16384 ? 16384 : room * 2;
  if (room > body->most + 1) room = body->most + 1; /* one more, to see that it is too long */
  bigger = realloc(body->bytes, room);
  if (bigger == NULL) return false;
  body->bytes = bigger;
  body->room = room;
  return true;
}

static enum body_result plain_add(struct body *body, const char *bytes, size_t size) {
  if (size > body->most - body->used) return BODY_LONG;
  if (!body_room(body, size)) return BODY_MEMORY;
  if (size > 0) memcpy(body->bytes + body->used, bytes, size);
  body->used += size;
  return BODY_OK;
}

static enum body_result inflate_more(struct body *body) {
  z_stream *stream = &body->inflate;
  size_t    want = body->most + 1 - body->used, room;
  int       result;
  if (!body_room(body, want < 16384 ? want : 16384)) return BODY_MEMORY;
  room = body->room - body->used;
  stream->next_out = (Bytef *)body->bytes + body->used;
  stream->avail_out = room > UINT32_MAX ? UINT32_MAX : (uInt)room;
  room = stream->avail_out;
  result = inflate(stream, Z_NO_FLUSH);
  body->used += room - stream->avail_out;
  if (body->used > body->most) return BODY_LONG;
  if (body->used > RATIO_FREE && body->used / body->ratio > body->received) return BODY_BOMB;
  if (result == Z_STREAM_END) {
    if (stream->avail_in == 0) body->ended = true;
    else if (inflateReset(stream) != Z_OK) return BODY_BAD_GZIP; /* another member: RFC 1952 2.2 */
    return BODY_OK;
  }
  return result == Z_OK || (result == Z_BUF_ERROR && stream->avail_in == 0) ? BODY_OK : BODY_BAD_GZIP;
}

enum body_result body_add(struct body *body, const char *bytes, size_t size) {
  enum body_result result = BODY_OK;
  body->received += size;
  if (!body->packed) return plain_add(body, bytes, size);
  if (size > UINT32_MAX) return BODY_LONG;
  if (body->ended && size > 0) {
    if (inflateReset(&body->inflate) != Z_OK) return BODY_BAD_GZIP;
    body->ended = false;
  }
  body->inflate.next_in = (Bytef *)bytes;
  body->inflate.avail_in = (uInt)size;
  do {
    result = inflate_more(body);
  } while (result == BODY_OK && !body->ended && (body->inflate.avail_in > 0 || body->inflate.avail_out == 0));
  return result;
}

enum body_result body_end(struct body *body) { return body->packed && !body->ended ? BODY_BAD_GZIP : BODY_OK; }

void body_free(struct body *body) {
  if (body->packed) inflateEnd(&body->inflate);
  free(body->bytes);
  *body = (struct body){ 0 };
}

/* ---- records ---- */

enum form { FORM_GUESS, FORM_TEXT, FORM_LINES, FORM_JSON };

static const struct {
  const char *type;
  enum form   form;
} forms[] = {
  { "", FORM_GUESS },
  { "application/x-www-form-urlencoded", FORM_GUESS }, /* what curl says when it is told nothing */
  { "application/octet-stream", FORM_GUESS },
  { "text/plain", FORM_TEXT },
  { "application/json", FORM_JSON },
  { "application/x-ndjson", FORM_LINES },
  { "application/ndjson", FORM_LINES },
  { "application/jsonl", FORM_LINES },
  { "application/x-json-stream", FORM_LINES },
};

struct records {
  struct encoder      *encoder;
  const struct origin *origin;
  struct batch        *batch;
  struct tally        *tally;
};

typedef enum encode_result encode_one(struct encoder *, struct batch *, const struct origin *, struct text);

static bool record_add(struct records *records, encode_one *one, struct text text) {
  enum encode_result result = one(records->encoder, records->batch, records->origin, text);
  if (result == ENCODE_MEMORY) return false;
  records->tally->accepted += result == ENCODE_STORED;
  records->tally->withheld += result == ENCODE_WITHHELD;
  records->tally->dropped += result == ENCODE_DROPPED;
  return true;
}

static bool line_next(struct text *rest, struct text *line) {
  while (rest->size > 0) {
    const char *end = memchr(rest->at, '\n', rest->size);
    *line = (struct text){ rest->at, end != NULL ? (size_t)(end - rest->at) : rest->size };
    rest->at += line->size + (end != NULL);
    rest->size -= line->size + (end != NULL);
    while (line->size > 0 && line->at[line->size - 1] == '\r') line->size--;
    if (line->size > 0) return true;
  }
  return false;
}

static enum body_result lines_add(struct records *records, struct text bytes, encode_one *one) {
  struct text line;
  while (line_next(&bytes, &line))
    if (!record_add(records, one, line)) return BODY_MEMORY;
  return BODY_OK;
}

static enum body_result array_add(struct records *records, struct text bytes) {
  struct text element;
  int         more;
  for (size_t at = 0; (more = json_elements(bytes, &at, &element)) == 1;)
    if (!record_add(records, encode_json, element)) return BODY_MEMORY;
  return more == 0 ? BODY_OK : BODY_BAD_JSON;
}

static char first_byte(struct text bytes) {
  for (size_t i = 0; i < bytes.size; i++)
    if (bytes.at[i] != ' ' && bytes.at[i] != '\t' && bytes.at[i] != '\r' && bytes.at[i] != '\n') return bytes.at[i];
  return 0;
}

/* Nobody said what it is: JSON where its first line, or all of it, is JSON; else text. */
static enum form form_guess(struct encoder *encoder, struct text bytes) {
  struct text rest = bytes, line;
  char        first = first_byte(bytes);
  if (first != '{' && first != '[') return FORM_TEXT;
  if (encode_is_json(encoder, bytes)) return FORM_JSON;
  return first == '{' && line_next(&rest, &line) && encode_is_json(encoder, line) ? FORM_LINES : FORM_TEXT;
}

enum body_result body_records(const struct body *body, struct text type, struct encoder *encoder, const struct origin *origin, struct batch *batch,
                              struct tally *tally) {
  struct records records = { encoder, origin, batch, tally };
  struct text    bytes = { body->bytes, body->used };
  size_t         i = 0, count = sizeof forms / sizeof forms[0];
  enum form      form;
  *tally = (struct tally){ 0 };
  while (i < count && !text_equal(type, text_of(forms[i].type))) i++;
  if (i < count) form = forms[i].form;
  else if (type.size > 5 && memcmp(type.at, "text/", 5) == 0) form = FORM_TEXT;
  else if (type.size > 5 && memcmp(type.at + type.size - 5, "+json", 5) == 0) form = FORM_JSON;
  else return BODY_TYPE;
  if (bytes.size == 0) return BODY_OK;
  if (form == FORM_GUESS) form = form_guess(encoder, bytes);
  if (form == FORM_TEXT) return lines_add(&records, bytes, encode_text);
  if (form == FORM_JSON && first_byte(bytes) == '[') return array_add(&records, bytes);
  if (form == FORM_JSON && encode_is_json(encoder, bytes)) return record_add(&records, encode_json, bytes) ? BODY_OK : BODY_MEMORY;
  return lines_add(&records, bytes, encode_json);
}
