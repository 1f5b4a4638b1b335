/* phone: subscribers' numbers in every spelling, folded to E.164.
 *
 *   run of digits ── number_read ── groups and separators, as far as they can belong together
 *                 ── number_fold ── E.164 by the international prefix, the trunk prefix, the region
 *                 ── look-alikes and context ── span, or nothing
 *
 * With "+", an international prefix, a national number of the region: certain by its form. A country code alone
 * (33199001234) needs context unless it is the region's own. */
#include "filters/detect/phone_fold.h"
#include "filters/scan.h"

enum {
  NUMBER_LEAST = 6,               /* digits: shorter ones are extensions and services */
  NUMBER_MOST = PHONE_DIGITS_MOST /* digits kept of a candidate: E.164 has 15, prefixes come on top */
};
enum piece { PIECE_NATIONAL, PIECE_PLUS };

struct number {
  char     digits[NUMBER_MOST];
  unsigned count;
  bool     plus;
  size_t   start, end; /* in the text, the plus sign included */
};

static enum phone_form number_fold(const struct phone_region *region, const struct number *number, struct phone_number *e164) {
  if (number->count < NUMBER_LEAST || !phone_fold(region, number->digits, number->count, number->plus, e164)) return PHONE_NONE;
  if (!e164->valid && e164->form == PHONE_DIALLED) return PHONE_CODE;
  return e164->form;
}

static bool digit_at(struct text text, size_t at) { return at < text.size && is_digit(text.at[at]); }
static bool byte_at(struct text text, size_t at, char c) { return at < text.size && text.at[at] == c; }

/* (0) and parentheses: "(0)", "(", ")", with a space or a dash around. at: the parenthesis. */
static size_t parenthesis_at(struct text text, size_t at) {
  size_t end = at + 1;
  if (text.at[at] == '(' && byte_at(text, at + 1, '0') && byte_at(text, at + 2, ')')) {
    end = at + 3;
    end += byte_at(text, end, ' ');
  } else if (text.at[at] == ')' && (byte_at(text, end, ' ') || byte_at(text, end, '-'))) {
    end++;
  }
  return digit_at(text, end) ? end - at : 0;
}

/* A separator between two groups of digits: its size, 0 for none. */
static size_t separator_at(struct text text, size_t at) {
  size_t size;
  if (at + 1 >= text.size) return 0;
  switch (text.at[at]) {
  case ' ':
    if (is_digit(text.at[at + 1])) return 1;
    size = text.at[at + 1] == '(' ? parenthesis_at(text, at + 1) : 0;
    return size > 0 ? size + 1 : 0;
  case '-':
  case '.':
  case '/': return is_digit(text.at[at + 1]);
  case '(':
  case ')': return parenthesis_at(text, at);
  case '%': return STARTS(text, at, "%20") && digit_at(text, at + 3) ? 3 : 0;
  case '\xc2': return byte_at(text, at + 1, '\xa0') && digit_at(text, at + 2) ? 2 : 0;
  case '\xe2': return byte_at(text, at + 1, '\x80') && byte_at(text, at + 2, '\xaf') && digit_at(text, at + 3) ? 3 : 0;
  default: return 0;
  }
}

static size_t digits_take(struct text text, size_t at, struct number *number) {
  while (at < text.size && is_digit(text.at[at])) {
    if (number->count < NUMBER_MOST) number->digits[number->count] = text.at[at];
    if (number->count <= NUMBER_MOST) number->count++;
    at++;
  }
  number->end = at;
  return at;
}

static bool good_end(struct text text, size_t end) { return end >= text.size || !is_alnum(text.at[end]) || STARTS(text, end, "x"); }

