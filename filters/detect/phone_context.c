/* What stands beside digits, and what only looks like a number. */
#include "filters/detect/phone_text.h"

enum { PATH_MOST = 64, KEY_NEAR = 8, WORD_MOST = 16 };

static char byte_of(struct text text, size_t at) { return at < text.size ? text.at[at] : 0; }

/* The word that ends before byte end is in the list. Lists hold lower case, each word with its size. */
struct word {
  uint8_t size;
  char    text[15];
};
#define W(literal)                                                                                                                                   \
  { sizeof(literal) - 1, literal }

static bool word_in(struct text text, size_t start, size_t end, const struct word *words, size_t count) {
  char first;
  if (end - start > WORD_MOST || end == start) return false;
  first = to_lower(text.at[start]);
  for (size_t i = 0; i < count; i++)
    if (words[i].size == end - start && words[i].text[0] == first && starts_nocase(text, start, words[i].text, words[i].size)) return true;
  return false;
}

/* Words before a subscriber's number, and words before any other. */
static bool word_is_caller(struct text text, size_t end) {
  static const struct word words[] = {
    W("from"),        W("to"),           W("for"),   W("caller"),  W("number"),  W("dials"),     W("called"),   W("dialed"),
    W("dialled"),     W("registered"),   W("user"),  W("account"), W("ext."),    W("extension"), W("contact"),  W("phone"),
    W("calling"),     W("unregistered"), W("call"),  W("callee"),  W("tel"),     W("mobile"),    W("msisdn"),   W("subscriber"),
    W("did"),         W("aor"),          W("exten"), W("dial"),    W("dialing"), W("by"),        W("endpoint"), W("peer"),
    W("destination"), W("callerid"),     W("ani"),   W("dnis"),    W("fax"),     W("sms"),       W("cell"),
  };
  size_t start = end;
  while (start > 0 && end - start <= WORD_MOST && (is_alpha(text.at[start - 1]) || text.at[start - 1] == '.')) start--;
  if (start > 0 && (is_digit(text.at[start - 1]) || text.at[start - 1] == '_')) return false;
  if (word_in(text, start, end, words, sizeof words / sizeof words[0])) return true;
  return end - start == 2 && STARTS(text, start, "of") && (ENDS(text, start, "voicemail ") || ENDS(text, start, "call "));
}

static bool word_is_other(struct text text, size_t end) {
  static const struct word words[] = {
    W("id"),        W("ssrc"),  W("seq"),     W("cseq"),  W("sequence"), W("session"), W("pid"),      W("tid"),     W("port"),
    W("size"),      W("len"),   W("length"),  W("bytes"), W("offset"),   W("epoch"),   W("ts"),       W("time"),    W("timestamp"),
    W("duration"),  W("line"),  W("version"), W("build"), W("error"),    W("code"),    W("order"),    W("ticket"),  W("invoice"),
    W("reference"), W("ref"),   W("serial"),  W("sn"),    W("uniqueid"), W("wrote"),   W("read"),     W("sent"),    W("received"),
    W("checksum"),  W("crc"),   W("job"),     W("task"),  W("thread"),   W("msgid"),   W("messages"), W("packets"), W("packet"),
    W("octets"),    W("rtpts"), W("total"),   W("count"), W("inode"),    W("address"), W("uid"),      W("key"),     W("hash"),
  };
  size_t start = end;
  while (start > 0 && end - start <= WORD_MOST && is_alpha(text.at[start - 1])) start--;
  return word_in(text, start, end, words, sizeof words / sizeof words[0]);
}

/* A unit behind the digits: they count something. */
static bool unit_behind(struct text text, size_t end) {
  static const struct word words[] = {
    W("bytes"), W("byte"), W("b"),     W("kb"),    W("mb"),     W("gb"),      W("kib"),  W("mib"),     W("octets"),  W("ms"),     W("us"),
    W("ns"),    W("msec"), W("usec"),  W("sec"),   W("secs"),   W("seconds"), W("s"),    W("packets"), W("samples"), W("hz"),     W("kbps"),
    W("bps"),   W("rows"), W("lines"), W("times"), W("frames"), W("ticks"),   W("bits"), W("pages"),   W("blocks"),  W("inodes"),
  };
  size_t start = end + (byte_of(text, end) == ' '), stop = start;
  if (byte_of(text, end) == '%' && !is_hex(byte_of(text, end + 1))) return true;
  while (stop < text.size && stop - start <= WORD_MOST && is_alpha(text.at[stop])) stop++;
  return stop < text.size && (is_digit(text.at[stop]) || text.at[stop] == '_') ? false
                                                                               : word_in(text, start, stop, words, sizeof words / sizeof words[0]);
}

