#include "proxy/wire/wire.h"

/* The size of a valid UTF-8 sequence at byte at (RFC 3629), or 0. */
size_t utf8_size(struct text text, size_t at) {
  unsigned char c = (unsigned char)text.at[at], low = 0x80, high = 0xbf;
  size_t        size = c < 0x80 ? 1 : c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (size == 0 || text.size - at < size) return 0;
  if (c == 0xe0) low = 0xa0; /* no overlong forms, no surrogates, nothing above U+10FFFF */
  if (c == 0xed) high = 0x9f;
  if (c == 0xf0) low = 0x90;
  if (c == 0xf4) high = 0x8f;
  for (size_t i = 1; i < size; i++) {
    unsigned char next = (unsigned char)text.at[at + i];
    if (next < (i == 1 ? low : 0x80) || next > (i == 1 ? high : 0xbf)) return 0;
  }
  return size;
}

static size_t escape_into(unsigned char c, char *out) {
  static const char hex[] = "0123456789abcdef";
  static const char letters[] = "btn\0fr";
  size_t            n = 0;
  out[n++] = '\\';
  if (c == '"' || c == '\\') out[n++] = (char)c;
  else if (c >= 8 && c <= 13 && c != 11) out[n++] = letters[c - 8];
  else {
    memcpy(out + n, "u00", 3);
    out[n + 3] = hex[c >> 4];
    out[n + 4] = hex[c & 15];
    n += 5;
  }
  return n;
}

static bool is_plain(unsigned char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; }

/* Any byte of the word that is no plain ASCII of a JSON string: its top bit is set (others behind it may be as well). */
static uint64_t unplain_in(uint64_t word) {
  const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
  uint64_t       quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\'), delete = word ^ (ones * 0x7f);
  return (word | (word - ones * ' ') | (quote - ones) | (backslash - ones) | (delete - ones)) & tops;
}

size_t json_string_into(struct text text, char *out, size_t room) {
  size_t n = 0, at = 0;
  if (room < 2) return 0;
  out[n++] = '"';
  while (at < text.size) {
    uint64_t word;
    size_t   size = 1;
    if (room - n < 9) return 0;
    if (text.size - at >= sizeof word) {
      memcpy(&word, text.at + at, sizeof word);
      if (unplain_in(word) == 0) {
        memcpy(out + n, &word, sizeof word);
        n += sizeof word;
        at += sizeof word;
        continue;
      }
    }
    unsigned char c = (unsigned char)text.at[at];
    if (is_plain(c)) out[n++] = (char)c;
    else if (c < 0x80) n += escape_into(c, out + n);
    else if ((size = utf8_size(text, at)) > 0) {
      memcpy(out + n, text.at + at, size);
      n += size;
    } else {
      memcpy(out + n, "\xef\xbf\xbd", 3);
      n += 3;
      size = 1;
    }
    at += size;
  }
  if (room - n < 1) return 0;
  out[n++] = '"';
  return n;
}

static void digits_into(char *out, int64_t value, int digits) {
  for (int i = digits - 1; i >= 0; i--) {
    out[i] = (char)('0' + value % 10);
    value /= 10;
  }
}

void rfc3339_into(int64_t epoch_us, char out[27]) {
  int64_t days = epoch_us / 86400000000, us = epoch_us % 86400000000, era, year, month;
  int64_t day_of_era, year_of_era, day_of_year;
  if (us < 0) {
    us += 86400000000;
    days--;
  }
  days += 719468; /* days from 0000-03-01, the civil calendar's own epoch: leap days fall at a year's end */
  era = (days >= 0 ? days : days - 146096) / 146097;
  day_of_era = days - era * 146097;
  year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  month = (5 * day_of_year + 2) / 153;
  year = year_of_era + era * 400 + (month >= 10);
  memcpy(out, "0000-00-00T00:00:00.000000Z", 27);
  digits_into(out, year, 4);
  digits_into(out + 5, month < 10 ? month + 3 : month - 9, 2);
  digits_into(out + 8, day_of_year - (153 * month + 2) / 5 + 1, 2);
  digits_into(out + 11, us / 3600000000, 2);
  digits_into(out + 14, us / 60000000 % 60, 2);
  digits_into(out + 17, us / 1000000 % 60, 2);
  digits_into(out + 20, us % 1000000, 6);
}
