#include "proxy/wire/syslog.h"

bool days_of(int64_t year, unsigned month, unsigned day, int64_t *days) {
  static const uint8_t lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  int64_t              era, year_of_era, day_of_year;
  bool                 leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1] || (month == 2 && day == 29 && !leap)) return false;
  if (year < 0 || year > 9999) return false;
  if (month <= 2) year--;
  era = (year >= 0 ? year : year - 399) / 400;
  year_of_era = year - era * 400;
  day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  *days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
  return true;
}

static bool number_at(struct text text, size_t at, size_t size, unsigned *value) {
  *value = 0;
  if (text.size < at + size) return false;
  for (size_t i = at; i < at + size; i++) {
    if (!wire_digit(text.at[i])) return false;
    *value = *value * 10 + (unsigned)(text.at[i] - '0');
  }
  return true;
}

size_t rfc3339_parse(struct text text, int32_t offset_s, int64_t *epoch_us) {
  unsigned year, month, day, hour, minute, second, zone_hour, zone_minute;
  int64_t  days, us = 0, scale = 100000;
  size_t   at = 19;
  if (!number_at(text, 0, 4, &year) || !number_at(text, 5, 2, &month) || !number_at(text, 8, 2, &day) || !number_at(text, 11, 2, &hour) ||
      !number_at(text, 14, 2, &minute) || !number_at(text, 17, 2, &second))
    return 0;
  if (text.at[4] != '-' || text.at[7] != '-' || (text.at[10] != 'T' && text.at[10] != ' ') || text.at[13] != ':' || text.at[16] != ':') return 0;
  if (hour > 23 || minute > 59 || second > 59 || !days_of(year, month, day, &days)) return 0; /* no leap second: RFC 5424 6.2.3 */
  if (at < text.size && (text.at[at] == '.' || text.at[at] == ',')) {
    size_t start = ++at;
    for (; at < text.size && wire_digit(text.at[at]) && at - start < 9; at++, scale /= 10) us += scale * (text.at[at] - '0');
    if (at == start) return 0;
  }
  if (at < text.size && text.at[at] == 'Z') {
    offset_s = 0;
    at++;
  } else if (at < text.size && (text.at[at] == '+' || text.at[at] == '-')) {
    int    sign = text.at[at] == '+' ? 1 : -1;
    size_t colon = at + 3 < text.size && text.at[at + 3] == ':';
    if (!number_at(text, at + 1, 2, &zone_hour) || !number_at(text, at + 3 + colon, 2, &zone_minute) || zone_hour > 23 || zone_minute > 59) return 0;
    offset_s = sign * (int32_t)(zone_hour * 3600 + zone_minute * 60);
    at += 5 + colon;
  }
  if (at < text.size && text.at[at] != ' ' && text.at[at] != ':') return 0;
  *epoch_us = ((days * 86400 + hour * 3600 + minute * 60 + second) - offset_s) * 1000000 + us;
  return at;
}

/* One field up to the next space; "-" is NILVALUE. */
static bool field_take(struct text body, size_t *at, struct text *field) {
  size_t      start = *at;
  const char *space = start < body.size ? memchr(body.at + start, ' ', body.size - start) : NULL;
  size_t      end = space != NULL ? (size_t)(space - body.at) : body.size;
  if (end == start) return false;
  *field = (struct text){ body.at + start, end - start };
  if (field->size == 1 && field->at[0] == '-') *field = TEXT_NONE;
  *at = end < body.size ? end + 1 : end;
  return true;
}

/* The end of STRUCTURED-DATA at byte at, or 0. */
static size_t sd_end(struct text body, size_t at) {
  size_t      start = at;
  struct text sd = { body.at + start, body.size - start }, id, name, value;
  while (at < body.size && body.at[at] == '[') {
    for (at++; at < body.size && body.at[at] != ']'; at++) {
      if (body.at[at] != '"') continue;
      for (at++; at < body.size && body.at[at] != '"'; at++) at += body.at[at] == '\\';
    }
    if (at >= body.size) return 0;
    at++;
  }
  if (at == start || (at < body.size && body.at[at] != ' ')) return 0;
  sd.size = at - start;
  for (size_t inside = 0;;) {
    int more = sd_next(sd, &inside, &id, &name, &value);
    if (more == 0) return at;
    if (more < 0) return 0;
  }
}

bool rfc5424_parse(struct text body, struct syslog_record *record) {
  struct syslog_record made = *record;
  size_t               at = 2, end;
  if (!field_take(body, &at, &made.stamp) || !field_take(body, &at, &made.host) || !field_take(body, &at, &made.app) ||
      !field_take(body, &at, &made.procid) || !field_take(body, &at, &made.msgid))
    return false;
  if (made.stamp.size > 0) {
    if (rfc3339_parse(made.stamp, 0, &made.epoch_us) != made.stamp.size) return false;
  }
  if (at < body.size && body.at[at] == '-' && (at + 1 == body.size || body.at[at + 1] == ' ')) {
    end = at + 1;
  } else {
    end = sd_end(body, at);
    if (end == 0) return false;
    made.sd = (struct text){ body.at + at, end - at };
  }
  if (end < body.size) end++;
  made.message = (struct text){ body.at + end, body.size - end };
  *record = made;
  return true;
}