/* What is counted in large numbers follows: 33768136201 bytes. */
static bool counts_behind(struct text text, size_t end) {
  return STARTS(text, end, " bytes") || STARTS(text, end, " octets") || STARTS(text, end, " packets");
}

/* A channel's or a URI's name up to the digits: PJSIP/, SIP/trunk/, sofia/external/, sip:, tel: */
static bool path_before(struct text text, size_t start) {
  static const struct word heads[] = {
    W("pjsip"),    W("sip"),      W("local"),    W("iax2"),    W("iax"),    W("dahdi"), W("sofia"),   W("user"),
    W("external"), W("internal"), W("gateway"),  W("zap"),     W("skinny"), W("motif"), W("console"), W("sccp"),
    W("chan"),     W("verto"),    W("loopback"), W("woomera"), W("dongle"), W("h323"),  W("mailbox"), W("endpoint"),
    W("aor"),      W("contact"),  W("callto"),   W("ooh323"),  W("misdn"),  W("capi"),  W("khomp"),
  };
  char   last = start > 0 ? text.at[start - 1] : 0;
  size_t at = start, head;
  if (last == ':') return ENDS(text, start, "sip:") || ENDS(text, start, "sips:") || ENDS(text, start, "tel:") || ENDS(text, start, "callto:");
  if (last != '/') return false;
  while (at > 0 && start - at < PATH_MOST && (is_alnum(text.at[at - 1]) || memchr("/-_.", text.at[at - 1], 4) != NULL)) at--;
  for (head = at; head < start && text.at[head] != '/'; head++) continue;
  if (word_in(text, at, head, heads, sizeof heads / sizeof heads[0])) return true;
  for (at = start - 1; at > 0 && is_alnum(text.at[at - 1]); at--) continue; /* the last part of a longer path */
  return word_in(text, at, start - 1, heads, sizeof heads / sizeof heads[0]);
}

/* A URI or a channel goes on behind the digits. */
static bool place_behind(struct text text, size_t end) {
  switch (byte_of(text, end)) {
  case '@': return true;
  case '%': return STARTS(text, end, "%40") || STARTS(text, end, "%2540");
  case ';':
    return STARTS(text, end, ";user=phone") || STARTS(text, end, ";phone-context=") || STARTS(text, end, ";ext=") || STARTS(text, end, ";isub=") ||
           STARTS(text, end, ";npdi") || STARTS(text, end, ";rn=") || STARTS(text, end, ";cic=");
  case ' ': return STARTS(text, end, " ->");
  default: return false;
  }
}

/* *21*, #31#, *67*: a service's code ends at byte end (3GPP TS 22.030 6.5.2). */
static bool service_code_before(struct text text, size_t end) {
  size_t start = end - 1;
  while (start > 0 && end - start < 5 && is_digit(text.at[start - 1])) start--;
  return start > 0 && start + 1 < end && (text.at[start - 1] == '*' || text.at[start - 1] == '#');
}

/* Marks around: <number>, |number|, "number" as an argument, >number after an arrow or in an element that is named so. */
static enum context marks_around(struct text text, size_t start, size_t end) {
  char before = start > 0 ? text.at[start - 1] : 0, after = byte_of(text, end), second = start > 1 ? text.at[start - 2] : 0;
  if (after == '>' && before != '<') return CONTEXT_WORD; /* a row of numbers: 441632960020>33199001234 */
  switch (before) {
  case '<': return after == '>' ? CONTEXT_PLACE : CONTEXT_NONE;
  case '>': return after != '<' ? CONTEXT_PLACE : word_is_caller(text, start - 1) ? CONTEXT_PLACE : CONTEXT_NONE;
  case '|': return after == '|' ? CONTEXT_WORD : CONTEXT_NONE;
  case '"':
    if (after != '"' && after != '@') return CONTEXT_NONE;
    return start < 2 || second == ',' || second == '[' || second == '(' ? CONTEXT_WORD : CONTEXT_NONE;
  case '*':
  case '#': return service_code_before(text, start) ? CONTEXT_PLACE : CONTEXT_NONE;
  default: return CONTEXT_NONE;
  }
}

