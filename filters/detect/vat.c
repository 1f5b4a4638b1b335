/* vat: value added tax numbers of the EU's countries, Northern Ireland, Great Britain, Switzerland and Norway.
 *
 * Form and check digits are those of the VIES documentation and of the countries' own publications. Behind a key the
 * form is enough, and behind a word such as "VAT"; behind "number" and the like the check must fit too. Where letters and
 * checks are such that hardly anything else has them (FR, BE, AT, NL, LU, IT, ES), the number is known wherever it stands. */
#include "filters/detect/value.h"

enum { VAT_LEAST = 7, CODE_MOST = 20, NEAR_MOST = 64 };

struct vat {
  char     at[CODE_MOST]; /* upper case, without separators; the country's letters first */
  unsigned count;
  size_t   end;
};

/* 0 to 9 of ISO 7064 MOD 11,10: the last of count digits checks the others. */
static bool iso7064_mod11_10(const char *digits, unsigned count) {
  unsigned product = 10;
  for (unsigned i = 0; i + 1 < count; i++) {
    unsigned sum = ((unsigned)(digits[i] - '0') + product) % 10;
    product = (sum == 0 ? 10 : sum) * 2 % 11;
  }
  return (product + (unsigned)(digits[count - 1] - '0')) % 10 == 1;
}

static unsigned number_of(const char *digits, unsigned count) {
  unsigned number = 0;
  for (unsigned i = 0; i < count; i++) number = number * 10 + (unsigned)(digits[i] - '0');
  return number;
}

/* Sum of digits times weights, '0' to '9' and ':' for 10. */
static unsigned weighted(const char *digits, const char *weights) {
  unsigned sum = 0;
  for (unsigned i = 0; weights[i] != 0; i++) sum += (unsigned)(digits[i] - '0') * (unsigned)(weights[i] - '0');
  return sum;
}

static bool check_at(const char *n) { /* U12345678 */
  unsigned sum = 4;
  for (unsigned i = 1; i < 8; i++) {
    unsigned digit = (unsigned)(n[i] - '0') * (i % 2 == 0 ? 2 : 1);
    sum += digit / 10 + digit % 10;
  }
  return (10 - sum % 10) % 10 == (unsigned)(n[8] - '0');
}
static bool check_be(const char *n) { return (number_of(n, 8) + number_of(n + 8, 2)) % 97 == 0; }
static bool check_de(const char *n) { return n[0] != '0' && iso7064_mod11_10(n, 9); }
static bool check_hr(const char *n) { return iso7064_mod11_10(n, 11); }
static bool check_dk(const char *n) { return weighted(n, "27654321") % 11 == 0; }
static bool check_fi(const char *n) { return (11 - weighted(n, "79:5842") % 11) % 11 == (unsigned)(n[7] - '0'); }
static bool check_lu(const char *n) { return number_of(n, 6) % 89 == number_of(n + 6, 2); }
static bool check_it(const char *n) { return luhn(n, 11); }
static bool check_se(const char *n) { return luhn(n, 10); }
static bool check_pl(const char *n) { return weighted(n, "657234567") % 11 == (unsigned)(n[9] - '0'); }
static bool check_ee(const char *n) { return weighted(n, "371371371") % 10 == 0; }
static bool check_hu(const char *n) { return weighted(n, "97319731") % 10 == 0; }
static bool check_mt(const char *n) { return (weighted(n, "346789") + number_of(n + 6, 2)) % 37 == 0; }
static bool check_si(const char *n) {
  unsigned rest = weighted(n, "8765432") % 11;
  return rest > 0 && (11 - rest) % 10 == (unsigned)(n[7] - '0');
}

static bool check_sk(const char *n) { return ((uint64_t)number_of(n, 9) * 10 + (unsigned)(n[9] - '0')) % 11 == 0; }
static bool check_no(const char *n) { return (11 - weighted(n, "32765432") % 11) % 11 == (unsigned)(n[8] - '0'); }
static bool check_ch(const char *n) { return (11 - weighted(n + 1, "54327654") % 11) % 11 == (unsigned)(n[9] - '0'); } /* E123456789 */

