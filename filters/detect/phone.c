/* phone: subscribers' numbers in every spelling, folded to E.164.
 *
 *   run of digits ─▶ groups beside it ─▶ phone_fold ─▶ look-alikes ─▶ what stands beside ─▶ span, or a note why not
 *        │ no plus, and nothing dialled here begins so: what stands beside is asked first; most runs end there
 *
 * Sure by their form: a plus, an international prefix, a national number of the region with its trunk prefix. Digits that could as
 * well be anything (a country code alone, a national number without trunk prefix) need something beside them that says number;
 * where only subscribers' numbers stand, digits that fit no plan are hidden, too. */
#include "filters/detect/phone_text.h"

enum {
  NUMBER_LEAST = 7,  /* digits; shorter ones are extensions and services, unless the region's numbers are that short */
  PLUS_LEAST = 8,    /* with the country code */
  CUT_LEAST = 3,     /* behind a plus, at the text's end */
  ALONE_LEAST = 9,   /* with nothing beside them */
  GROUPED_LEAST = 8, /* written in groups */
  NUMBER_MOST = 18,  /* E.164's 15, and an international prefix */
  STRICT_MOST = 15,
  FIRST_MOST = 8, /* a first group with others behind it: a longer one is a number by itself */
  EXTENSION_MOST = 7
};
enum piece { PIECE_NATIONAL, PIECE_PLUS };

static const char nothing_beside[] = "no valid number of the region, and nothing beside it says that it is one";

static bool zero_led(const struct candidate *candidate) { return candidate->digits[0] == '0' && candidate->digits[1] != 0; }

/* By its form alone. */
static bool sure_alone(const struct scan *scan, const struct candidate *candidate) {
  const struct phone_number *number = &candidate->number;
  unsigned                   least = candidate->groups > 1 ? GROUPED_LEAST : ALONE_LEAST;
  if (number->form == PHONE_PLUS) return true;
  if (candidate->count < least) return false;
  switch (number->form) {
  case PHONE_IDD: return number->valid || candidate->count > ALONE_LEAST + 1;
  case PHONE_NATIONAL: return scan->region->bare ? number->valid && candidate->count >= ALONE_LEAST : number->valid || zero_led(candidate);
  case PHONE_DIALLED: return number->valid && zero_led(candidate);
  case PHONE_OWN_CODE: return number->valid;
  default: return false;
  }
}

/* NULL: the candidate is hidden. Else why not. */
static const char *refusal(const struct scan *scan, const struct candidate *candidate, enum context context) {
  const struct phone_number *number = &candidate->number;
  const char                *why = candidate_lookalike(scan, candidate, context);
  if (why != NULL) return why;
  if (number->form == PHONE_PLUS) return candidate->count >= PLUS_LEAST ? NULL : "too short for a number";
  if (candidate->count > NUMBER_MOST) return "longer than any number";
  if (candidate->count < NUMBER_LEAST && !(number->valid && context != CONTEXT_NONE)) return "too short for a number";
  if (context == CONTEXT_PLACE) return NULL;
  if (context == CONTEXT_WORD && (candidate->count > NUMBER_LEAST || number->valid)) return NULL;
  if (scan->strict && candidate->count > NUMBER_LEAST && candidate->count <= STRICT_MOST) return NULL;
  return sure_alone(scan, candidate) ? NULL : nothing_beside;
}

/* With "x12" behind it, and the parenthesis that closes inside. */
static void report(struct scan *scan, const struct candidate *candidate) {
  struct text text = scan->text;
  size_t      start = candidate->start, end = candidate->end;
  if (start > 0 && text.at[start - 1] == '(' && candidate->groups > 1) {
    const char *close = memchr(text.at + start, ')', end - start), *open = memchr(text.at + start, '(', end - start);
    if (close != NULL && (open == NULL || open > close)) start--;
  }
  if (end < text.size && to_lower(text.at[end]) == 'x') {
    size_t extension = end + 1;
    while (extension < text.size && extension - end <= EXTENSION_MOST && is_digit(text.at[extension])) extension++;
    if (extension > end + 1 && (extension == text.size || !is_alnum(text.at[extension]))) end = extension;
  }
  scan_add(scan, start, end, candidate->plus ? PIECE_PLUS : PIECE_NATIONAL);
}

