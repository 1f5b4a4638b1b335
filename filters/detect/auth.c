/* auth: digest authentication's values (RFC 7616 3.3, 3.4), Basic and Bearer credentials, passwords and tokens by key. */
#include "filters/scan.h"

enum { DIGEST_LEAST = 8 }; /* "response: 200" is no digest */

static bool opaque_byte(char c) { return is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '-' || c == '_' || c == '.' || c == '~'; }

static size_t opaque_end(struct text text, size_t start, size_t end) {
  size_t at = start;
  while (at < end && opaque_byte(text.at[at])) at++;
  return at;
}

static void digest_value(struct scan *scan, const struct keyed *keyed) {
  size_t start = keyed->start, end = opaque_end(scan->text, start, keyed->end);
  bool   digit = false;
  for (size_t i = start; i < end; i++) digit |= is_digit(scan->text.at[i]);
  if (digit && end - start >= DIGEST_LEAST) scan_add(scan, start, end, 0);
  else scan_note(scan, start, end, "too short for a digest's value, or without a digit");
}

static void secret_value(struct scan *scan, const struct keyed *keyed) {
  struct text value = { scan->text.at + keyed->start, keyed->end - keyed->start };
  if (value.size == 0 || value.at[0] == '<' || value.at[0] == '[' || value.at[0] == '(' || (keyed->start > 0 && value.at[-1] == '['))
    return; /* (null), <hidden>, [auth] */
  scan_add(scan, keyed->start, keyed->end, 0);
}

/* Authorization: Basic …, Bearer …: the scheme's word, a space, and what follows. */
static void scheme_value(struct scan *scan, const struct keyed *keyed) {
  struct text text = scan->text;
  size_t      at = keyed->start;
  if (STARTS(text, at, "basic ")) at += 6;
  else if (STARTS(text, at, "bearer ")) at += 7;
  else return;
  while (at < text.size && text.at[at] == ' ') at++;
  scan_add(scan, at, opaque_end(text, at, text.size), 0);
}

void auth_scan(struct scan *scan) {
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    if (keyed->kind & KEY_DIGEST) digest_value(scan, keyed);
    if (keyed->kind & KEY_SECRET) secret_value(scan, keyed);
    if (keyed->kind & KEY_SCHEME) scheme_value(scan, keyed);
  }
}
