/* auth: digest authentication's values (RFC 7616 3.3, 3.4), Basic and Bearer credentials, passwords and tokens by key. */
#include "filters/scan.h"

enum { DIGEST_LEAST = 8, USERINFO_MOST = 1024 }; /* "response: 200" is no digest */

static bool opaque_byte(char c) { return is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '-' || c == '_' || c == '.' || c == '~'; }

static size_t opaque_end(struct text text, size_t start, size_t end) {
  size_t at = start;
  while (at < end && opaque_byte(text.at[at])) at++;
  return at;
}

/* Hexadecimal digits alone, as many as MD5 or SHA-256 has. */
static bool is_hash(struct text value) {
  for (size_t i = 0; i < value.size; i++)
    if (!is_hex(value.at[i])) return false;
  return value.size == 32 || value.size == 64;
}

static void digest_value(struct scan *scan, const struct keyed *keyed) {
  size_t start = keyed->start, end = opaque_end(scan->text, start, keyed->end);
  bool   digit = false;
  for (size_t i = start; i < end; i++) digit |= is_digit(scan->text.at[i]);
  if ((keyed->kind & KEY_TOKEN) && !is_hash((struct text){ scan->text.at + start, end - start })) return; /* "key" and "result" say little */
  if (end == scan->text.size && end > start && start > 0 && scan->text.at[start - 1] == '"') digit = true, start = keyed->start; /* cut */
  else if (end - start < DIGEST_LEAST) digit = false;
  if (digit) scan_add(scan, start, end, 0);
  else scan_note(scan, start, end, "too short for a digest's value, or without a digit");
}

/* What loggers write in place of a secret, or of none. */
static bool is_placeholder(struct text value) {
  static const struct text words[] = { TEXT("null"),    TEXT("none"),      TEXT("hidden"), TEXT("redacted"), TEXT("removed"),  TEXT("masked"),
                                       TEXT("empty"),   TEXT("unset"),     TEXT("nil"),    TEXT("omitted"),  TEXT("filtered"), TEXT("secret"),
                                       TEXT("not set"), TEXT("undefined"), TEXT("yes"),    TEXT("no"),       TEXT("true"),     TEXT("false") };
  size_t                   last = value.size - 1;
  bool                     letter = false;
  for (size_t i = 0; i < value.size; i++) letter |= is_alnum(value.at[i]) || is_utf8(value.at[i]);
  if (!letter || value.size == 1) return true;
  if ((value.at[0] == '(' && value.at[last] == ')') || (value.at[0] == '<' && value.at[last] == '>') || (value.at[0] == '[' && value.at[last] == ']'))
    value = (struct text){ value.at + 1, value.size - 2 };
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (value.size == words[i].size && starts_nocase(value, 0, words[i].at, value.size)) return true;
  return false;
}

static void secret_value(struct scan *scan, const struct keyed *keyed) {
  struct text value = { scan->text.at + keyed->start, keyed->end - keyed->start };
  if (value.size == 0 || tag_at(scan->text, keyed->start) || (keyed->start > 0 && tag_at(scan->text, keyed->start - 1u))) return;
  if (keyed->end < scan->text.size && ((value.at[0] == '<' && value.at[value.size] == '>') || (value.at[0] == '(' && value.at[value.size] == ')')))
    value.size++;
  if (value.at[0] == '/' && ENDS(scan->text, keyed->start, "pwd=") && memmem(value.at, value.size, "/home/", 6) == NULL) return; /* a directory */
  if (is_placeholder(value)) scan_note(scan, keyed->start, keyed->end, "stands for a secret that is not shown, or for none");
  else scan_add(scan, keyed->start, keyed->end, 0);
}

/* Authorization: Basic …, Bearer …: the scheme's word, a space, and what follows; of schemes unknown here all up to the line's end.
 * Digest's parts have keys of their own. *judged: to there the bytes were looked at for a scheme that is unknown here; what was said of
 * them then holds for each key among them. */
static void scheme_value(struct scan *scan, const struct keyed *keyed, size_t *judged) {
  struct text text = scan->text;
  size_t      at = keyed->start, end;
  bool        digit = false;
  if (STARTS(text, at, "digest")) return;
  while (at < text.size && (is_alnum(text.at[at]) || text.at[at] == '-')) at++;
  if (at < text.size && text.at[at] == ' ') {
    while (at < text.size && text.at[at] == ' ') at++;
  } else {
    at = keyed->start; /* no scheme: the token alone */
  }
  end = opaque_end(text, at, text.size);
  if (!STARTS(text, keyed->start, "basic ") && !STARTS(text, keyed->start, "bearer ")) {
    if (keyed->start < *judged) return;
    while (end < text.size && memchr("\"'\r\n\\<#", text.at[end], 7) == NULL) end++;
    for (size_t i = at; i < end; i++) digit |= is_digit(text.at[i]);
    *judged = end;
    if (!digit || end - at < DIGEST_LEAST) return; /* prose */
  }
  scan_add(scan, at, end, 0);
}

/* The start of scheme://user:password@ (RFC 3986 3.2.1) where there is one; a password may hold '@'. */
size_t userinfo_start(const struct scan *scan, size_t at) {
  struct text text = scan->text;
  size_t      start = at;
  bool        colon = false;
  if (!scan->anchors->urls) return at;
  for (; start > 0 && at - start < USERINFO_MOST; start--) {
    char c = text.at[start - 1];
    if (c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '/') break;
    colon |= c == ':';
  }
  return colon && start < at && start > 3 && ENDS(text, start, "://") ? start : at;
}

/* The start of the text may be the end of a digest's value whose key went with the line before. */
static void cut_value(struct scan *scan) {
  static const struct text keys[] = { TEXT("uri="),    TEXT("response="), TEXT("realm="), TEXT("algorithm="), TEXT("qop="),   TEXT("nc="),
                                      TEXT("cnonce="), TEXT("opaque="),   TEXT("nonce="), TEXT("username="),  TEXT("stale="), TEXT("domain=") };
  struct text              text = scan->text;
  size_t                   end = opaque_end(text, 0, text.size), at = end + 2;
  if (end < 2 || !STARTS(text, end, "\",")) return;
  while (at < text.size && text.at[at] == ' ') at++;
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (starts_nocase(text, at, keys[i].at, keys[i].size)) scan_add(scan, 0, end, 0);
}

void auth_scan(struct scan *scan) {
  const struct anchors *anchors = scan->anchors;
  size_t                judged = 0;
  if (anchors->sights & SEES_CUT) cut_value(scan);
  for (uint32_t i = 0; anchors->urls && i < anchors->at.count; i++) {
    size_t start = userinfo_start(scan, anchors->at.at[i]);
    if (start < anchors->at.at[i] && !tag_at(scan->text, start)) scan_add(scan, start, anchors->at.at[i], 0);
  }
  for (uint32_t i = 0; i < anchors->keyed_count; i++) {
    const struct keyed *keyed = &anchors->keyed[i];
    if (keyed->kind & KEY_DIGEST) digest_value(scan, keyed);
    if (keyed->kind & KEY_SECRET) secret_value(scan, keyed);
    if (keyed->kind & KEY_SCHEME) scheme_value(scan, keyed, &judged);
  }
}
