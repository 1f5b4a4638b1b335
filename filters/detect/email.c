/* email: addresses with a dotted domain. */
#include "filters/scan.h"

/* Bytes of a local part without quotes (RFC 5322 3.2.3; 8-bit ones by RFC 6531). '&', '/', '=' and '?' are left out: they stand
 * beside addresses in URLs. */
static const uint8_t local_bytes[128] = {
  ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1, ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1,
  ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1,  ['9'] = 1, ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1,
  ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1,  ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1,
  ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1,  ['Z'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1,
  ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1,  ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1,
  ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1,  ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1, ['{'] = 1, ['}'] = 1, ['~'] = 1,
};
static inline bool local_byte(char c) { return is_utf8(c) || local_bytes[(unsigned char)c]; }

static size_t local_start(struct text text, size_t at) {
  size_t start = at;
  if (at > 1 && text.at[at - 1] == '"') {
    for (start = at - 1; start > 0 && at - start < 66; start--)
      if (text.at[start - 1] == '"') return start - 1;
    return at;
  }
  while (start > 0 && local_byte(text.at[start - 1])) {
    if (text.at[start - 1] == '#' && (STARTS(text, start - 1, "#012") || STARTS(text, start - 1, "#015") || STARTS(text, start - 1, "#011"))) {
      start += 3;
      break;
    }
    if (start > 2 && text.at[start - 3] == '%' && is_hex(text.at[start - 2]) && is_hex(text.at[start - 1])) break; /* %22jean@… */
    start--;
  }
  if (start < at && start > 0 && text.at[start - 1] == '\\' && memchr("nrtu", text.at[start], 4) != NULL) start++;
  while (start < at && (text.at[start] == '\'' || text.at[start] == '.')) start++;
  return start < at ? start : at;
}

/* The end of a domain with at least one dot and a last label of letters; 0: none. */
static size_t domain_end(struct text text, size_t at) {
  size_t label = at, end = at, good = 0;
  bool   dot = false;
  for (;; end++) {
    char c = end < text.size ? text.at[end] : 0;
    if (is_alnum(c) || c == '-' || is_utf8(c)) continue;
    if (dot && end - label >= 2 && !is_digit(text.at[label])) good = end;
    if (c != '.' || end == label) break;
    dot = true;
    label = end + 1;
  }
  return good;
}

/* Call-IDs and Message-IDs look like addresses and are none: after their key, hexadecimal, or long, or numbers for the most part, without
 * a word that could be somebody's name. */
static bool is_callid(const struct scan *scan, size_t start, size_t at) {
  const struct keyed *keyed = anchors_key_at(scan->anchors, start);
  size_t              digits = 0, run = 0, longest = 0;
  bool                plain = true;
  if (keyed == NULL || !(keyed->kind & (KEY_CALLID | KEY_ID))) return false;
  for (size_t i = start; i < at; i++) {
    digits += is_digit(scan->text.at[i]);
    plain &= is_hex(scan->text.at[i]) || scan->text.at[i] == '-';
    run = is_alpha(scan->text.at[i]) ? run + 1 : 0;
    longest = run > longest ? run : longest;
  }
  return digits > 0 && (plain || at - start >= 24 || (digits * 4 >= at - start && longest < 6));
}

/* The end of a domain without a dot, where the place says that this is mail, or that its end was cut: <jean@localhost>, mail=jean@exa.
 * Service accounts stay, and what looks like an identifier. 0: no mail. */
static size_t local_end(struct text text, size_t start, size_t at, struct text user) {
  size_t end = at, run = 0, longest = 0;
  while (end < text.size && (is_alnum(text.at[end]) || text.at[end] == '-' || text.at[end] == '.')) end++;
  for (size_t i = 0; i < user.size; i++) {
    run = is_alpha(user.at[i]) || is_utf8(user.at[i]) ? run + 1 : 0;
    longest = run > longest ? run : longest;
  }
  if (longest < 3 || user_is_nobody(user)) return 0;
  if (end == text.size) return end > at ? end : at;
  return end > at && text.at[end] == '>' && start > 0 && text.at[start - 1] == '<' ? end : 0;
}

/* hmac-sha2-256-etm@openssh.com: a name of an algorithm (RFC 4251 6), not of somebody. */
static bool is_algorithm(struct text text, size_t at, size_t end, struct text user) {
  static const char *const owners[] = { "openssh.com", "libssh.org", "lysator.liu.se" };
  bool                     digit_or_dash = false;
  for (size_t i = 0; i < user.size; i++) digit_or_dash |= is_digit(user.at[i]) || user.at[i] == '-';
  if (!digit_or_dash && !(user.size == 4 && STARTS(user, 0, "zlib"))) return false;
  for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++)
    if (end - at - 1 == strlen(owners[i]) && memcmp(text.at + at + 1, owners[i], end - at - 1) == 0) return true;
  return false;
}

/* getty@tty1.service: an instance of a unit of systemd. None of these is a top-level domain. */
static bool is_unit(struct text text, size_t at, size_t end) {
  static const char *const kinds[] = { "service", "socket", "slice", "mount", "timer", "scope", "swap", "automount" };
  const char              *dot = memchr(text.at + at, '.', end - at);
  size_t                   size = dot == NULL ? 0 : (size_t)(text.at + end - dot - 1);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (size == strlen(kinds[i]) && memcmp(dot + 1, kinds[i], size) == 0) return true;
  return false;
}

static void email_report(struct scan *scan, size_t at) {
  struct text text = scan->text, user;
  size_t      start = local_start(text, at), end;
  const char *why = NULL;
  if (start == at) return;
  if (start > 3 && (text.at[start - 1] == ':' || to_lower(text.at[start - 1]) == 'a') &&
      (ENDS(text, start, "sip:") || ENDS(text, start, "sips:") || ENDS(text, start, "sip%3a") || ENDS(text, start, "tel:")))
    return;
  if (scan->anchors->urls && userinfo_start(scan, at) < at) return; /* auth's */
  user = (struct text){ text.at + start, at - start };
  end = domain_end(text, at + 1);
  if (end == 0) end = local_end(text, start, at + 1, user);
  if (end == 0) why = "no mail address: behind @ is no domain with a dot";
  else if (is_callid(scan, start, at)) why = "a Call-ID";
  else if (is_unit(text, at, end)) why = "a unit of systemd";
  else if (is_algorithm(text, at, end, user)) why = "an algorithm's name, of SSH";
  else if (STARTS(text, end, ".in-addr.arpa")) why = "a reverse name: the address in it is ip's";
  else if (pseudonym_is(user) || phone_user_is_number(scan, user)) return;
  if (why == NULL) scan_add(scan, start, end, 0);
  else scan_note(scan, start, end != 0 ? end : at + 1, why);
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
