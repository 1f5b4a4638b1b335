/* json: RFC 8259 in one pass, without a tree. Bytes that nothing changes are copied as they are. */
#include "proxy/wire/wire.h"

enum { DEPTH_MOST = 64 };

struct writer {
  struct text          in;
  size_t               at;     /* next byte of in */
  size_t               copied; /* in is written up to here */
  char                *out;
  size_t               room, n;
  bool                 dry; /* check only */
  struct json_scratch *scratch;
  json_visit          *visit;
  void                *context;
  enum json_result     result; /* of the first failure */
};

static bool fail(struct writer *writer, enum json_result result) {
  if (writer->result == JSON_OK) writer->result = result;
  return false;
}

static bool put(struct writer *writer, const char *bytes, size_t size) {
  if (writer->dry) return true;
  if (writer->room - writer->n < size) return fail(writer, JSON_ROOM);
  memcpy(writer->out + writer->n, bytes, size);
  writer->n += size;
  return true;
}

/* All of in up to byte end that was not written yet. */
static bool put_until(struct writer *writer, size_t end) {
  size_t from = writer->copied;
  writer->copied = end;
  return put(writer, writer->in.at + from, end - from);
}

static bool skip_space(struct writer *writer) {
  struct text in = writer->in;
  while (writer->at < in.size) {
    char c = in.at[writer->at];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return true;
    if (c == '\n' || c == '\r') { /* the result is one line */
      if (!put_until(writer, writer->at) || !put(writer, " ", 1)) return false;
      writer->copied = writer->at + 1;
    }
    writer->at++;
  }
  return true;
}

static bool is_digit(char c) { return (unsigned)c - '0' < 10; }

static int hex4(struct text in, size_t at) {
  int value = 0;
  if (in.size - at < 4) return -1;
  for (size_t i = at; i < at + 4; i++) {
    char c = in.at[i];
    if (is_digit(c)) value = value << 4 | (c - '0');
    else if (((unsigned)c | 32) - 'a' < 6) value = value << 4 | (int)(((unsigned)c | 32) - 'a' + 10);
    else return -1;
  }
  return value;
}

static size_t utf8_into(int code, char *out) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (char)(0xc0 | code >> 6);
    out[1] = (char)(0x80 | (code & 63));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 63));
    out[2] = (char)(0x80 | (code & 63));
    return 3;
  }
  out[0] = (char)(0xf0 | code >> 18);
  out[1] = (char)(0x80 | (code >> 12 & 63));
  out[2] = (char)(0x80 | (code >> 6 & 63));
  out[3] = (char)(0x80 | (code & 63));
  return 4;
}

/* The escape at byte *at (behind the backslash) into out; lone surrogates become U+FFFD. Returns the size, 0: bad. */
static size_t unescape(struct text in, size_t *at, char *out) {
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  const char       *name = in.at[*at] != 0 ? strchr(names, in.at[*at]) : NULL;
  int               code, low;
  if (name != NULL) {
    out[0] = values[name - names];
    (*at)++;
    return 1;
  }
  if (in.at[*at] != 'u') return 0;
  code = hex4(in, *at + 1);
  if (code < 0) return 0;
  *at += 5;
  if (code >= 0xd800 && code < 0xdc00 && in.size - *at >= 6 && in.at[*at] == '\\' && in.at[*at + 1] == 'u') {
    low = hex4(in, *at + 2);
    if (low >= 0xdc00 && low < 0xe000) {
      *at += 6;
      return utf8_into(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), out);
    }
  }
  return utf8_into(code >= 0xd800 && code < 0xe000 ? 0xfffd : code, out);
}

/* A string at writer->at (its quote). *value borrows from in, or from scratch behind used when it has escapes. *bad: it
 * holds bytes that are no UTF-8. */
