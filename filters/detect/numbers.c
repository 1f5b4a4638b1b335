/* numbers: identities of mobile equipment, subscriptions and cards: long runs of digits with a check.
 *
 *   imei   3GPP TS 23.003 6.2: 14 digits and a check digit, or 16 digits with the software's version
 *   imsi   3GPP TS 23.003 2.2: country (ITU-T E.212), network, subscriber: 14 or 15 digits
 *   iccid  ITU-T E.118: 89, country, issuer: 19 or 20 digits with a check digit
 *   card   ISO/IEC 7812-1: payment cards, 13 to 19 digits with a check digit
 *
 * A key says enough; without one the check must fit, and a word before, or the shape, must say so too. */
#include "filters/detect/value.h"

enum { CUT_LEAST = 6 };
#define NO_CHECK "the check digit does not fit"

static bool fraction_before(struct text text, size_t start) {
  return start > 1 && (text.at[start - 1] == '.' || text.at[start - 1] == ',') && is_digit(text.at[start - 2]);
}

static bool run_is_alone(struct text text, size_t start, size_t end) {
  return ends_clear(text, end) && !fraction_before(text, start) && (start == 0 || !is_digit(text.at[start - 1]));
}

/* The text ends inside the number: what is there of it is hidden. */
static bool is_cut(struct text text, const struct digits *digits) { return digits->end == text.size && digits->count >= CUT_LEAST; }

/* Keyed values of this kind with least to most digits, with one of marks between. */
static void keyed_digits(struct scan *scan, uint32_t kind, unsigned least, unsigned most, const char *marks, const char *why) {
  for (uint32_t i = 0; i < scan->anchors->keyed_count; i++) {
    const struct keyed *keyed = &scan->anchors->keyed[i];
    struct digits       digits;
    if (!(keyed->kind & kind)) continue;
    digits_read(scan->text, keyed->start, marks, &digits);
    if (digits.count == 0) continue;
    if ((digits.count >= least || is_cut(scan->text, &digits)) && digits.count <= most && ends_clear(scan->text, digits.end))
      scan_add(scan, keyed->start, digits.end, 0);
    else scan_note(scan, keyed->start, digits.end, why);
  }
}

/* A run by itself behind one of words; one behind the key itself is keyed_digits'. */
static bool in_context(const struct scan *scan, size_t start, size_t end, uint32_t kind, const struct text *words, size_t count) {
  return run_is_alone(scan->text, start, end) && word_before(scan->text, start, words, count) && !keyed_at(scan, start, kind);
}

/* ---- imei ---- */

void imei_scan(struct scan *scan) {
  static const struct text words[] = { TEXT("imei"),   TEXT("imeisv"),   TEXT("meid"),     TEXT("equipment"), TEXT("handset"),
                                       TEXT("device"), TEXT("terminal"), TEXT("appareil"), TEXT("modem"),     TEXT("pei") };
  uint32_t                 index = 0;
  size_t                   start, end;
  if (scan->anchors->kinds & KEY_IMEI) keyed_digits(scan, KEY_IMEI, 14, 16, " -/.", "an IMEI has 14 to 16 digits");
  if (!(scan->anchors->sights & SEES_LONG)) return;
  while (long_run(scan, &index, &start, &end)) {
    if (end - start < 15 || end - start > 16 || !in_context(scan, start, end, KEY_IMEI, words, COUNT(words))) continue;
    if (end - start == 15 && !luhn(scan->text.at + start, 15)) scan_note(scan, start, end, NO_CHECK);
    else scan_add(scan, start, end, 0);
  }
}

/* The device, whatever follows it: 14 digits. */
size_t imei_canonical(const struct scan *scan, const struct span *span, char *out, size_t room, char country[3]) {
  size_t n = 0;
  country[0] = 0;
  for (size_t i = span->start; i < span->end && n < 14 && n < room; i++)
    if (is_digit(scan->text.at[i])) out[n++] = scan->text.at[i];
  return n;
}

/* ---- imsi ---- */

/* Mobile country codes, ITU-T E.212 annex: 001 and 999 are for tests and private networks. */
static bool country_is_known(const char *digits) {
  static const struct {
    uint16_t least, most;
  } ranges[] = { { 1, 1 }, { 202, 297 }, { 302, 376 }, { 400, 470 }, { 502, 555 }, { 602, 659 }, { 702, 750 }, { 901, 901 }, { 995, 999 } };
  unsigned code = (unsigned)(digits[0] - '0') * 100 + (unsigned)(digits[1] - '0') * 10 + (unsigned)(digits[2] - '0');
  for (size_t i = 0; i < COUNT(ranges); i++)
    if (code >= ranges[i].least && code <= ranges[i].most) return true;
  return false;
}

void imsi_scan(struct scan *scan) {
  static const struct text words[] = { TEXT("imsi"), TEXT("supi"), TEXT("impi"), TEXT("suci") };
  uint32_t                 index = 0;
  size_t                   start, end;
  if (scan->anchors->kinds & KEY_IMSI) keyed_digits(scan, KEY_IMSI, 13, 16, " -", "an IMSI has 14 or 15 digits");
  if (!(scan->anchors->sights & SEES_LONG)) return;
  while (long_run(scan, &index, &start, &end)) {
    if (end - start < 14 || end - start > 15 || !in_context(scan, start, end, KEY_IMSI, words, COUNT(words))) continue;
    if (!country_is_known(scan->text.at + start)) scan_note(scan, start, end, "no mobile country code");
    else scan_add(scan, start, end, 0);
  }
}

