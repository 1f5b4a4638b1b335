/* email: addresses with a dotted domain. */
#include "filters/scan.h"

static bool local_byte(char c) {
  return is_alnum(c) || is_utf8(c) || c == '.' || c == '_' || c == '-' || c == '+' || c == '%' || c == '!' || c == '#' || c == '$' || c == '*' ||
         c == '^' || c == '`' || c == '{' || c == '}' || c == '~' || c == '\'';
}

static size_t local_start(struct text text, size_t at) {
  size_t start = at;
  if (at > 1 && text.at[at - 1] == '"') {
    for (start = at - 1; start > 0 && at - start < 66; start--)
      if (text.at[start - 1] == '"') return start - 1;
    return at;
  }
  while (start > 0 && local_byte(text.at[start - 1])) {
    if (ENDS(text, start, "#012") || ENDS(text, start, "#015") || ENDS(text, start, "#011")) break;
    if (start > 2 && text.at[start - 3] == '%' && is_hex(text.at[start - 2]) && is_hex(text.at[start - 1])) break; /* %22jean@… */
    start--;
  }
  if (start < at && start > 0 && text.at[start - 1] == '\\' && memchr("nrtu", text.at[start], 4) != NULL) start++;
  while (start < at && (text.at[start] == '\'' || text.at[start] == '.')) start++;
  return start;
}

/* The end of a domain with at least one dot and a last label of letters; 0: none. */
static size_t domain_end(struct text text, size_t at) {
  size_t label = at, end = at, good = 0;
  bool   dot = false;
  while (end < text.size && (is_alnum(text.at[end]) || is_utf8(text.at[end]) || text.at[end] == '-' || text.at[end] == '.')) {
    if (text.at[end] == '.') {
      if (end == label) break;
      dot = true;
      label = end + 1;
    }
    end++;
    if (dot && end - label >= 2 && !is_digit(text.at[label])) good = end;
  }
  return good;
}

/* Call-IDs look like addresses and are none: hexadecimal or numbered, after their key. */
static bool is_callid(const struct scan *scan, size_t start, size_t at) {
  const struct keyed *keyed = anchors_key_at(scan->anchors, start);
  bool                digit = false, plain = true;
  if (keyed == NULL || !(keyed->kind & KEY_CALLID)) return false;
  for (size_t i = start; i < at; i++) {
    digit |= is_digit(scan->text.at[i]);
    plain &= is_hex(scan->text.at[i]) || scan->text.at[i] == '-';
  }
  return digit && (plain || at - start >= 24);
}

static void email_report(struct scan *scan, size_t at) {
  struct text text = scan->text, user;
  size_t      start = local_start(text, at), end = domain_end(text, at + 1);
  if (start == at || end == 0) return;
  if (ENDS(text, start, "sip:") || ENDS(text, start, "sips:") || ENDS(text, start, "sip%3a") || ENDS(text, start, "tel:")) return;
  user = (struct text){ text.at + start, at - start };
  if (pseudonym_is(user) || phone_user_is_number(scan->region, user) || is_callid(scan, start, at)) return;
  if (STARTS(text, end, ".in-addr.arpa")) return;
  scan_add(scan, start, end, 0);
}

void email_scan(struct scan *scan) {
  for (uint32_t i = 0; i < scan->anchors->at.count; i++) email_report(scan, scan->anchors->at.at[i]);
}

size_t email_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]) {
  struct text value = { scan->text.at + span->start, span->end - span->start };
  size_t      n = 0;
  country[0] = 0;
  if (room < value.size) return 0;
  for (size_t i = 0; i < value.size; i++) out[n++] = to_lower(value.at[i]);
  return n;
}
