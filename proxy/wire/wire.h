/* wire: bytes to records, no I/O, no clock, no allocation. */
#ifndef TAMIS_PROXY_WIRE_WIRE_H
#define TAMIS_PROXY_WIRE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/text.h"

/* ---- framing (framing.c): RFC 6587 ---- */
enum frame_result { FRAME_ONE, FRAME_MORE, FRAME_LONG, FRAME_BAD };
struct framing {
  size_t most;     /* bytes of a frame; a longer LF frame is skipped to its LF, a longer octet count ends the stream */
  size_t skipping; /* internal: 0, or 1 while a too long LF frame is being skipped */
};
/* Decides for each frame: a digit 1-9 starts octet counting (3.4.1), all else ends with LF or NUL (3.4.2), CR before
 * LF cut off; empty frames are passed over. FRAME_ONE: *frame borrows from bytes; drop *used. FRAME_MORE: drop *used,
 * call again with more. FRAME_LONG: a frame over most began here: drop *used, count one withheld record, go on.
 * FRAME_BAD: an absurd count (over most, over 10 digits, leading zero, no space): close the stream. */
enum frame_result frame_next(struct framing *framing, struct text bytes, struct text *frame, size_t *used);
/* At the stream's end: what is left without a terminator. FRAME_ONE: a last LF frame that the end itself closed.
 * FRAME_BAD: an octet counted frame was cut (count it). FRAME_MORE: nothing was left. */
enum frame_result frame_end(struct framing *framing, struct text bytes, struct text *frame);

/* ---- syslog (rfc5424.c, rfc3164.c, syslog.c) ---- */
struct syslog_record {
  uint8_t     facility, severity;
  bool        has_pri;
  bool        rfc5424;                  /* else 3164 or raw */
  struct text stamp;                    /* as sent; empty: none */
  int64_t     epoch_us;                 /* microseconds since the epoch; INT64_MIN: none or not valid */
  struct text host, app, procid, msgid; /* empty: NILVALUE or none */
  struct text sd;                       /* raw structured data, brackets included; empty: none */
  struct text message;                  /* without BOM */
};
/* Never fails: what is no syslog is a message of <13> (user.notice). year and utc_offset_s fill in what RFC 3164 lacks
 * (the receiver's date: a December stamp read in January belongs to the year before). All borrowed from frame. */
struct wire_clock {
  int64_t now_s;        /* epoch seconds of receipt */
  int32_t utc_offset_s; /* of stamps without a zone */
};
void syslog_parse(struct text frame, const struct wire_clock *clock, struct syslog_record *record);

/* Structured data, element by element. sd_next: 1 and the next parameter (id is its element's, value still escaped), 0
 * at the end, -1 when malformed. *at starts at 0. An element without parameters yields name and value empty. */
int sd_next(struct text sd, size_t *at, struct text *id, struct text *name, struct text *value);

/* ---- JSON (json.c): RFC 8259, one pass, no tree ---- */
enum json_result { JSON_OK, JSON_BAD, JSON_DEEP, JSON_ROOM, JSON_STOP };
/* Asked for each string value, each key and each number. value is unescaped UTF-8 for strings (lone surrogates as
 * U+FFFD), the literal's text for numbers. key is the nearest key above (unescaped), empty at the top or in an array
 * without one (an array's elements get the array's key). Return JSON_SAME to leave the bytes untouched, JSON_CHANGED
 * with *changed to write it as a JSON string, JSON_HALT to give up (json_rewrite then returns JSON_STOP). */
enum json_verdict { JSON_SAME, JSON_CHANGED, JSON_HALT };
enum json_kind { JSON_KEY, JSON_STRING, JSON_NUMBER };
typedef enum json_verdict json_visit(void *context, enum json_kind kind, struct text key, struct text value, struct text *changed);
struct json_scratch {
  char  *bytes;
  size_t room;
}; /* for unescaping; as large as the longest string */
/* Copies one JSON value from in to out with what visit changes; all else stays byte for byte (white space outside
 * strings that holds LF or CR becomes a space, so that the result is one line). The whole of in must be one value, white
 * space around it apart. Depth is at most 64. JSON_ROOM: out is too small. out may be NULL with room 0 to check only. */
enum json_result json_rewrite(struct text in, char *out, size_t room, size_t *length, struct json_scratch *scratch, json_visit *visit, void *context);
/* Finds the end of the JSON value that starts at in.at (after white space): its size, or 0 when it is not whole or bad.
 * For arrays of records: json_elements gives each element in turn. *at starts at 0; 1: element, 0: end, -1: bad. */
int              json_elements(struct text array, size_t *at, struct text *element);

/* Writes text as a JSON string with its quotes: RFC 8259 escapes; bad UTF-8 bytes become U+FFFD each. Returns the
 * length, or 0 when room is too small. */
size_t json_string_into(struct text text, char *out, size_t room);

/* The size of the valid UTF-8 sequence at byte at (RFC 3629), or 0. */
size_t utf8_size(struct text text, size_t at);

/* RFC 3339 in UTC with microseconds from epoch microseconds: 2026-03-12T14:30:15.123456Z; 27 bytes, no NUL. */
void rfc3339_into(int64_t epoch_us, char out[27]);

#endif