/* Adds groups while the separators allow it; keeps the longest reading that folds. same: all separators alike. */
static enum phone_form number_grouped(const struct phone_region *region, struct text text, struct number *number, bool same,
                                      struct phone_number *e164) {
  struct number       next = *number, best = *number;
  struct phone_number folded;
  enum phone_form     form = PHONE_NONE;
  char                mark = 0;
  unsigned            groups = 1, code_digits = number->count;
  for (size_t at = number->end; groups < 9 && next.count <= 17; groups++) {
    size_t          size = separator_at(text, at), group = at + size;
    enum phone_form found;
    if (size == 0 || (same && mark != 0 && text.at[at] != mark)) break;
    mark = text.at[at];
    if (same && (mark == '(' || mark == ')')) break;
    at = digits_take(text, group, &next);
    if (at - group > (same ? 8 : 12) || next.count > NUMBER_MOST) break;
    found = number_fold(region, &next, &folded);
    if (found == PHONE_NONE || found == PHONE_CODE || found == PHONE_BARE || (found == PHONE_OWN_CODE && (!same || code_digits > 3)) ||
        !good_end(text, at))
      continue;
    if (found == PHONE_NATIONAL && same && number->digits[0] != (region->trunk[0] != 0 ? region->trunk[0] : number->digits[0])) continue;
    if (same && at < text.size && text.at[at] == mark && mark != ' ' && mark != '.' && at + 1 < text.size && is_digit(text.at[at + 1])) continue;
    form = found;
    best = next;
    *e164 = folded;
  }
  if (form != PHONE_NONE) *number = best;
  return form;
}

/* Where the digits of a run truly begin: the tail of an escape (%20, %2B, #012, \u0040, \x40) is no digit of theirs.
 * *before is the byte that the escape stands for, or the byte before. */
