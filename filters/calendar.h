/* calendar: instants, their RFC 3339 stamps, and the periods that key epochs follow. Gregorian, UTC, no leap seconds, from
 * 1970 to 9999; weeks are ISO 8601's: they begin on Monday, the first one of a year holds its first Thursday.
 * Pure arithmetic: no clock, no time zone data. Instants are seconds since 1970-01-01T00:00:00Z. */
#ifndef TAMIS_FILTERS_CALENDAR_H
#define TAMIS_FILTERS_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/text.h"

#define CALENDAR_MOST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

enum { STAMP_SIZE = 20, PERIOD_NAME_ROOM = 20 };

/* 2026-11-24T08:30:00Z, and NUL. */
void stamp_into(int64_t at_s, char out[STAMP_SIZE + 1]);
/* The whole text is such a stamp, of a day that exists, from 1970 on. */
bool stamp_parse(struct text text, int64_t *at_s);
/* 2026-11-24, its first second. */
bool date_parse(struct text text, int64_t *at_s);

enum period { PERIOD_NEVER, PERIOD_DAILY, PERIOD_WEEKLY, PERIOD_MONTHLY }; /* never: one period from 1970 on, without end */

int64_t period_start(enum period period, int64_t at_s); /* of the period that at_s is in */
int64_t period_end(enum period period, int64_t at_s);   /* the start of the next one; PERIOD_NEVER: INT64_MAX */
/* Of the period that at_s is in: 2026-11-24, 2026-W48, 2026-11, or 1 for never. Names of one kind sort as their periods. */
void    period_name_into(enum period period, int64_t at_s, char out[PERIOD_NAME_ROOM]);

#endif