static bool check_fr(const char *n) {
  if (!luhn(n + 2, 9) && memcmp(n + 2, "000", 3) != 0) return false; /* Monaco's begin with 000 */
  if (!is_digit(n[0]) || !is_digit(n[1])) return true;               /* the newer keys have letters */
  return (12 + 3 * (number_of(n + 2, 9) % 97)) % 97 == number_of(n, 2);
}

static bool check_pt(const char *n) {
  unsigned rest = 11 - weighted(n, "98765432") % 11;
  return (rest > 9 ? 0 : rest) == (unsigned)(n[8] - '0');
}

static bool check_el(const char *n) {
  unsigned sum = 0;
  for (unsigned i = 0; i < 8; i++) sum += (unsigned)(n[i] - '0') << (8 - i);
  return sum % 11 % 10 == (unsigned)(n[8] - '0');
}

static bool check_nl(const char *n) { /* the old numbers by 11, those of 2020 as an IBAN's */
  static const unsigned char letters[] = { 'N', 'L' };
  unsigned                   rest = 0;
  if (weighted(n, "98765432") % 11 == (unsigned)(n[8] - '0')) return true;
  for (unsigned i = 0; i < 2; i++) rest = (rest * 100 + letters[i] - 'A' + 10u) % 97;
  for (unsigned i = 0; i < 12; i++) rest = i == 9 ? (rest * 100 + 11) % 97 : (rest * 10 + (unsigned)(n[i] - '0')) % 97;
  return rest == 1;
}

static bool check_gb(const char *n) {
  unsigned sum;
  if (!is_digit(n[0])) return true; /* GD001, HA500: government, health */
  sum = weighted(n, "8765432") + number_of(n + 7, 2);
  return sum % 97 == 0 || sum % 97 == 42 || sum % 97 == 55;
}

static bool check_es(const char *n) { /* a person's NIF or NIE, a company's CIF */
  static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE", company[] = "JABCDEFGHI";
  unsigned          sum = 0, control;
  if (is_digit(n[0])) return letters[number_of(n, 8) % 23] == n[8];
  if (n[0] >= 'X' && n[0] <= 'Z') return letters[((unsigned)(n[0] - 'X') * 10000000 + number_of(n + 1, 7)) % 23] == n[8];
  for (unsigned i = 1; i < 8; i++) {
    unsigned digit = (unsigned)(n[i] - '0') * (i % 2 == 1 ? 2 : 1);
    sum += digit / 10 + digit % 10;
  }
  control = (10 - sum % 10) % 10;
  return n[8] == (char)('0' + control) || n[8] == company[control];
}

static bool check_ie(const char *n) { /* 1234567WA, 1234567W */
  static const char letters[] = "WABCDEFGHIJKLMNOPQRSTUV";
  unsigned          sum;
  if (!is_digit(n[1])) return true; /* 7A12345B: before 2013 */
  sum = weighted(n, "8765432");
  if (is_upper(n[8]) && n[8] != 'W') sum += 9u * (unsigned)(n[8] - 'A' + 1);
  return letters[sum % 23] == n[7];
}

/* Forms behind the country's letters: 9 a digit, A a letter, * either; several rows where there are several. check: NULL where
 * none is published, or it is not told here. */
