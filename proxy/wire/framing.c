#include "proxy/wire/wire.h"

enum { COUNT_DIGITS = 10 };

static bool is_digit(char c) { return (unsigned)c - '0' < 10; }

/* RFC 6587 3.4.1: MSG-LEN SP MSG. */
static enum frame_result counted(const struct framing *framing, struct text bytes, struct text *frame, size_t *used) {
  size_t at = 0, count = 0;
  while (at < bytes.size && is_digit(bytes.at[at]) && at <= COUNT_DIGITS) count = count * 10 + (size_t)(bytes.at[at++] - '0');
  if (at > COUNT_DIGITS || count > framing->most) return FRAME_BAD;
  if (at == bytes.size) return FRAME_MORE;
  if (bytes.at[at++] != ' ') return FRAME_BAD;
  if (bytes.size - at < count) return FRAME_MORE;
  *frame = (struct text){ bytes.at + at, count };
  *used = at + count;
  while (frame->size > 0 && (frame->at[frame->size - 1] == '\n' || frame->at[frame->size - 1] == 0)) frame->size--;
  return FRAME_ONE;
}

/* The first LF or NUL: RFC 6587 3.4.2 has LF, some senders end with NUL. */
static const char *terminator(struct text bytes) {
  const char *feed = memchr(bytes.at, '\n', bytes.size);
  const char *nul = memchr(bytes.at, 0, feed != NULL ? (size_t)(feed - bytes.at) : bytes.size);
  return nul != NULL ? nul : feed;
}

static struct text without_cr(const char *start, const char *end) {
  while (end > start && end[-1] == '\r') end--;
  return (struct text){ start, (size_t)(end - start) };
}

enum frame_result frame_next(struct framing *framing, struct text bytes, struct text *frame, size_t *used) {
  size_t      at = 0;
  const char *end;
  *used = 0;
  if (framing->skipping) {
    end = bytes.size > 0 ? terminator(bytes) : NULL;
    if (end == NULL) {
      *used = bytes.size;
      return FRAME_MORE;
    }
    framing->skipping = 0;
    at = (size_t)(end - bytes.at) + 1;
  }
  while (at < bytes.size && (bytes.at[at] == '\n' || bytes.at[at] == '\r' || bytes.at[at] == 0)) at++;
  *used = at;
  bytes = (struct text){ bytes.at + at, bytes.size - at };
  if (bytes.size == 0) return FRAME_MORE;
  if (bytes.at[0] >= '1' && bytes.at[0] <= '9') {
    size_t            more = 0;
    enum frame_result result = counted(framing, bytes, frame, &more);
    *used += more;
    return result;
  }
  end = terminator(bytes);
  if (end == NULL ? bytes.size > framing->most : (size_t)(end - bytes.at) > framing->most) {
    framing->skipping = end == NULL;
    *used += end == NULL ? bytes.size : (size_t)(end - bytes.at) + 1;
    return FRAME_LONG;
  }
  if (end == NULL) return FRAME_MORE;
  *frame = without_cr(bytes.at, end);
  *used += (size_t)(end - bytes.at) + 1;
  return FRAME_ONE;
}

enum frame_result frame_end(struct framing *framing, struct text bytes, struct text *frame) {
  size_t at = 0;
  if (framing->skipping) return FRAME_MORE; /* counted when it began */
  while (at < bytes.size && (bytes.at[at] == '\n' || bytes.at[at] == '\r' || bytes.at[at] == 0)) at++;
  if (at == bytes.size) return FRAME_MORE;
  if (bytes.at[at] >= '1' && bytes.at[at] <= '9') return FRAME_BAD;
  *frame = without_cr(bytes.at + at, bytes.at + bytes.size);
  return FRAME_ONE;
}