static enum context words_before(struct text text, size_t start) {
  size_t word = start;
  while (word > 0 && (text.at[word - 1] == ' ' || text.at[word - 1] == '"' || text.at[word - 1] == '\'' || text.at[word - 1] == ':')) word--;
  if (word < start && word_is_caller(text, word)) return CONTEXT_WORD;
  if (word > 1 && word < start && text.at[word - 1] == '>') return CONTEXT_WORD;
  while (word > 0 && word + 40 > start && text.at[word - 1] != '(') word--;
  return word > 0 && text.at[word - 1] == '(' && ENDS(text, word, "extension (") ? CONTEXT_WORD : CONTEXT_NONE;
}

enum context candidate_context(const struct scan *scan, const struct candidate *candidate) {
  struct text         text = scan->text;
  size_t              start = candidate->start, end = candidate->end;
  const struct keyed *keyed;
  enum context        marks;
  if (place_behind(text, end) || path_before(text, start)) return CONTEXT_PLACE;
  keyed = scan->anchors->keyed_count > 0 ? anchors_key_at(scan->anchors, start) : NULL;
  if (keyed != NULL && (keyed->kind & KEY_ID) && keyed->start == start) return CONTEXT_NONE;
  if (keyed != NULL && (keyed->kind & (KEY_PHONE | KEY_USER)) &&
      (start - keyed->start <= KEY_NEAR || candidate->before == '>' || candidate->before == ','))
    return CONTEXT_PLACE;
  marks = marks_around(text, start, end);
  return marks != CONTEXT_NONE ? marks : words_before(text, start);
}

/* The token of hexadecimal digits and dashes around [start, end) has the shape of a UUID. */
static bool in_uuid(struct text text, size_t start, size_t end) {
  static const uint8_t dashes[4] = { 8, 13, 18, 23 };
  while (start > 0 && (is_hex(text.at[start - 1]) || text.at[start - 1] == '-') && end - start < 40) start--;
  while (end < text.size && (is_hex(text.at[end]) || text.at[end] == '-') && end - start < 40) end++;
  if (end - start != 36) return false;
  for (int i = 0; i < 4; i++)
    if (text.at[start + dashes[i]] != '-') return false;
  return true;
}

static unsigned two(const char *digits) { return (unsigned)(digits[0] - '0') * 10 + (unsigned)(digits[1] - '0'); }

/* 12-03-2026, 2026/03/12 and the like, from digits alone and the size of the last group. */
static bool is_date(const char *digits) {
  bool last =
      two(digits) <= 31 && two(digits + 2) <= 31 && (two(digits) <= 12 || two(digits + 2) <= 12) && two(digits + 4) >= 19 && two(digits + 4) <= 20;
  bool first =
      two(digits) >= 19 && two(digits) <= 20 && two(digits + 4) >= 1 && two(digits + 4) <= 12 && two(digits + 6) >= 1 && two(digits + 6) <= 31;
  return last || first;
}

/* 20260312143015, with or without the seconds or milliseconds. */
static bool is_stamp(const char *digits, unsigned count) {
  if (count != 8 && count != 10 && count != 12 && count != 14 && count != 17) return false;
  if (two(digits) < 19 || two(digits) > 20 || two(digits + 4) < 1 || two(digits + 4) > 12 || two(digits + 6) < 1 || two(digits + 6) > 31)
    return false;
  return (count < 10 || two(digits + 8) < 24) && (count < 12 || two(digits + 10) < 60) && (count < 14 || two(digits + 12) < 61);
}

/* Seconds, milliseconds or microseconds since 1970, of the years 2001 to 2033. */
static bool is_epoch(const char *digits, unsigned count) { return (count == 10 || count == 13 || count == 16) && digits[0] == '1'; }

/* " 1 IN IP4" behind the digits: SDP's session id or version (RFC 4566 5.2). */
static bool in_session(struct text text, size_t end) {
  size_t most = end + 24;
  while (end < text.size && end < most && (text.at[end] == ' ' || is_digit(text.at[end]))) end++;
  return STARTS(text, end, "in ip") && end > 0 && text.at[end - 1] == ' ';
}

/* A mail queue's id that happens to have no letter: "queued as 0199001234", "0199001234: to=<". */
static bool is_queue_id(struct text text, size_t start, size_t end) {
  if (ENDS(text, start, "queued as ")) return true;
  if (byte_of(text, end) != ':' || byte_of(text, end + 1) != ' ') return false;
  end += 2;
  return STARTS(text, end, "to=<") || STARTS(text, end, "from=<") || STARTS(text, end, "client=") || STARTS(text, end, "uid=") ||
         STARTS(text, end, "message-id=") || STARTS(text, end, "removed") || STARTS(text, end, "orig_to=<") || STARTS(text, end, "sender ");
}

