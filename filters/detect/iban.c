/* iban: ISO 13616 account numbers, in one piece or in groups of four: the country's length and the check of ISO 7064
 * (mod 97) must fit; behind a key the form is enough. */
#include "filters/detect/value.h"

enum { IBAN_LEAST = 15, IBAN_MOST = 34, CUT_LEAST = 8 /* of one that the text's end cuts off */ };

struct iban {
  char     at[IBAN_MOST + 1];
  unsigned count;
  size_t   end; /* in the text */
};

/* Length by country, from the registry; 0: none is registered. */
static unsigned country_size(char a, char b) {
  static const struct {
    char    country[3];
    uint8_t size;
  } rows[] = {
    { "NO", 15 }, { "BE", 16 }, { "DK", 18 }, { "FI", 18 }, { "FO", 18 }, { "GL", 18 }, { "NL", 18 }, { "SD", 18 }, { "FK", 18 }, { "MK", 19 },
    { "SI", 19 }, { "AT", 20 }, { "BA", 20 }, { "EE", 20 }, { "KZ", 20 }, { "LT", 20 }, { "LU", 20 }, { "XK", 20 }, { "MN", 20 }, { "CH", 21 },
    { "HR", 21 }, { "LI", 21 }, { "LV", 21 }, { "BG", 22 }, { "BH", 22 }, { "CR", 22 }, { "DE", 22 }, { "GB", 22 }, { "GE", 22 }, { "IE", 22 },
    { "ME", 22 }, { "RS", 22 }, { "VA", 22 }, { "AE", 23 }, { "GI", 23 }, { "IL", 23 }, { "IQ", 23 }, { "TL", 23 }, { "OM", 23 }, { "SO", 23 },
    { "AD", 24 }, { "CZ", 24 }, { "ES", 24 }, { "MD", 24 }, { "PK", 24 }, { "RO", 24 }, { "SA", 24 }, { "SE", 24 }, { "SK", 24 }, { "TN", 24 },
    { "VG", 24 }, { "LY", 25 }, { "PT", 25 }, { "ST", 25 }, { "IS", 26 }, { "TR", 26 }, { "BI", 27 }, { "DJ", 27 }, { "FR", 27 }, { "GR", 27 },
    { "IT", 27 }, { "MC", 27 }, { "MR", 27 }, { "SM", 27 }, { "AL", 28 }, { "AZ", 28 }, { "BY", 28 }, { "CY", 28 }, { "DO", 28 }, { "GT", 28 },
    { "HU", 28 }, { "LB", 28 }, { "NI", 28 }, { "PL", 28 }, { "SV", 28 }, { "BR", 29 }, { "EG", 29 }, { "PS", 29 }, { "QA", 29 }, { "UA", 29 },
    { "JO", 30 }, { "KW", 30 }, { "MU", 30 }, { "YE", 30 }, { "MT", 31 }, { "SC", 31 }, { "LC", 32 }, { "RU", 33 }, { "HN", 28 },
  };
  for (size_t i = 0; i < COUNT(rows); i++)
    if (rows[i].country[0] == a && rows[i].country[1] == b) return rows[i].size;
  return 0;
}

static size_t separator_size(struct text text, size_t at) {
  if (at < text.size && (text.at[at] == ' ' || text.at[at] == '-' || text.at[at] == '+')) return 1;
  if (STARTS(text, at, "%20")) return 3;
  return at + 1 < text.size && text.at[at] == '\xc2' && text.at[at + 1] == '\xa0' ? 2 : 0;
}

/* Reads at most most letters and digits from byte start on; between groups of four one separator. */
static void iban_read(struct text text, size_t start, unsigned most, struct iban *iban) {
  size_t at = start;
  iban->count = 0;
  iban->end = start;
  while (at < text.size && iban->count < most) {
    size_t gap = iban->count > 0 && iban->count % 4 == 0 ? separator_size(text, at) : 0;
    if (at + gap >= text.size || !is_alnum(text.at[at + gap])) return;
    at += gap;
    iban->at[iban->count++] = is_lower(text.at[at]) ? (char)(text.at[at] - 32) : text.at[at];
    iban->end = ++at;
  }
}

static bool mod97_fits(const struct iban *iban) {
  unsigned rest = 0;
  for (unsigned i = 0; i < iban->count; i++) {
    char c = iban->at[(i + 4) % iban->count];
    rest = is_digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97 : (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
  }
  return rest == 1;
}

static void iban_report(struct scan *scan, size_t start, bool keyed) {
  struct text text = scan->text;
  struct iban iban;
  unsigned    size;
  iban_read(text, start, 4, &iban);
  if (iban.count < 4 || !is_upper(iban.at[0]) || !is_upper(iban.at[1]) || !is_digit(iban.at[2]) || !is_digit(iban.at[3])) return;
  size = country_size(iban.at[0], iban.at[1]);
  if (size == 0 && !keyed) return;
  iban_read(text, start, size > 0 ? size : IBAN_MOST, &iban);
  if (keyed && !ends_clear(text, iban.end)) { /* mistyped: take what stands there in one piece */
    while (!ends_clear(text, iban.end)) iban.end++;
  }
  if ((iban.count < IBAN_LEAST && !(keyed && iban.end == text.size && iban.count >= CUT_LEAST)) ||
      (!keyed && (iban.count < size || !ends_clear(text, iban.end))))
    return;
  if (keyed || mod97_fits(&iban)) scan_add(scan, start, iban.end, 0);
  else scan_note(scan, start, iban.end, "the check digits (mod 97) do not fit");
}

void iban_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; (scan->anchors->kinds & KEY_IBAN) && i < scan->anchors->keyed_count; i++)
    if (scan->anchors->keyed[i].kind & KEY_IBAN) iban_report(scan, scan->anchors->keyed[i].start, true);
  for (uint32_t i = 0; i < scan->anchors->code.count; i++) {
    size_t at = scan->anchors->code.at[i];
    if (at > 1 && is_upper(text.at[at - 1]) && is_upper(text.at[at - 2]) && starts_clear(text, at - 2)) iban_report(scan, at - 2, false);
  }
}