static size_t decide(struct scan *scan, const struct candidate *candidate, enum context context) {
  const char *why = number_may_end(scan->text, candidate->end) ? refusal(scan, candidate, context) : "letters go on behind it";
  if (why == NULL) report(scan, candidate);
  else if (candidate->count >= NUMBER_LEAST) scan_note(scan, candidate->start, candidate->end, why);
  return candidate->end;
}

/* *672025550188: the service's two digits stay in front of the number. */
static void service_skip(const struct scan *scan, struct candidate *candidate) {
  struct phone_number number;
  if (candidate->before != '*' || candidate->count < ALONE_LEAST || candidate->count > PHONE_DIGITS_MOST) return;
  if (!phone_fold(scan->region, candidate->digits + 2, candidate->count - 2, false, &number) || !number.valid || number.form > PHONE_BARE) return;
  candidate->start += 2;
  candidate->count -= 2;
  memmove(candidate->digits, candidate->digits + 2, candidate->count);
}

static bool own_code(const struct phone_region *region, const char *digits) {
  unsigned code = region->code;
  if (code >= 100) return false; /* the three digits would have to be compared: what stands beside is asked instead */
  return code >= 10 ? (unsigned)(digits[0] - '0') * 10 + (unsigned)(digits[1] - '0') == code : (unsigned)(digits[0] - '0') == code;
}

/* A few digits with no plus and no others beside them, or such as no number begins with: most runs. */
static bool short_run(const struct scan *scan, size_t at, size_t end) {
  char before = at > 0 ? scan->text.at[at - 1] : ' ';
  if (end - at >= NUMBER_LEAST - 1 || before == '+' || before == '(' || scan->anchors->percent.count > 0) return false;
  if (separator_at(scan->text, end) == 0) return true;
  return !(scan->region->begins >> (scan->text.at[at] - '0') & 1) && !(scan->anchors->kinds & KEY_PHONE) &&
         (end - at < 2 ? scan->region->code >= 10 : !own_code(scan->region, scan->text.at + at));
}

static bool key_says_number(const struct scan *scan, size_t at) {
  const struct keyed *keyed = scan->anchors->kinds & KEY_PHONE ? anchors_key_at(scan->anchors, at) : NULL;
  return keyed != NULL && keyed->start == at && (keyed->kind & KEY_PHONE);
}

/* 10:00:00 +0100, at a line's end: an offset of UTC (RFC 5322 3.3), no cut number. at: the first digit. */
static bool is_zone(struct text text, size_t at, unsigned count) {
  size_t end = at - 1; /* the sign */
  if (count != 4 || end < 3 || text.at[at] > '1') return false;
  end -= text.at[end - 1] == ' ';
  return end > 2 && is_digit(text.at[end - 1]) && is_digit(text.at[end - 2]) &&
         (text.at[end - 3] == ':' || text.at[end - 3] == '.' || is_digit(text.at[end - 3]));
}

/* One run of digits; returns where the search goes on. */
static size_t run_scan(struct scan *scan, size_t at, size_t end) {
  const struct phone_region *region = scan->region;
  struct candidate           candidate;
  bool                       begins, behind;
  enum context               context = CONTEXT_NONE;
  if (short_run(scan, at, end) || !candidate_begin(scan, at, end, &candidate)) return end;
  if (candidate.plus && end == scan->text.size && candidate.count >= CUT_LEAST && candidate.count < PLUS_LEAST &&
      !is_zone(scan->text, at, candidate.count)) { /* cut off */
    report(scan, &candidate);
    return end;
  }
  begins = candidate.plus || (region->begins >> (candidate.digits[0] - '0') & 1) || own_code(region, candidate.digits);
  behind = (candidate.plus || candidate.count <= FIRST_MOST) && separator_at(scan->text, end) > 0;
  if (behind && !begins) candidate.loose = key_says_number(scan, candidate.start);
  if (behind && (begins || candidate.loose) && candidate_read(scan, &candidate)) {
    if (sure_alone(scan, &candidate) && candidate_lookalike(scan, &candidate, CONTEXT_NONE) == NULL) return decide(scan, &candidate, CONTEXT_NONE);
    context = candidate_context(scan, &candidate);
    if (refusal(scan, &candidate, context) == NULL) return decide(scan, &candidate, context);
    if (candidate.groups > 1) scan_note(scan, candidate.start, candidate.end, refusal(scan, &candidate, context));
    return end;
  }
  if (candidate.count < NUMBER_LEAST && !(candidate.count == NUMBER_LEAST - 1 && (region->lengths & (1 << 6 | 1 << 5)))) return end;
  if (!begins && !scan->strict) {
    context = candidate_context(scan, &candidate);
    if (context == CONTEXT_NONE) {
      if (candidate.count >= NUMBER_LEAST) scan_note(scan, candidate.start, end, nothing_beside);
      return end;
    }
  }
  if (candidate.count > PHONE_DIGITS_MOST) {
    scan_note(scan, candidate.start, end, "longer than any number");
    return end;
  }
  service_skip(scan, &candidate);
  candidate_fold(scan, &candidate);
  if (sure_alone(scan, &candidate) && candidate_lookalike(scan, &candidate, CONTEXT_NONE) == NULL) return decide(scan, &candidate, CONTEXT_NONE);
  return decide(scan, &candidate, candidate_context(scan, &candidate));
}

