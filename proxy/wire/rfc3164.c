/* rfc3164: the BSD format as routers, PBXs and old daemons really send it. In doubt text stays in the message. */
#include "proxy/wire/syslog.h"

enum { HOST_MOST = 255, TAG_MOST = 48 };

static unsigned month_of(struct text text, size_t at) {
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size < at + 3) return 0;
  for (unsigned i = 0; i < 12; i++)
    if (memcmp(months + (size_t)i * 3, text.at + at, 3) == 0) return i + 1;
  return 0;
}

static bool take_number(struct text text, size_t *at, size_t most, unsigned *value) {
  size_t start = *at;
  *value = 0;
  while (*at < text.size && *at - start < most && wire_digit(text.at[*at])) *value = *value * 10 + (unsigned)(text.at[(*at)++] - '0');
  return *at > start;
}

static void skip_spaces(struct text text, size_t *at) {
  while (*at < text.size && text.at[*at] == ' ') (*at)++;
}

struct bsd_stamp {
  unsigned month, day, hour, minute, second, year; /* year 0: not given */
  int64_t  us;
};

/* [YYYY] Mmm [d]d [YYYY] hh:mm:ss[.fraction] [YYYY]; returns the size, or 0. */
static size_t bsd_parse(struct text text, struct bsd_stamp *stamp) {
  size_t  at = 0, mark;
  int64_t scale = 100000;
  *stamp = (struct bsd_stamp){ 0 };
  if (text.size > 5 && wire_digit(text.at[0]) && text.at[4] == ' ' && take_number(text, &at, 4, &stamp->year)) skip_spaces(text, &at);
  stamp->month = month_of(text, at);
  if (stamp->month == 0) return 0;
  at += 3;
  mark = at;
  skip_spaces(text, &at);
  if (at == mark || !take_number(text, &at, 2, &stamp->day)) return 0;
  mark = at;
  skip_spaces(text, &at);
  if (at == mark) return 0;
  mark = at;
  if (take_number(text, &at, 4, &stamp->hour) && at - mark == 4) {
    stamp->year = stamp->hour;
    skip_spaces(text, &at);
    if (!take_number(text, &at, 2, &stamp->hour)) return 0;
  }
  if (at >= text.size || text.at[at++] != ':' || !take_number(text, &at, 2, &stamp->minute)) return 0;
  if (at >= text.size || text.at[at++] != ':' || !take_number(text, &at, 2, &stamp->second)) return 0;
  if (at < text.size && (text.at[at] == '.' || text.at[at] == ','))
    for (at++; at < text.size && wire_digit(text.at[at]); at++, scale /= 10) stamp->us += scale * (text.at[at] - '0');
  mark = at;
  skip_spaces(text, &at);
  if (stamp->year == 0 && at + 4 < text.size && (text.at[at] == '1' || text.at[at] == '2') && text.at[at + 4] == ' ' &&
      take_number(text, &at, 4, &stamp->year) && stamp->year >= 1990 && stamp->year < 2100)
    return at;
  stamp->year = stamp->year >= 1990 && stamp->year < 2100 ? stamp->year : 0;
  return mark;
}