static bool string_take(struct writer *writer, size_t used, struct text *value, bool *bad) {
  struct text in = writer->in;
  size_t      start = ++writer->at, n = used;
  bool        escaped = false;
  *bad = false;
  while (writer->at < in.size && in.at[writer->at] != '"') {
    unsigned char c = (unsigned char)in.at[writer->at];
    size_t        size = 1;
    if (c < ' ') return fail(writer, JSON_BAD);
    if (c == '\\') {
      char   bytes[4];
      size_t before = writer->at++;
      if (writer->at >= in.size) return fail(writer, JSON_BAD);
      size = unescape(in, &writer->at, bytes);
      if (size == 0) return fail(writer, JSON_BAD);
      if (!escaped) { /* what was plain so far */
        if (writer->scratch->room - n < before - start) return fail(writer, JSON_ROOM);
        memcpy(writer->scratch->bytes + n, in.at + start, before - start);
        n += before - start;
        escaped = true;
      }
      if (writer->scratch->room - n < size) return fail(writer, JSON_ROOM);
      memcpy(writer->scratch->bytes + n, bytes, size);
      n += size;
      continue;
    }
    if (c >= 0x80) {
      size = utf8_size(in, writer->at);
      *bad |= size == 0;
      size += size == 0;
    }
    if (escaped) {
      if (writer->scratch->room - n < size) return fail(writer, JSON_ROOM);
      memcpy(writer->scratch->bytes + n, in.at + writer->at, size);
      n += size;
    }
    writer->at += size;
  }
  if (writer->at >= in.size) return fail(writer, JSON_BAD);
  *value = escaped ? (struct text){ writer->scratch->bytes + used, n - used } : (struct text){ in.at + start, writer->at - start };
  writer->at++;
  return true;
}

static bool changed_write(struct writer *writer, size_t start, struct text changed) {
  size_t size;
  if (!put_until(writer, start)) return false;
  writer->copied = writer->at;
  if (writer->dry) return true;
  size = json_string_into(changed, writer->out + writer->n, writer->room - writer->n);
  if (size == 0) return fail(writer, JSON_ROOM);
  writer->n += size;
  return true;
}

static bool value_visit(struct writer *writer, enum json_kind kind, struct text key, struct text value, size_t start, bool bad) {
  struct text changed = TEXT_NONE;
  switch (writer->visit(writer->context, kind, key, value, &changed)) {
  case JSON_SAME: return bad ? changed_write(writer, start, value) : true;
  case JSON_CHANGED: return changed_write(writer, start, changed);
  case JSON_HALT: break;
  }
  return fail(writer, JSON_STOP);
}

/* RFC 8259 6. */
static bool number_take(struct writer *writer, struct text key) {
  struct text in = writer->in;
  size_t      start = writer->at, at = start, digits;
  if (in.at[at] == '-') at++;
  digits = at;
  while (at < in.size && is_digit(in.at[at])) at++;
  if (at == digits || (in.at[digits] == '0' && at - digits > 1)) return fail(writer, JSON_BAD);
  if (at < in.size && in.at[at] == '.') {
    digits = ++at;
    while (at < in.size && is_digit(in.at[at])) at++;
    if (at == digits) return fail(writer, JSON_BAD);
  }
  if (at < in.size && (in.at[at] == 'e' || in.at[at] == 'E')) {
    at++;
    if (at < in.size && (in.at[at] == '+' || in.at[at] == '-')) at++;
    digits = at;
    while (at < in.size && is_digit(in.at[at])) at++;
    if (at == digits) return fail(writer, JSON_BAD);
  }
  writer->at = at;
  return value_visit(writer, JSON_NUMBER, key, (struct text){ in.at + start, at - start }, start, false);
}

static bool literal_take(struct writer *writer) {
  static const struct text literals[] = { { "true", 4 }, { "false", 5 }, { "null", 4 } };
  for (size_t i = 0; i < 3; i++) {
    if (writer->in.size - writer->at < literals[i].size || memcmp(writer->in.at + writer->at, literals[i].at, literals[i].size) != 0) continue;
    writer->at += literals[i].size;
    return true;
  }
  return fail(writer, JSON_BAD);
}

static bool value_take(struct writer *writer, struct text key, size_t used, unsigned depth);

static bool next_is(struct writer *writer, char c) {
  if (!skip_space(writer)) return false;
  if (writer->at >= writer->in.size || writer->in.at[writer->at] != c) return false;
  writer->at++;
  return true;
}