void phone_scan(struct scan *scan) {
  const struct positions *digit = &scan->anchors->digit;
  size_t                  done = 0;
  for (uint32_t i = 0; i < digit->count; i++)
    if (digit->at[i] >= done) done = run_scan(scan, digit->at[i], class_end(&scan->anchors->blocks, CLASS_DIGIT, digit->at[i], scan->text.size));
}

/* The digits of a number as it is written, its extension left out. */
static unsigned digits_of(struct text value, char digits[PHONE_DIGITS_MOST], bool *plus) {
  unsigned count = 0;
  for (size_t i = 0; i < value.size; i++) {
    char c = value.at[i];
    if (is_digit(c)) {
      if (count < PHONE_DIGITS_MOST) digits[count++] = c;
    } else if (c == '+') {
      *plus = true;
    } else if (c == '%' && i + 2 < value.size && is_hex(value.at[i + 1])) {
      *plus |= value.at[i + 1] == '2' && to_lower(value.at[i + 2]) == 'b';
      i += 2;
    } else if (to_lower(c) == 'x') {
      break;
    }
  }
  return count;
}

/* RFC 3966: ";phone-context=+33" among the parameters behind a number; the digits behind the plus, "" where there are none. */
static struct text phone_context(struct text text, size_t at) {
  size_t size = 0;
  while (at < text.size && text.at[at] == ';' && !STARTS(text, at, ";phone-context=+"))
    for (at++; at < text.size && (is_alnum(text.at[at]) || memchr("-=+._", text.at[at], 5) != NULL); at++) continue;
  if (!STARTS(text, at, ";phone-context=+")) return TEXT_NONE;
  at += sizeof ";phone-context=+" - 1;
  while (at + size < text.size && is_digit(text.at[at + size])) size++;
  return (struct text){ text.at + at, size };
}

static bool fold_written(const struct scan *scan, const char *digits, unsigned count, bool plus, size_t end, struct phone_number *number) {
  struct text local = plus ? TEXT_NONE : phone_context(scan->text, end);
  if (local.size > 0) return phone_fold_local(scan->region, local, digits, count, number);
  return phone_fold_again(scan->memo, scan->region, digits, count, plus, number);
}

bool phone_user_is_number(const struct scan *scan, struct text user) {
  struct phone_number number;
  char                digits[PHONE_DIGITS_MOST];
  size_t              end = 0;
  unsigned            count;
  bool                plus = false;
  if (user.size > 0 && user.at[0] == '+') end++;
  if (STARTS(user, 0, "%2b")) end = 3;
  while (end < user.size && (is_digit(user.at[end]) || user.at[end] == '-' || user.at[end] == '.')) end++;
  if (end < user.size && user.at[end] != ';') return false;
  count = digits_of((struct text){ user.at, end }, digits, &plus);
  return count >= NUMBER_LEAST && phone_fold_again(scan->memo, scan->region, digits, count, plus, &number);
}

size_t phone_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]) {
  struct text         value = { scan->text.at + span->start, span->end - span->start };
  struct phone_number number;
  char                digits[PHONE_DIGITS_MOST];
  bool                plus = span->piece == PIECE_PLUS;
  unsigned            count = digits_of(value, digits, &plus);
  country[0] = 0;
  if (room < PHONE_DIGITS_MOST + 1) return 0;
  if (!fold_written(scan, digits, count, plus, span->end, &number)) {
    out[0] = '?';
    memcpy(out + 1, digits, count);
    return count + 1;
  }
  if (number.region != NULL && is_alpha(number.region->iso[0])) memcpy(country, number.region->iso, 3);
  out[0] = '+';
  memcpy(out + 1, number.digits, number.count);
  return number.count + 1;
}