static bool digit_behind_mark(struct text text, size_t end, char mark) {
  return byte_of(text, end) == mark && end + 1 < text.size && is_digit(text.at[end + 1]);
}

/* 2.4+20151223.gitfa8646d: eight digits that are a date, as Debian's versions have them. */
static bool version_date(struct text text, size_t at) {
  size_t end = at;
  while (end < text.size && is_digit(text.at[end])) end++;
  return end - at == 8 && is_stamp(text.at + at, 8);
}

/* Look-alikes of groups. */
static const char *groups_explained(struct text text, const struct candidate *c) {
  if (c->mark == '.' && (c->groups == 2 || STARTS(text, c->start, "0."))) return "a decimal fraction";
  if ((c->before == c->mark || c->before == '.') && c->mark != ' ' && c->start > 1 && is_digit(text.at[c->start - 2]))
    return "part of a longer row of groups";
  if (c->groups == 3 && c->count == 8 && is_date(c->digits)) return "a date";
  if (c->mark == '.' && c->groups == 4 && c->digits[0] != '0') return "four dotted numbers";
  return NULL;
}

/* Look-alikes that a place where numbers stand overrules. */
static const char *explained(const struct scan *scan, const struct candidate *c) {
  struct text text = scan->text;
  size_t      word = c->start;
  char        after = byte_of(text, c->end), second = byte_of(text, c->end + 1);
  bool        sure = c->number.form == PHONE_IDD || (c->number.form == PHONE_NATIONAL && c->digits[0] == '0') || c->number.form == PHONE_OWN_CODE;
  if (is_queue_id(text, c->start, c->end)) return "a mail queue's id";
  if (c->groups > 1) return groups_explained(text, c);
  if (c->digits[0] != '0' && c->count > 7 && counts_behind(text, c->end)) return "a quantity: a unit follows";
  if (sure && c->number.valid) return NULL;
  if (is_epoch(c->digits, c->count)) return "seconds since 1970";
  if (is_stamp(c->digits, c->count)) return "a date and time";
  if (unit_behind(text, c->end)) return "a quantity: a unit follows";
  if (in_session(text, c->end)) return "a session id of SDP";
  if (after == '-' && is_hex(second)) return "part of a longer id";
  if (c->before == '-' && c->start > 1 && is_alnum(text.at[c->start - 2])) return "part of a longer id";
  if (c->before == ':' && c->start > 1 && is_hex(text.at[c->start - 2])) return "part of a longer id";
  if (c->before == '#' && !service_code_before(text, c->start)) return "the number of a ticket, of a thread or the like";
  while (word > 0 && (text.at[word - 1] == ' ' || text.at[word - 1] == '=' || text.at[word - 1] == ':' || text.at[word - 1] == '#')) word--;
  return word < c->start && word_is_other(text, word) ? "the word before says that it is another number" : NULL;
}

const char *candidate_lookalike(const struct scan *scan, const struct candidate *c, enum context context) {
  struct text         text = scan->text;
  size_t              from, to;
  const struct keyed *keyed;
  char                after = byte_of(text, c->end);
  bool                weak = c->number.form == PHONE_NONE || c->number.form >= PHONE_OWN_CODE;
  if ((c->before == '_' || is_utf8(c->before)) && pseudonym_at(text, c->start, &from, &to)) return "a pseudonym";
  if (c->plus && is_alnum(c->before) && version_date(text, c->start + 1)) return "the date of a version";
  if (c->plus) return NULL;
  if ((c->before == '-' || after == '-' || c->mark == '-') && in_uuid(text, c->start, c->end)) return "part of a UUID";
  keyed = scan->anchors->keyed_count > 0 ? anchors_key_at(scan->anchors, c->start) : NULL;
  if (keyed != NULL && keyed->start == c->start && (keyed->kind & (KEY_TOKEN | KEY_CALLID))) return "its key says that it is a token";
  if (c->before == '.' && c->start > 1 && is_digit(text.at[c->start - 2])) return "a decimal fraction";
  if (weak && digit_behind_mark(text, c->end, '.')) return "a decimal fraction or a unique id";
  if (c->number.form == PHONE_NONE && (c->before == '/' || c->before == '-') && c->digits[0] == '0' && c->digits[1] == '0' && c->digits[2] == '0')
    return "a channel's counter";
  return context == CONTEXT_PLACE ? NULL : explained(scan, c);
}