static bool member_take(struct writer *writer, size_t used, unsigned depth) {
  struct text key;
  size_t      start;
  bool        bad;
  if (!skip_space(writer)) return false;
  start = writer->at;
  if (start >= writer->in.size || writer->in.at[start] != '"') return fail(writer, JSON_BAD);
  if (!string_take(writer, used, &key, &bad)) return false;
  if (!value_visit(writer, JSON_KEY, key, key, start, bad)) return false;
  if (!next_is(writer, ':')) return fail(writer, JSON_BAD);
  if (key.at == writer->scratch->bytes + used) used += key.size; /* the key stays there while its value is read */
  return value_take(writer, key, used, depth);
}

static bool members_take(struct writer *writer, struct text key, size_t used, unsigned depth, char close) {
  if (depth >= DEPTH_MOST) return fail(writer, JSON_DEEP);
  writer->at++;
  if (next_is(writer, close)) return true;
  while (writer->result == JSON_OK) {
    if (!(close == '}' ? member_take(writer, used, depth + 1) : value_take(writer, key, used, depth + 1))) return false;
    if (next_is(writer, close)) return true;
    if (!next_is(writer, ',')) return fail(writer, JSON_BAD);
  }
  return false;
}

static bool value_take(struct writer *writer, struct text key, size_t used, unsigned depth) {
  struct text value;
  size_t      start;
  bool        bad;
  if (!skip_space(writer)) return false;
  if (writer->at >= writer->in.size) return fail(writer, JSON_BAD);
  start = writer->at;
  switch (writer->in.at[start]) {
  case '{': return members_take(writer, key, used, depth, '}');
  case '[': return members_take(writer, key, used, depth, ']');
  case '"': return string_take(writer, used, &value, &bad) && value_visit(writer, JSON_STRING, key, value, start, bad);
  case '-':
  case '0':
  case '1':
  case '2':
  case '3':
  case '4':
  case '5':
  case '6':
  case '7':
  case '8':
  case '9': return number_take(writer, key);
  default: return literal_take(writer);
  }
}

enum json_result json_rewrite(struct text in, char *out, size_t room, size_t *length, struct json_scratch *scratch, json_visit *visit,
                              void *context) {
  struct writer writer = { .in = in, .out = out, .room = room, .dry = out == NULL, .scratch = scratch, .visit = visit, .context = context };
  *length = 0;
  if (!value_take(&writer, TEXT_NONE, 0, 0) || !skip_space(&writer)) return writer.result != JSON_OK ? writer.result : JSON_BAD;
  if (writer.at != in.size) return JSON_BAD;
  if (!put_until(&writer, in.size)) return writer.result;
  *length = writer.n;
  return JSON_OK;
}

/* The byte behind the value at byte at, by its brackets and quotes alone; 0: not whole. */
static size_t value_end(struct text in, size_t at) {
  unsigned depth = 0;
  for (; at < in.size; at++) {
    char c = in.at[at];
    if (c == '"') {
      for (at++; at < in.size && in.at[at] != '"'; at++) at += in.at[at] == '\\';
      if (at >= in.size) return 0;
      if (depth == 0) return at + 1;
    } else if (c == '{' || c == '[') {
      depth++;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
      return at;
    }
  }
  return depth == 0 ? at : 0;
}

static void pass_space(struct text in, size_t *at) {
  while (*at < in.size && (in.at[*at] == ' ' || in.at[*at] == '\t' || in.at[*at] == '\n' || in.at[*at] == '\r')) (*at)++;
}

int json_elements(struct text array, size_t *at, struct text *element) {
  size_t i = *at, end;
  pass_space(array, &i);
  if (*at == 0) {
    if (i >= array.size || array.at[i++] != '[') return -1;
    pass_space(array, &i);
    if (i < array.size && array.at[i] == ']') {
      i++;
      pass_space(array, &i);
      return i == array.size ? 0 : -1;
    }
  } else {
    if (i >= array.size) return -1;
    if (array.at[i] == ']') {
      i++;
      pass_space(array, &i);
      return i == array.size ? 0 : -1;
    }
    if (array.at[i++] != ',') return -1;
    pass_space(array, &i);
  }
  end = value_end(array, i);
  if (end <= i) return -1;
  *element = (struct text){ array.at + i, end - i };
  *at = end;
  return 1;
}