static const struct form {
  const char *country, *form;
  bool (*check)(const char *n);
} forms[] = {
  { "AT", "A99999999", check_at },    { "BE", "9999999999", check_be },     { "BG", "999999999", NULL },         { "BG", "9999999999", NULL },
  { "CY", "99999999A", NULL },        { "CZ", "99999999", NULL },           { "CZ", "999999999", NULL },         { "CZ", "9999999999", NULL },
  { "DE", "999999999", check_de },    { "DK", "99999999", check_dk },       { "EE", "999999999", check_ee },     { "EL", "999999999", check_el },
  { "GR", "999999999", check_el },    { "ES", "*9999999*", check_es },      { "FI", "99999999", check_fi },      { "FR", "**999999999", check_fr },
  { "HR", "99999999999", check_hr },  { "HU", "99999999", check_hu },       { "IE", "9*99999A", check_ie },      { "IE", "9999999AA", check_ie },
  { "IT", "99999999999", check_it },  { "LT", "999999999", NULL },          { "LT", "999999999999", NULL },      { "LU", "99999999", check_lu },
  { "LV", "99999999999", NULL },      { "MT", "99999999", check_mt },       { "NL", "999999999A99", check_nl },  { "PL", "9999999999", check_pl },
  { "PT", "999999999", check_pt },    { "RO", "99999999", NULL },           { "RO", "999999999", NULL },         { "RO", "9999999999", NULL },
  { "SE", "999999999901", check_se }, { "SI", "99999999", check_si },       { "SK", "9999999999", check_sk },    { "GB", "999999999", check_gb },
  { "GB", "999999999999", check_gb }, { "GB", "AA999", check_gb },          { "XI", "999999999", check_gb },     { "XI", "999999999999", check_gb },
  { "CH", "E999999999", check_ch },   { "CH", "E999999999MWST", check_ch }, { "CH", "E999999999TVA", check_ch }, { "CH", "E999999999IVA", check_ch },
  { "NO", "999999999", check_no },    { "NO", "999999999MVA", check_no },
};

static bool form_fits(const char *form, const char *value, unsigned count) {
  unsigned i = 0;
  for (; form[i] != 0; i++) {
    if (i >= count) return false;
    if (form[i] == '9' ? !is_digit(value[i]) : form[i] == 'A' ? !is_upper(value[i]) : form[i] == '*' ? !is_alnum(value[i]) : form[i] != value[i])
      return false;
  }
  return i == count;
}

enum vat_fit { VAT_NONE, VAT_FORM, VAT_CHECKED };

static enum vat_fit vat_fits(const struct vat *vat) {
  enum vat_fit fit = VAT_NONE;
  char         value[CODE_MOST + 1] = "";
  if (vat->count < 5) return VAT_NONE;
  memcpy(value, vat->at + 2, vat->count - 2);
  for (size_t i = 0; i < COUNT(forms); i++) {
    if (memcmp(vat->at, forms[i].country, 2) != 0 || !form_fits(forms[i].form, value, vat->count - 2)) continue;
    if (forms[i].check != NULL && forms[i].check(value)) return VAT_CHECKED;
    fit = VAT_FORM;
  }
  return fit;
}

/* Reads letters and digits from byte start on, with one space, dot or dash between two of them where spaced. Of the
 * readings that end clear the longest that fits is kept in *vat. */
static enum vat_fit vat_read(struct text text, size_t start, bool spaced, struct vat *vat) {
  struct vat   next = { .count = 0 };
  enum vat_fit best = VAT_NONE;
  size_t       at = start;
  while (at < text.size && next.count < CODE_MOST) {
    enum vat_fit fit;
    if (spaced && next.count > 0 && next.end == at && memchr(" .-", text.at[at], 3) != NULL) at++;
    if (at >= text.size || !is_alnum(text.at[at])) break;
    next.at[next.count++] = is_lower(text.at[at]) ? (char)(text.at[at] - 32) : text.at[at];
    next.end = ++at;
    if (!ends_clear(text, at)) continue;
    fit = vat_fits(&next);
    if (fit < best || fit == VAT_NONE) continue;
    best = fit;
    *vat = next;
  }
  return best;
}

static void vat_keyed(struct scan *scan, const struct keyed *keyed) {
  struct text text = scan->text;
  struct vat  vat;
  size_t      end = keyed->start;
  unsigned    digits = 0;
  if (vat_read(text, keyed->start, true, &vat) != VAT_NONE) {
    scan_add(scan, keyed->start, vat.end, 0);
    return;
  }
  while (end < keyed->end && (is_alnum(text.at[end]) || text.at[end] == '.' || text.at[end] == '-')) digits += is_digit(text.at[end++]);
  if (digits >= VAT_LEAST && end - keyed->start <= CODE_MOST) scan_add(scan, keyed->start, end, 0); /* without its country, or mistyped */
  else if (digits > 0) scan_note(scan, keyed->start, end, "no country's VAT number has this form");
}

