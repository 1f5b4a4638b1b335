/* cookie: values in Cookie and Set-Cookie headers (RFC 6265 4.1, 4.2), and the ids of sessions by their key. Names of
 * cookies stay, and attributes such as Path and HttpOnly. */
#include "filters/detect/value.h"

enum { SESSION_LEAST = 8, SESSION_SURE = 12 };

/* Where a cookie header ends: its quote, or the line's end. */
static size_t header_end(struct text text, const struct keyed *keyed) {
  size_t at = keyed->start;
  char   quote = at > 0 && (text.at[at - 1] == '"' || text.at[at - 1] == '\'') ? text.at[at - 1] : 0;
  if (quote != 0) return keyed->end;
  for (; at < text.size && text.at[at] != '\r' && text.at[at] != '\n' && text.at[at] != '"'; at++)
    if (STARTS(text, at, "#015") || STARTS(text, at, "#012") || STARTS(text, at, "\\r") || STARTS(text, at, "\\n")) break;
  return at;
}

static bool is_attribute(struct text name) {
  static const struct text names[] = { TEXT("path"),     TEXT("domain"),   TEXT("expires"),  TEXT("max-age"),     TEXT("samesite"),
                                       TEXT("secure"),   TEXT("httponly"), TEXT("priority"), TEXT("partitioned"), TEXT("version"),
                                       TEXT("$version"), TEXT("$path"),    TEXT("$domain"),  TEXT("comment") };
  return word_among(name, names, COUNT(names));
}

/* One name=value or value, up to the ';'. */
static void crumb(struct scan *scan, size_t start, size_t end) {
  static const struct text nothing[] = { TEXT("none"), TEXT("null"), TEXT("nil"), TEXT("true"), TEXT("false") };
  struct text              text = scan->text;
  size_t                   mark;
  while (start < end && text.at[start] == ' ') start++;
  while (end > start && (text.at[end - 1] == ' ' || text.at[end - 1] == ',')) end--;
  for (mark = start; mark < end && text.at[mark] != '=' && text.at[mark] != ' ';) mark++;
  if (mark < end && text.at[mark] == '=') {
    if (is_attribute((struct text){ text.at + start, mark - start })) return;
    start = mark + 1;
    if (start < end && text.at[start] == '"' && end - start > 1) start++;
  } else if (is_attribute((struct text){ text.at + start, end - start }) || mark < end) {
    return; /* Secure; or several words: prose */
  }
  if (word_among((struct text){ text.at + start, end - start }, nothing, COUNT(nothing))) return;
  if (start < end && text.at[start] != '[' && text.at[start] != '<' && text.at[start] != '(' && !(end - start == 1 && text.at[start] == '-'))
    scan_add(scan, start, end, 0);
}

/* Returns where the header ends. */
static size_t cookie_header(struct scan *scan, const struct keyed *keyed) {
  size_t end = header_end(scan->text, keyed), start = keyed->start;
  if (start > 0 && scan->text.at[start - 1] == '[') return end; /* [cookie] */
  for (size_t at = start; at <= end; at++) {
    if (at < end && scan->text.at[at] != ';') continue;
    crumb(scan, start, at);
    start = at + 1;
  }
  return end;
}

/* Opaque enough to be a session's secret: "session_id=732" counts sessions. */
static void session_value(struct scan *scan, const struct keyed *keyed) {
  struct text text = scan->text, name;
  size_t      mark, end = keyed->start, least;
  bool        digit = false, letter = false;
  name = keyed_name_of(scan, keyed, &mark);
  if (name.size == 10 && name.at[7] == '-') return; /* Session-Id of Diameter, X-Session-ID: for tracing */
  while (end < keyed->end && text.at[end] != '.' && text.at[end] != '?' && !STARTS(text, end, "%3b")) end++;
  if (end < keyed->end && text.at[end] == '.' && end - keyed->start > SESSION_LEAST) end = keyed->end;
  for (size_t i = keyed->start; i < end; i++) {
    digit |= is_digit(text.at[i]);
    letter |= is_alpha(text.at[i]);
  }
  if (memchr(text.at + keyed->start, ':', end - keyed->start) != NULL) return; /* a call's, of several parts */
  least = digit && letter ? SESSION_LEAST : SESSION_SURE;
  if (text.at[keyed->start] == '[' || pseudonym_is((struct text){ text.at + keyed->start, end - keyed->start })) return;
  if (end - keyed->start >= least && digit) scan_add(scan, keyed->start, end, 0);
  else scan_note(scan, keyed->start, end, "too short for a session's secret");
}

void cookie_scan(struct scan *scan) {
  size_t done = 0;
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    if ((keyed->kind & KEY_COOKIE) && keyed->start >= done) done = cookie_header(scan, keyed);
    if (keyed->kind & KEY_SESSION) session_value(scan, keyed);
  }
}