static size_t run_start(struct text text, size_t at, char *before) {
  size_t end = at;
  while (end < text.size && is_digit(text.at[end])) end++;
  *before = at > 0 ? text.at[at - 1] : 0;
  if (at > 0 && text.at[at - 1] == '%' && end - at > 2) {
    if (text.at[at] == '2' && text.at[at + 1] == '5' && end - at > 4) at += 2;
    *before = ' ';
    return at + 2;
  }
  if (at > 2 && to_lower(text.at[at - 1]) == 'b' && text.at[at - 2] == '2' && (text.at[at - 3] == '%' || ENDS(text, at - 2, "%25"))) {
    *before = '+';
    return at;
  }
  if (at > 2 && is_hex(text.at[at - 1]) && is_digit(text.at[at - 2]) && (text.at[at - 3] == '%' || ENDS(text, at - 2, "%25"))) *before = ' ';
  if (at > 0 && text.at[at - 1] == '#' && end - at > 3 && (at < 2 || !is_digit(text.at[at - 2])) && text.at[at] == '0' && text.at[at + 1] < '4' &&
      text.at[at + 2] < '8') {
    *before = ' ';
    return at + 3;
  }
  if (at > 1 && text.at[at - 1] == 'u' && text.at[at - 2] == '\\' && end - at > 4) {
    *before = memcmp(text.at + at, "002", 3) == 0 ? ' ' : text.at[at - 2];
    return at + 4;
  }
  if (at > 5 && is_hex(text.at[at - 1]) && text.at[at - 5] == 'u' && text.at[at - 6] == '\\') {
    *before = to_lower(text.at[at - 1]) == 'b' && text.at[at - 2] == '2' ? '+' : ' ';
    return at;
  }
  if (at > 1 && text.at[at - 2] == '\\' && (text.at[at - 1] == 'n' || text.at[at - 1] == 'r' || text.at[at - 1] == 't')) *before = ' ';
  return at;
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

static bool word_is_caller(struct text text, size_t end) {
  static const struct text words[] = {
    TEXT("from"),   TEXT("to"),      TEXT("for"),        TEXT("caller"),       TEXT("number"), TEXT("dials"),    TEXT("called"),
    TEXT("dialed"), TEXT("dialled"), TEXT("registered"), TEXT("unregistered"), TEXT("user"),   TEXT("account"),  TEXT("extension"),
    TEXT("ext."),   TEXT("contact"), TEXT("phone"),      TEXT("calling"),      TEXT("call"),   TEXT("callee"),   TEXT("tel"),
    TEXT("mobile"), TEXT("msisdn"),  TEXT("subscriber"), TEXT("did"),          TEXT("of"),     TEXT("aor"),      TEXT("exten"),
    TEXT("dial"),   TEXT("dialing"), TEXT("with"),       TEXT("by"),           TEXT("peer"),   TEXT("endpoint"), TEXT("destination"),
  };
  size_t start = end;
  while (start > 0 && (is_alpha(text.at[start - 1]) || text.at[start - 1] == '.')) start--;
  if (start > 0 && (is_digit(text.at[start - 1]) || text.at[start - 1] == '_')) return false;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (words[i].size == end - start && starts_nocase(text, start, words[i].at, words[i].size))
      return !STARTS(text, start, "of") || ENDS(text, start, "voicemail ") || ENDS(text, start, "call ");
  return false;
}

static bool channel_before(struct text text, size_t start) {
  return ENDS(text, start, "pjsip/") || ENDS(text, start, "sip/") || ENDS(text, start, "local/") || ENDS(text, start, "iax2/") ||
         ENDS(text, start, "external/") || ENDS(text, start, "internal/") || ENDS(text, start, "dahdi/") || ENDS(text, start, "user/") ||
         ENDS(text, start, "sip:") || ENDS(text, start, "sips:") || ENDS(text, start, "tel:") || ENDS(text, start, "callto:") ||
         ENDS(text, start, "gateway/");
}

/* Something beside the digits says that they are a subscriber's number. */
static bool number_context(const struct scan *scan, const struct number *number) {
  struct text         text = scan->text;
  size_t              start = number->start, end = number->end, word = start;
  const struct keyed *keyed = anchors_key_at(scan->anchors, start);
  char                before = start > 0 ? text.at[start - 1] : 0, after = end < text.size ? text.at[end] : 0;
  if (after == '@' || STARTS(text, end, "%40") || STARTS(text, end, ";user=phone") || channel_before(text, start)) return true;
  if (keyed != NULL && (keyed->kind & KEY_ID) && keyed->start == start) return false;
  if (keyed != NULL && (keyed->kind & (KEY_PHONE | KEY_USER)) && (start - keyed->start <= 8 || before == '>' || before == ',')) return true;
  if (before == '<' && after == '>') return true;
  if (before == '|' && after == '|') return true;
  if (before == '>' || after == '>') return true;
  if (before == '"' && after == '"') return start < 2 || text.at[start - 2] == ',' || text.at[start - 2] == '[' || text.at[start - 2] == '(';
  while (word > 0 && (text.at[word - 1] == ' ' || text.at[word - 1] == '"' || text.at[word - 1] == '\'' || text.at[word - 1] == ':')) word--;
  if (word < start && word_is_caller(text, word)) return true;
  if (word > 1 && word < start && text.at[word - 1] == '>') return true;
  if (STARTS(text, end, " ->")) return true;
  while (word > 0 && word + 40 > start && text.at[word - 1] != '(') word--;
  return word > 0 && ENDS(text, word, "extension (");
}

/* Explains digits that are no number, whatever their form. */
static bool number_is_lookalike(const struct scan *scan, const struct number *number, enum phone_form form, char before) {
  struct text         text = scan->text;
  size_t              start = number->start, end = number->end, from, to;
  char                after = end < text.size ? text.at[end] : 0, second = end + 1 < text.size ? text.at[end + 1] : 0;
  const struct keyed *keyed = anchors_key_at(scan->anchors, start);
  if (pseudonym_at(text, start, &from, &to)) return true;
  if (form == PHONE_PLUS && number->plus) return false;
  if (in_uuid(text, start, end) || (keyed != NULL && keyed->start == start && (keyed->kind & (KEY_TOKEN | KEY_CALLID)))) return true;
  if (before == '.' && start > 1 && is_digit(text.at[start - 2])) return true;
  if (after == '.' && is_digit(second) && form >= PHONE_OWN_CODE) return true;
  if (after == '-' && is_hex(second) && form >= PHONE_BARE) return true;
  if (before == '-' && start > 1 && is_alnum(text.at[start - 2]) && form >= PHONE_BARE) return true;
  if (before == ':' && start > 1 && is_hex(text.at[start - 2]) && form >= PHONE_BARE) return true;
  return false;
}

static bool phone_accept(const struct scan *scan, const struct number *number, enum phone_form form, char before) {
  struct text text = scan->text;
  if (form == PHONE_NONE || !good_end(text, number->end)) return false;
  if (number_is_lookalike(scan, number, form, before)) return false;
  if (form == PHONE_NATIONAL && scan->region->bare) return number_context(scan, number) || scan->strict;
  if (form != PHONE_CODE && form != PHONE_BARE) return true;
  return scan->strict || number_context(scan, number);
}

static void phone_report(struct scan *scan, const struct number *number) {
  scan_add(scan, number->start, number->end, number->plus ? PIECE_PLUS : PIECE_NATIONAL);
}

/* Numbers that fit no plan, in a place where only a subscriber's number stands, are hidden all the same. */
static bool phone_accept_unknown(const struct scan *scan, const struct number *number, char before) {
  if (number->count < 7 || !good_end(scan->text, number->end) || number_is_lookalike(scan, number, PHONE_CODE, before)) return false;
  if (number->plus) return number->count >= 8;
  if (number->count < 8 || memcmp(number->digits, "000", 3) == 0) return false; /* channel counters such as 00000a7c */
  if (scan->strict) return true;
  return number_context(scan, number) && (scan->text.size == number->end || scan->text.at[number->end] != '.');
}

/* One candidate that begins at byte at; returns where the search goes on. */
static size_t phone_candidate(struct scan *scan, size_t at) {
  struct text         text = scan->text;
  struct number       number = { .count = 0 }, grouped;
  struct phone_number e164;
  enum phone_form     form;
  char                before;
  size_t              start = run_start(text, at, &before);
  number.plus = before == '+' || (start > 1 && ENDS(text, start, "+("));
  number.start = start - (start > 0 && text.at[start - 1] == '+');
  digits_take(text, start, &number);
  if (!number.plus && (is_alnum(before) || number.count == 0)) return number.end;
  if (number.count <= 6) {
    if (separator_at(text, number.end) == 0) return number.end;
    grouped = number;
    form = number_grouped(scan->region, text, &grouped, !number.plus && !(number.count >= 2 && memcmp(number.digits, "00", 2) == 0), &e164);
    if (form != PHONE_NONE && phone_accept(scan, &grouped, form, before)) {
      phone_report(scan, &grouped);
      return grouped.end;
    }
    return number.end;
  }
  if (number.count > NUMBER_MOST) return number.end;
  form = number_fold(scan->region, &number, &e164);
  if (form == PHONE_NONE && number.count <= 8) {
    grouped = number;
    form = number_grouped(scan->region, text, &grouped, !number.plus, &e164);
    if (form != PHONE_NONE && form < PHONE_BARE) number = grouped;
  }
  if (form != PHONE_NONE ? phone_accept(scan, &number, form, before) : phone_accept_unknown(scan, &number, before)) phone_report(scan, &number);
  return number.end;
}

void phone_scan(struct scan *scan) {
  struct text text = scan->text;
  size_t      done = 0;
  for (uint32_t i = 0; i < scan->anchors->digit.count; i++) {
    size_t at = scan->anchors->digit.at[i], end = at + 1;
    if (at < done) continue;
    while (end < text.size && is_digit(text.at[end])) end++;
    if (end - at < NUMBER_LEAST && separator_at(text, end) == 0) done = end; /* most runs: lines, times, ports */
    else done = phone_candidate(scan, at);
  }
}

static void number_of(struct text value, struct number *number) {
  number->count = 0;
  number->plus = false;
  for (size_t i = 0; i < value.size; i++) {
    if (value.at[i] == '%' && i + 2 < value.size && is_hex(value.at[i + 1])) {
      number->plus |= value.at[i + 1] == '2' && to_lower(value.at[i + 2]) == 'b';
      i += 2;
      continue;
    }
    number->plus |= value.at[i] == '+';
    if (is_digit(value.at[i]) && number->count < NUMBER_MOST) number->digits[number->count++] = value.at[i];
  }
}

bool phone_user_is_number(const struct phone_region *region, struct text user) {
  struct number       number;
  struct phone_number e164;
  size_t              end = 0;
  if (user.size > 0 && user.at[0] == '+') end++;
  if (STARTS(user, 0, "%2b")) end = 3;
  while (end < user.size && (is_digit(user.at[end]) || user.at[end] == '-' || user.at[end] == '.')) end++;
  if (end < user.size && user.at[end] != ';') return false;
  number_of((struct text){ user.at, end }, &number);
  return number.count >= 7 && number_fold(region, &number, &e164) != PHONE_NONE;
}

size_t phone_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]) {
  struct text         value = { scan->text.at + span->start, span->end - span->start };
  struct number       number;
  struct phone_number e164;
  country[0] = 0;
  if (room < NUMBER_MOST + 1) return 0;
  number_of(value, &number);
  number.plus |= span->piece == PIECE_PLUS;
  if (number_fold(scan->region, &number, &e164) == PHONE_NONE) {
    out[0] = '?';
    memcpy(out + 1, number.digits, number.count);
    return number.count + 1;
  }
  if (e164.region != NULL && e164.region->iso[0] != '0') memcpy(country, e164.region->iso, 3);
  out[0] = '+';
  memcpy(out + 1, e164.digits, e164.count);
  return e164.count + 1;
}