enum vat_word { WORD_NONE, WORD_NUMBER, WORD_VAT };

/* What the words before say: that a VAT number follows, or that some number does. */
static enum vat_word words_before(struct text text, size_t start) {
  static const struct text vats[] = { TEXT("vat"),
                                      TEXT("tva"),
                                      TEXT("idnr"),
                                      TEXT("ust"),
                                      TEXT("btw"),
                                      TEXT("iva"),
                                      TEXT("moms"),
                                      TEXT("mwst"),
                                      TEXT("nif"),
                                      TEXT("cif"),
                                      TEXT("piva"),
                                      TEXT("vatin"),
                                      TEXT("mva"),
                                      TEXT("intracom"),
                                      TEXT("alv"),
                                      TEXT("dph"),
                                      TEXT("pvm"),
                                      TEXT("nip"),
                                      TEXT("intracommunautaire") };
  static const struct text numbers[] = { TEXT("no"),  TEXT("number"),  TEXT("nr"),       TEXT("id"),  TEXT("intra"), TEXT("uid"),   TEXT("numero"),
                                         TEXT("reg"), TEXT("company"), TEXT("customer"), TEXT("tax"), TEXT("code"),  TEXT("siren"), TEXT("n") };
  enum vat_word            found = WORD_NONE;
  size_t                   at = start;
  for (unsigned i = 0; i < 4; i++) {
    struct text word;
    size_t      from;
    while (at > 0 && start - at < NEAR_MOST && memchr(" '\":=#-([.", text.at[at - 1], 10) != NULL) at--;
    from = word_start(text, at);
    word = (struct text){ text.at + from, at - from };
    if (word_among(word, vats, COUNT(vats))) return WORD_VAT;
    if (!word_among(word, numbers, COUNT(numbers))) return found;
    found = WORD_NUMBER;
    at = from;
  }
  return found;
}

/* Letters and checks that hardly anything else has. */
static bool is_sure(const struct vat *vat) {
  static const char countries[][3] = { "FR", "BE", "AT", "NL", "LU", "IT", "ES" };
  for (size_t i = 0; i < COUNT(countries); i++)
    if (memcmp(vat->at, countries[i], 2) == 0) return true;
  return false;
}

/* Capital letters before digits: a country's, perhaps with one or two of the number's own. */
static void vat_prose(struct scan *scan, size_t digit) {
  struct text   text = scan->text;
  size_t        start = digit;
  struct vat    vat;
  enum vat_fit  fit;
  enum vat_word word;
  while (start > 0 && is_upper(text.at[start - 1]) && digit - start < 5) start--;
  if (digit - start < 2 || digit - start > 4 || !starts_clear(text, start) || keyed_at(scan, start, KEY_VAT)) return;
  word = words_before(text, start);
  fit = vat_read(text, start, word == WORD_VAT, &vat);
  if (fit == VAT_NONE) return;
  if (word == WORD_VAT || (fit == VAT_CHECKED && (word == WORD_NUMBER || is_sure(&vat)))) scan_add(scan, start, vat.end, 0);
  else scan_note(scan, start, vat.end, fit == VAT_CHECKED ? "no word before says that it is a VAT number" : "its check digits do not fit");
}

void vat_scan(struct scan *scan) {
  struct text text = scan->text;
  for (uint32_t i = 0; (scan->anchors->kinds & KEY_VAT) && i < scan->anchors->keyed_count; i++)
    if (scan->anchors->keyed[i].kind & KEY_VAT) vat_keyed(scan, &scan->anchors->keyed[i]);
  for (uint32_t i = 0; i < scan->anchors->code.count; i++) {
    size_t at = scan->anchors->code.at[i];
    if (at > 1 && is_upper(text.at[at - 1]) && is_upper(text.at[at - 2])) vat_prose(scan, at);
  }
}