static int64_t year_of(int64_t epoch_s) {
  char text[27];
  rfc3339_into(epoch_s * 1000000, text);
  return (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
}

static int64_t bsd_epoch(const struct bsd_stamp *stamp, const struct wire_clock *clock) {
  int64_t year = stamp->year != 0 ? stamp->year : year_of(clock->now_s + clock->utc_offset_s), days, seconds;
  if (stamp->hour > 23 || stamp->minute > 59 || stamp->second > 60) return INT64_MIN;
  for (int back = 0; back < 2; back++, year--) {
    if (!days_of(year, stamp->month, stamp->day, &days)) continue;
    seconds = days * 86400 + stamp->hour * 3600 + stamp->minute * 60 + stamp->second - clock->utc_offset_s;
    if (stamp->year != 0 || seconds <= clock->now_s + 86400) return seconds * 1000000 + stamp->us;
  }
  return INT64_MIN;
}

/* The stamp, with what stands before it: a sequence number ("123: "), "*" or "." of Cisco. Returns the byte behind it. */
static size_t stamp_take(struct text body, const struct wire_clock *clock, struct syslog_record *record) {
  size_t           at = 0, size;
  struct bsd_stamp stamp;
  struct text      rest;
  while (at < body.size && at < 12 && wire_digit(body.at[at])) at++;
  if (at > 0 && at + 1 < body.size && body.at[at] == ':' && body.at[at + 1] == ' ') at += 2;
  else at = 0;
  if (at < body.size && (body.at[at] == '*' || body.at[at] == '.')) at++;
  skip_spaces(body, &at);
  rest = (struct text){ body.at + at, body.size - at };
  size = rfc3339_parse(rest, clock->utc_offset_s, &record->epoch_us);
  if (size == 0) {
    size = bsd_parse(rest, &stamp);
    if (size == 0) return 0;
    record->epoch_us = bsd_epoch(&stamp, clock);
  }
  record->stamp = (struct text){ rest.at, size };
  at += size;
  if (at < body.size && body.at[at] == ':') at++; /* Cisco */
  while (at < body.size && body.at[at] == ' ') at++;
  return at;
}

static bool host_byte(char c) {
  return wire_digit(c) || ((unsigned)c | 32) - 'a' < 26 || c == '.' || c == '-' || c == '_' || c == ':' || (unsigned char)c >= 0x80;
}

static bool tag_byte(char c) { return c > ' ' && c != ':' && c != '[' && c != '"' && c != '<' && c != '(' && c != '=' && c != ','; }

/* tag: or tag[pid]: at byte at; returns the byte of the message, or 0. */
static size_t tag_take(struct text body, size_t at, struct syslog_record *record) {
  size_t      start = at, end;
  struct text pid = TEXT_NONE;
  while (at < body.size && at - start <= TAG_MOST && tag_byte(body.at[at])) at++;
  end = at;
  if (end == start || end - start > TAG_MOST || at >= body.size) return 0;
  if (body.at[at] == '[') {
    const char *close = memchr(body.at + at, ']', body.size - at);
    if (close == NULL || memchr(body.at + at, ' ', (size_t)(close - body.at) - at) != NULL) return 0;
    pid = (struct text){ body.at + at + 1, (size_t)(close - body.at) - at - 1 };
    at = (size_t)(close - body.at) + 1;
    if (at >= body.size || (body.at[at] != ':' && body.at[at] != ' ')) return 0;
  }
  if (body.at[at] != ':' && pid.size == 0) return 0; /* a word without a colon may be the message's first */
  if (body.at[at] == ':') at++;
  if (at < body.size && body.at[at] != ' ') {
    if (pid.size == 0) return 0; /* a:b is no tag */
  } else if (at < body.size) {
    at++;
  }
  record->app = (struct text){ body.at + start, end - start };
  record->procid = pid;
  return at;
}

void rfc3164_parse(struct text body, const struct wire_clock *clock, struct syslog_record *record) {
  size_t at = stamp_take(body, clock, record), end, message;
  if (record->stamp.size == 0) {
    message = tag_take(body, 0, record);
    record->message = (struct text){ body.at + message, body.size - message };
    return;
  }
  message = tag_take(body, at, record); /* no host: "Mar  1 10:00:00 tag: …" */
  if (message == 0) {
    end = at;
    while (end < body.size && end - at <= HOST_MOST && host_byte(body.at[end])) end++;
    if (end > at && end < body.size && body.at[end] == ' ') {
      size_t next = end + 1;
      while (next < body.size && body.at[next] == ' ') next++;
      message = tag_take(body, next, record);
      record->host = (struct text){ body.at + at, end - at };
      if (message == 0) message = next;
    } else {
      message = at;
    }
  }
  record->message = (struct text){ body.at + message, body.size - message };
}
