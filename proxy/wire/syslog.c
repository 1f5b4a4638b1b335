/* syslog: RFC 5424, RFC 3164 and what real senders make of them. Never fails: what is not understood stays in message. */
#include "proxy/wire/syslog.h"

static bool is_space(char c) { return c == ' ' || c == '\t'; }

/* <0> to <191>; *at behind it. */
static bool pri_take(struct text frame, size_t *at, struct syslog_record *record) {
  unsigned value = 0;
  size_t   i = 1;
  if (frame.size < 3 || frame.at[0] != '<') return false;
  while (i < frame.size && i < 4 && wire_digit(frame.at[i])) value = value * 10 + (unsigned)(frame.at[i++] - '0');
  if (i == 1 || i >= frame.size || frame.at[i] != '>' || value > 191) return false;
  record->facility = (uint8_t)(value >> 3);
  record->severity = (uint8_t)(value & 7);
  record->has_pri = true;
  *at = i + 1;
  return true;
}

static struct text without_bom(struct text text) {
  if (text.size >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0) return (struct text){ text.at + 3, text.size - 3 };
  return text;
}

void syslog_parse(struct text frame, const struct wire_clock *clock, struct syslog_record *record) {
  struct text body;
  size_t      at = 0;
  *record = (struct syslog_record){ .facility = 1, .severity = 5, .epoch_us = INT64_MIN }; /* user.notice */
  while (frame.size > 0 && (frame.at[frame.size - 1] == '\n' || frame.at[frame.size - 1] == '\r' || frame.at[frame.size - 1] == 0)) frame.size--;
  frame = without_bom(frame);
  if (!pri_take(frame, &at, record)) {
    record->message = frame;
    return;
  }
  body = without_bom((struct text){ frame.at + at, frame.size - at });
  if (body.size > 2 && body.at[0] == '1' && body.at[1] == ' ' && rfc5424_parse(body, record)) {
    record->rfc5424 = true;
    record->message = without_bom(record->message);
    return;
  }
  rfc3164_parse(body, clock, record);
  record->message = without_bom(record->message);
}

static size_t sd_name_end(struct text sd, size_t at) {
  while (at < sd.size && (unsigned char)sd.at[at] > ' ' && sd.at[at] != '=' && sd.at[at] != ']' && sd.at[at] != '"') at++;
  return at;
}

/* The end of a quoted value whose first byte is at; sd.size when it is not closed. */
static size_t sd_value_end(struct text sd, size_t at) {
  while (at < sd.size && sd.at[at] != '"') at += sd.at[at] == '\\' && at + 1 < sd.size ? 2 : 1;
  return at;
}

int sd_next(struct text sd, size_t *at, struct text *id, struct text *name, struct text *value) {
  size_t i = *at, end;
  *name = *value = TEXT_NONE;
  if (i < sd.size && sd.at[i] == ']') i++;
  if (i >= sd.size) return 0;
  if (sd.at[i] == '[') {
    end = sd_name_end(sd, i + 1);
    if (end == i + 1 || end >= sd.size) return -1;
    *id = (struct text){ sd.at + i + 1, end - i - 1 };
    i = end;
    if (sd.at[i] == ']') {
      *at = i;
      return 1;
    }
  }
  while (i < sd.size && is_space(sd.at[i])) i++;
  end = sd_name_end(sd, i);
  if (end == i || end + 1 >= sd.size || sd.at[end] != '=' || sd.at[end + 1] != '"') return -1;
  *name = (struct text){ sd.at + i, end - i };
  i = end + 2;
  end = sd_value_end(sd, i);
  if (end >= sd.size) return -1;
  *value = (struct text){ sd.at + i, end - i };
  i = end + 1;
  while (i < sd.size && is_space(sd.at[i])) i++;
  *at = i;
  return i < sd.size ? 1 : -1;
}
