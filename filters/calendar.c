#include "filters/calendar.h"

#include <stdio.h>

#include "filters/scan.h"

enum { DAY = 86400 };

struct date {
  int      year;
  unsigned month, day;
};

/* Days since 1970-01-01. The year is counted from March, so that the leap day is its last. */
static int64_t days_of_date(int64_t year, unsigned month, unsigned day) {
  int64_t era, year_of_era, day_of_year;
  year -= month <= 2;
  era = (year >= 0 ? year : year - 399) / 400;
  year_of_era = year - era * 400;
  day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static struct date date_of_days(int64_t days) {
  int64_t shifted = days + 719468, era = shifted / 146097, day_of_era = shifted - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100), month = (5 * day_of_year + 2) / 153;
  return (struct date){ .year = (int)(year_of_era + era * 400 + (month >= 10)),
                        .month = (unsigned)(month < 10 ? month + 3 : month - 9),
                        .day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1) };
}

static int64_t limited(int64_t at_s) { return at_s < 0 ? 0 : at_s > CALENDAR_MOST ? CALENDAR_MOST : at_s; }

static struct date date_of(int64_t at_s) { return date_of_days(limited(at_s) / DAY); }

static int64_t month_start(int64_t year, unsigned month) { return days_of_date(year, month, 1) * DAY; }

/* Monday is 0; 1970-01-01 was a Thursday. */
static int64_t weekday(int64_t days) { return (days + 3) % 7; }

void stamp_into(int64_t at_s, char out[STAMP_SIZE + 1]) {
  struct date date = date_of(at_s);
  unsigned    second = (unsigned)(limited(at_s) % DAY);
  snprintf(out, STAMP_SIZE + 1, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)date.year % 10000, date.month % 100, date.day % 100, second / 3600,
           second / 60 % 60, second % 60);
}

/* Text like pattern, where 0 stands for a digit; the numbers that the digits make, in order. */
static bool numbers_parse(struct text text, const char *pattern, unsigned *numbers) {
  size_t size = strlen(pattern);
  if (text.size != size) return false;
  for (size_t i = 0; i < size; i++) {
    if (pattern[i] != '0') {
      if (text.at[i] != pattern[i]) return false;
      continue;
    }
    if (!is_digit(text.at[i])) return false;
    if (i == 0 || pattern[i - 1] != '0') *numbers++ = 0;
    numbers[-1] = numbers[-1] * 10 + (unsigned)(text.at[i] - '0');
  }
  return true;
}

static bool day_exists(const unsigned *n, int64_t *days) {
  struct date back;
  if (n[0] < 1970 || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31) return false;
  *days = days_of_date(n[0], n[1], n[2]);
  back = date_of_days(*days);
  return back.month == n[1] && back.day == n[2]; /* February 30 would be in March */
}

bool stamp_parse(struct text text, int64_t *at_s) {
  unsigned n[6];
  int64_t  days;
  if (!numbers_parse(text, "0000-00-00T00:00:00Z", n) || !day_exists(n, &days) || n[3] > 23 || n[4] > 59 || n[5] > 59) return false;
  *at_s = days * DAY + n[3] * 3600 + n[4] * 60 + n[5];
  return true;
}

bool date_parse(struct text text, int64_t *at_s) {
  unsigned n[3];
  int64_t  days;
  if (!numbers_parse(text, "0000-00-00", n) || !day_exists(n, &days)) return false;
  *at_s = days * DAY;
  return true;
}

int64_t period_start(enum period period, int64_t at_s) {
  int64_t     days = limited(at_s) / DAY, monday = days - weekday(days);
  struct date date = date_of(at_s);
  switch (period) {
  case PERIOD_DAILY: return days * DAY;
  case PERIOD_WEEKLY: return monday > 0 ? monday * DAY : 0;
  case PERIOD_MONTHLY: return month_start(date.year, date.month);
  default: return 0;
  }
}

int64_t period_end(enum period period, int64_t at_s) {
  int64_t     days = limited(at_s) / DAY;
  struct date date = date_of(at_s);
  switch (period) {
  case PERIOD_DAILY: return (days + 1) * DAY;
  case PERIOD_WEEKLY: return (days - weekday(days) + 7) * DAY;
  case PERIOD_MONTHLY: return date.month == 12 ? month_start(date.year + 1, 1) : month_start(date.year, date.month + 1);
  default: return INT64_MAX;
  }
}

void period_name_into(enum period period, int64_t at_s, char out[PERIOD_NAME_ROOM]) {
  int64_t     days = limited(at_s) / DAY, thursday = days - weekday(days) + 3;
  struct date date = date_of(at_s), middle = date_of_days(thursday);
  switch (period) {
  case PERIOD_DAILY: snprintf(out, PERIOD_NAME_ROOM, "%04u-%02u-%02u", (unsigned)date.year % 10000, date.month % 100, date.day % 100); break;
  case PERIOD_WEEKLY: /* the year of a week is its Thursday's */
    snprintf(out, PERIOD_NAME_ROOM, "%04u-W%02u", (unsigned)middle.year % 10000,
             (unsigned)((thursday - days_of_date(middle.year, 1, 1)) / 7 + 1) % 100);
    break;
  case PERIOD_MONTHLY: snprintf(out, PERIOD_NAME_ROOM, "%04u-%02u", (unsigned)date.year % 10000, date.month % 100); break;
  default: snprintf(out, PERIOD_NAME_ROOM, "1"); break;
  }
}