/* ---- iccid ---- */

/* The filler of the last half byte belongs to it. */
static size_t iccid_end(struct text text, size_t end) { return end < text.size && (text.at[end] == 'F' || text.at[end] == 'f') ? end + 1 : end; }

static void iccid_keyed(struct scan *scan, size_t start) {
  struct digits digits;
  size_t        end;
  digits_read(scan->text, start, " -", &digits);
  end = iccid_end(scan->text, digits.end);
  if ((digits.count >= 18 || is_cut(scan->text, &digits)) && digits.count <= 32 && ends_clear(scan->text, end)) scan_add(scan, start, end, 0);
  else if (digits.count > 0) scan_note(scan, start, digits.end, "an ICCID has 18 to 20 digits, an EID 32");
}

void iccid_scan(struct scan *scan) {
  struct text text = scan->text;
  uint32_t    index = 0;
  size_t      start, end;
  for (uint32_t i = 0; (scan->anchors->kinds & KEY_ICCID) && i < scan->anchors->keyed_count; i++)
    if (scan->anchors->keyed[i].kind & KEY_ICCID) iccid_keyed(scan, scan->anchors->keyed[i].start);
  if (!(scan->anchors->sights & SEES_LONG)) return;
  while (long_run(scan, &index, &start, &end)) {
    const struct keyed *keyed;
    if (end - start < 19 || end - start > 20 || text.at[start] != '8' || text.at[start + 1] != '9' ||
        !run_is_alone(text, start, iccid_end(text, end)))
      continue;
    keyed = anchors_key_at(scan->anchors, start);
    if (!starts_clear(text, start) || (keyed != NULL && keyed->start == start && (keyed->kind & (KEY_ID | KEY_ICCID)))) continue;
    if (luhn(text.at + start, (unsigned)(end - start))) scan_add(scan, start, iccid_end(text, end), 0);
    else scan_note(scan, start, end, NO_CHECK);
  }
}

/* ---- card ---- */

/* Issuers of payment cards: 34, 37, 35, 36, 38, 39, 4, 5, 6, and 2221 to 2720. */
static bool issuer_is_known(const char *digits) {
  if (digits[0] == '2') return memcmp(digits, "2221", 4) >= 0 && memcmp(digits, "2720", 4) <= 0;
  return digits[0] >= '3' && digits[0] <= '6' && memcmp(digits, "0000", 4) != 0;
}

/* Four hexadecimal digits, as beside a group of a hex dump. */
static bool hex_group(struct text text, size_t start) {
  bool digit = false;
  for (size_t i = start; i < start + 4; i++) {
    if (i >= text.size || !is_hex(text.at[i])) return false;
    digit |= is_digit(text.at[i]);
  }
  return digit && ends_clear(text, start + 4);
}

/* 4-4-4-4 digits, the same mark between, nothing like it beside. */
static void card_grouped(struct scan *scan, size_t start) {
  struct text   text = scan->text;
  struct digits digits;
  char          mark = start + 4 < text.size ? text.at[start + 4] : 0, marks[2] = { mark, 0 };
  if ((mark != ' ' && mark != '-') || !starts_clear(text, start)) return;
  if (start > 1 && text.at[start - 1] == mark && (mark == ' ' ? is_digit(text.at[start - 2]) : is_alnum(text.at[start - 2]))) return;
  digits_read(text, start, marks, &digits);
  if (digits.count != 16 || digits.end != start + 19 || !ends_clear(text, digits.end)) return;
  if (text.at[start + 9] != mark || text.at[start + 14] != mark || !issuer_is_known(digits.at)) return;
  if ((start > 4 && hex_group(text, start - 5)) || (digits.end < text.size && hex_group(text, digits.end + 1))) return;
  if (luhn(digits.at, 16)) scan_add(scan, start, digits.end, 0);
  else scan_note(scan, start, digits.end, NO_CHECK);
}

void card_scan(struct scan *scan) {
  static const struct text words[] = { TEXT("card"),     TEXT("visa"),     TEXT("mastercard"), TEXT("amex"),      TEXT("pan"), TEXT("carte"),
                                       TEXT("cb"),       TEXT("karte"),    TEXT("credit"),     TEXT("debit"),     TEXT("cc"),  TEXT("maestro"),
                                       TEXT("discover"), TEXT("bancaire"), TEXT("cardno"),     TEXT("cardnumber") };
  const struct positions  *digit = &scan->anchors->digit;
  uint32_t                 index = 0;
  size_t                   start, end;
  if (scan->anchors->kinds & KEY_CARD) keyed_digits(scan, KEY_CARD, 12, 19, " -", "a card's number has 12 to 19 digits");
  for (uint32_t i = 3; (scan->anchors->sights & SEES_GROUPS) && i < digit->count; i++)
    if (digit->at[i] - digit->at[i - 3] == 15) card_grouped(scan, digit->at[i - 3]);
  if (!(scan->anchors->sights & SEES_LONG)) return;
  while (long_run(scan, &index, &start, &end)) {
    if (end - start > 19 || !in_context(scan, start, end, KEY_CARD, words, COUNT(words))) continue;
    if (!issuer_is_known(scan->text.at + start)) continue;
    if (luhn(scan->text.at + start, (unsigned)(end - start))) scan_add(scan, start, end, 0);
    else scan_note(scan, start, end, NO_CHECK);
  }
}
