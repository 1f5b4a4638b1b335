/* sip: the user part of SIP and SIPS URIs (RFC 3261 19.1) where it is a person and no number, and accounts by their key.
 * The host stays, so that traffic can still be told apart; an address in it is ip's. */
#include "filters/scan.h"

enum { USER_MOST = 1024 };

static bool user_byte(char c) {
  switch (c) {
  case '-':
  case '_':
  case '.':
  case '!':
  case '~':
  case '*':
  case '\'':
  case '(':
  case ')':
  case '%':
  case '&':
  case '=':
  case '+':
  case '$':
  case ',':
  case ';':
  case '?':
  case '/':
  case ':':
  case '\\': return true;
  default: return is_alnum(c) || is_utf8(c);
  }
}

static bool is_digits(struct text user) {
  for (size_t i = 0; i < user.size; i++)
    if (!is_digit(user.at[i]) && !(i == 0 && user.at[i] == '+') && user.at[i] != '*' && user.at[i] != '#') return false;
  return true;
}

/* Names of services and of nobody. */
bool user_is_nobody(struct text user) {
  static const struct text names[] = {
    TEXT("anonymous"), TEXT("unknown"), TEXT("unavailable"), TEXT("restricted"), TEXT("phone"),    TEXT("ip"),       TEXT("dialog"),
    TEXT("root"),      TEXT("nobody"),  TEXT("www-data"),    TEXT("asterisk"),   TEXT("kamailio"), TEXT("opensips"), TEXT("freeswitch"),
    TEXT("postfix"),   TEXT("daemon"),  TEXT("admin"),       TEXT("system"),     TEXT("null"),     TEXT("(null)"),   TEXT("none"),
    TEXT("voicemail"), TEXT("ping"),    TEXT("s"),           TEXT("true"),       TEXT("false"),    TEXT("yes"),      TEXT("no"),
    TEXT("trunk"),     TEXT("default"), TEXT("server"),      TEXT("proxy"),
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (user.size == names[i].size && starts_nocase(user, 0, names[i].at, names[i].size)) return true;
  return false;
}

static bool user_is_left_alone(struct scan *scan, struct text user) {
  size_t start = (size_t)(user.at - scan->text.at);
  if (user.size == 0 || pseudonym_is(user)) return true;
  if (user_is_nobody(user)) {
    scan_note(scan, start, start + user.size, "the name of a service, or of nobody");
    return true;
  }
  if (is_digits(user) && user.size <= 6) {
    scan_note(scan, start, start + user.size, "an extension: six digits or fewer");
    return true;
  }
  return phone_user_is_number(scan->region, user); /* phone's */
}

static void uri_scan(struct scan *scan, size_t start) {
  struct text text = scan->text, user;
  size_t      end = start, cut;
  while (end < text.size && end - start < USER_MOST && user_byte(text.at[end]) && !STARTS(text, end, "%40")) end++;
  if (end - start == USER_MOST) { /* no user is that long: nothing of it can be vouched for */
    scan_add(scan, start, end, 0);
    return;
  }
  if (end >= text.size || (text.at[end] != '@' && text.at[end] != '%')) return;
  for (cut = start; cut < end && text.at[cut] != ':' && text.at[cut] != ';'; cut++) continue;
  user = (struct text){ text.at + start, cut - start };
  if (cut < end && text.at[cut] == ':') { /* user:password@host */
    if (!user_is_left_alone(scan, user)) scan_add(scan, start, end, 0);
    else scan_add(scan, cut + 1, end, 0);
    return;
  }
  if (!user_is_left_alone(scan, user)) scan_add(scan, start, cut, 0);
}

static void account_scan(struct scan *scan, const struct keyed *keyed) {
  struct text text = scan->text;
  size_t      start = keyed->start, end = start;
  struct text user;
  if (STARTS(text, start, "sip:") || STARTS(text, start, "sips:") || STARTS(text, start, "tel:")) return;
  while (end < keyed->end && (is_alnum(text.at[end]) || is_utf8(text.at[end]) || memchr("-_.+~!'", text.at[end], 7) != NULL)) end++;
  user = (struct text){ text.at + start, end - start };
  if (end < keyed->end && text.at[end] != '@' && text.at[end] != ' ' && text.at[end] != ',') return;
  if (!user_is_left_alone(scan, user)) scan_add(scan, start, end, 0);
}

/* user@192.0.2.7 without a scheme: an address of record or a channel, unless it is a Call-ID. */
static void bare_scan(struct scan *scan, size_t at) {
  struct text         text = scan->text, user;
  size_t              start = at;
  bool                letter = false;
  const struct keyed *keyed;
  while (start > 0 && (is_alnum(text.at[start - 1]) || is_utf8(text.at[start - 1]) || memchr("-_.+", text.at[start - 1], 4) != NULL)) start--;
  if (start > 0 && (text.at[start - 1] == ':' || text.at[start - 1] == '%')) return;
  if (at + 1 >= text.size || !(is_digit(text.at[at + 1]) || text.at[at + 1] == '[')) return;
  keyed = anchors_key_at(scan->anchors, start);
  if (keyed != NULL && (keyed->kind & KEY_CALLID)) return;
  user = (struct text){ text.at + start, at - start };
  for (size_t i = 0; i < user.size; i++) letter |= is_alpha(user.at[i]) && !is_hex(user.at[i]);
  if (letter && !user_is_left_alone(scan, user)) scan_add(scan, start, at, 0);
}

void sip_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; i < scan->anchors->uri.count; i++) uri_scan(scan, scan->anchors->uri.at[i] + 1u);
  for (uint32_t i = 0; i < scan->anchors->percent.count; i++) {
    size_t at = scan->anchors->percent.at[i];
    if (STARTS(text, at, "%3a") && (ENDS(text, at, "sip") || ENDS(text, at, "sips"))) uri_scan(scan, at + 3);
  }
  for (uint32_t i = 0; i < scan->anchors->at.count; i++) bare_scan(scan, scan->anchors->at.at[i]);
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++)
    if (scan->anchors->keyed[i].kind & KEY_USER) account_scan(scan, &scan->anchors->keyed[i]);
}

size_t sip_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]) {
  size_t size = span->end - span->start;
  country[0] = 0;
  if (room < size) return 0;
  for (size_t i = 0; i < size; i++) out[i] = to_lower(scan->text.at[span->start + i]);
  return size;
}
