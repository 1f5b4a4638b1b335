/* Shared by the parsers of both syslog formats. Private to wire/. */
#ifndef TAMIS_PROXY_WIRE_SYSLOG_H
#define TAMIS_PROXY_WIRE_SYSLOG_H

#include "proxy/wire/wire.h"

static inline bool wire_digit(char c) { return (unsigned)c - '0' < 10; }

/* RFC 5424 from VERSION on. False: the header is malformed; record is as it was but for nothing. */
bool   rfc5424_parse(struct text body, struct syslog_record *record);
/* RFC 3164 from behind PRI on; takes anything. */
void   rfc3164_parse(struct text body, const struct wire_clock *clock, struct syslog_record *record);
/* An RFC 3339 stamp at the start of text: its size and microseconds since the epoch, or 0. A stamp without a zone takes
 * offset_s; a space in the place of T is taken. */
size_t rfc3339_parse(struct text text, int32_t offset_s, int64_t *epoch_us);
/* Days since the epoch of a date; false when there is no such day. */
bool   days_of(int64_t year, unsigned month, unsigned day, int64_t *days);

#endif
