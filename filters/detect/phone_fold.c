/* Readings of a number, the surest first; the first that gives a valid number is taken, else the first that gives a possible one.
 *
 *   plus ─ international prefix ─ own country code ─ national ─ dial prefixes ─ bare country code
 *
 * libphonenumber's PhoneNumberUtil::ParseHelper is followed to the letter in national(), international() and the order of the two,
 * but for one thing: a number that begins with the region's own code, where numbers are written with a trunk prefix and this has
 * none, is taken for the international number that SIP trunks send, even where it could be a local one. */
#include "filters/detect/phone_fold.h"

enum { NATIONAL_LEAST = 4, E164_DIGITS = 15 };

struct input {
  const struct phone_region *region;
  const char                *digits;
  unsigned                   count;
  bool                       sure; /* a valid number is looked for; else a possible one */
};

/* Sets *number where nsn is what input asks for. */
static bool take(const struct input *input, const struct phone_code *code, const char *nsn, unsigned count, enum phone_form form,
                 struct phone_number *number) {
  unsigned n = 0, value = code->code, divisor = value >= 100 ? 100 : value >= 10 ? 10 : 1;
  if (count < 2 || count > PHONE_NSN_MOST) return false;
  if (input->sure) number->region = phone_code_region(code, nsn, count);
  else number->region = phone_code_possible(code, nsn, count) ? phone_code_main(code) : NULL;
  if (number->region == NULL) return false;
  for (; divisor > 0; divisor /= 10) number->digits[n++] = (char)('0' + value / divisor % 10);
  memcpy(number->digits + n, nsn, count);
  number->count = (uint8_t)(n + count);
  number->form = form;
  number->valid = input->sure;
  number->possible = true;
  return true;
}

/* The national prefix goes when what it leaves is long enough for a number of the region. */
static unsigned strip(const struct phone_region *region, const char *digits, unsigned count, char nsn[PHONE_NSN_MOST + 8]) {
  unsigned size = phone_prefix_strip(region, digits, count, nsn);
  uint32_t longer = size < 32 ? UINT32_MAX << size : 0;
  if (size == 0 || (region->lengths & longer) == 0) return size; /* too long stays so */
  return region->lengths >> size & 1 ? size : 0;
}

static bool national(const struct input *input, const struct phone_region *region, const char *digits, unsigned count, enum phone_form form,
                     struct phone_number *number) {
  char                     nsn[PHONE_NSN_MOST + 8];
  const struct phone_code *code = phone_region_code(region);
  unsigned                 size = strip(region, digits, count, nsn);
  if (size > 0) return take(input, code, nsn, size, size < count && form == PHONE_BARE ? PHONE_NATIONAL : form, number);
  return take(input, code, digits, count, form, number);
}

/* Digits that begin with a country code. */
static bool international(const struct input *input, const char *digits, unsigned count, enum phone_form form, struct phone_number *number) {
  unsigned                   size;
  const struct phone_code   *code = phone_code_of(digits, count, &size);
  const struct phone_region *main;
  if (code == NULL || count - size < 2) return false;
  main = phone_code_main(code);
  digits += size, count -= size;
  if (national(input, main, digits, count, form, number)) return true;
  if (digits[0] == '0' && main->trunk[0] != '0') return take(input, code, digits + 1, count - 1, form, number);    /* +34 (0)9… */
  if (code->code == 52 && digits[0] == '1' && count == 11) return take(input, code, digits + 1, 10, form, number); /* Mexican mobiles until 2019 */
  return false;
}

static bool begins(const char *digits, unsigned count, const char *pattern, unsigned *size) {
  unsigned n = 0;
  for (; pattern[n] != 0; n++)
    if (n >= count || (pattern[n] != 'x' && pattern[n] != digits[n])) return false;
  *size = n;
  return n < count;
}

/* Dialled before a number: withholding one's own number, choosing a carrier; x is any digit. What * and # surround is not here. */
static const struct {
  uint16_t code;
  char     digits[8];
} dial_prefixes[] = {
  { 1, "101xxxx" }, { 1, "1167" },  { 1, "1182" },  { 33, "3651" },  { 34, "067" },    { 41, "10xxx" }, { 43, "10xx" },
  { 44, "141" },    { 44, "1470" }, { 44, "1280" }, { 49, "010xx" }, { 49, "0100xx" }, { 52, "01" },    { 52, "044" },
  { 52, "045" },    { 61, "1831" }, { 61, "1832" }, { 64, "0197" },  { 64, "0196" },   { 81, "184" },   { 81, "186" },
  { 82, "23" },     { 353, "141" }, { 852, "133" }, { 852, "1357" },
};

static bool after_prefix(const struct input *input, unsigned skip, struct phone_number *number);

static bool after_dial_prefix(const struct input *input, struct phone_number *number) {
  unsigned size;
  for (size_t i = 0; i < sizeof dial_prefixes / sizeof dial_prefixes[0]; i++)
    if (dial_prefixes[i].code == input->region->code && begins(input->digits, input->count, dial_prefixes[i].digits, &size) &&
        after_prefix(input, size, number))
      return true;
  return false;
}

/* A number that says itself that it begins here: by an international prefix, or by the national one where there is one. */
static bool after_prefix(const struct input *input, unsigned skip, struct phone_number *number) {
  const struct phone_region *region = input->region;
  const char                *digits = input->digits + skip;
  unsigned                   count = input->count - skip, idd = phone_idd_size(region, digits, count), size;
  if (idd == 0 && begins(digits, count, "00", &size) && digits[size] != '0') idd = size;
  if (idd > 0 && international(input, digits + idd, count - idd, PHONE_DIALLED, number)) return true;
  if (region->trunk[0] != 0 ? !begins(digits, count, region->trunk, &size) : skip < 2) return false;
  return national(input, region, digits, count, PHONE_DIALLED, number);
}

/* libphonenumber looks for the national prefix twice here. */
static bool own_code(const struct input *input, struct phone_number *number) {
  char                     nsn[PHONE_NSN_MOST + 8];
  unsigned                 size, rest;
  const struct phone_code *code = phone_code_of(input->digits, input->count, &size);
  enum phone_form          form = input->region->code == 1 ? PHONE_NATIONAL : PHONE_OWN_CODE; /* there the trunk prefix is the code */
  if (code == NULL || code->code != input->region->code) return false;
  rest = phone_prefix_strip(input->region, input->digits + size, input->count - size, nsn);
  if (rest > 0 && national(input, phone_code_main(code), nsn, rest, form, number)) return true;
  return international(input, input->digits, input->count, form, number);
}

/* As libphonenumber has it: the country's code without a plus is one where only what follows it has a number's form. */
static bool own_code_shows(const struct input *input) {
  const struct phone_region *region = input->region;
  char                       nsn[PHONE_NSN_MOST + 8];
  unsigned                   size, rest;
  const struct phone_code   *code = phone_code_of(input->digits, input->count, &size);
  if (code == NULL || code->code != region->code) return false;
  if (input->count > PHONE_NSN_MOST || region->lengths >> input->count == 0) return true;
  if (phone_region_general(region, input->digits, input->count)) return false;
  rest = phone_prefix_strip(region, input->digits + size, input->count - size, nsn);
  return rest > 0 ? phone_region_general(region, nsn, rest) : phone_region_general(region, input->digits + size, input->count - size);
}

static enum phone_form national_form(const struct input *input) {
  const struct phone_region *region = input->region;
  unsigned                   size;
  return region->bare || begins(input->digits, input->count, region->trunk, &size) ? PHONE_NATIONAL : PHONE_BARE;
}

/* 00 is understood where another international prefix is the usual one, unless the digits are a national number. */
static bool after_zeros(const struct input *input, struct phone_number *number) {
  unsigned size;
  return begins(input->digits, input->count, "00", &size) && international(input, input->digits + 2, input->count - 2, PHONE_IDD, number);
}

static bool fold(const struct input *input, struct phone_number *number) {
  const struct phone_region *region = input->region;
  const char                *digits = input->digits;
  unsigned                   count = input->count;
  unsigned                   idd = phone_idd_size(region, digits, count);
  bool                       trunk = region->trunk[0] != 0;
  if (idd > 0 && international(input, digits + idd, count - idd, PHONE_IDD, number)) return true;
  if (((trunk && !region->bare) || own_code_shows(input)) && own_code(input, number)) return true;
  if ((input->sure || national_form(input) == PHONE_NATIONAL) && national(input, region, digits, count, national_form(input), number)) return true;
  if (after_zeros(input, number) || own_code(input, number) || after_dial_prefix(input, number)) return true;
  if ((digits[0] == '0' || digits[0] == '9') && count > 1 && after_prefix(input, 1, number)) return true; /* an outside line */
  if (!input->sure && national(input, region, digits, count, PHONE_BARE, number)) return true;
  if (digits[0] != '0' && international(input, digits, count, PHONE_CODE, number)) return true;
  return region->bare && digits[0] == '9' && take(input, phone_region_code(region), digits + 1, count - 1, PHONE_DIALLED, number);
}

/* A plus or an international prefix says that it is a number, though it fits no plan. */
static bool unknown(const struct input *input, bool plus, struct phone_number *number) {
  const char              *digits = input->digits;
  unsigned                 count = input->count, size = plus ? 0 : phone_idd_size(input->region, digits, count);
  const struct phone_code *code;
  if (!plus && size == 0) {
    if (!begins(digits, count, "00", &size)) return false;
  }
  digits += size, count -= size;
  code = phone_code_of(digits, count, &size);
  if (count < NATIONAL_LEAST + 3 || count > E164_DIGITS || (code == NULL && !plus)) return false;
  memcpy(number->digits, digits, count);
  number->count = (uint8_t)count;
  number->form = plus ? PHONE_PLUS : PHONE_IDD;
  number->region = code == NULL ? NULL : phone_code_main(code);
  number->valid = number->possible = false;
  return true;
}

bool phone_fold(const struct phone_region *region, const char *digits, unsigned count, bool plus, struct phone_number *number) {
  struct input input = { region, digits, count, true };
  *number = (struct phone_number){ .count = 0 };
  if (count < NATIONAL_LEAST || count > PHONE_DIGITS_MOST) return false;
  if (plus && digits[0] == '0') plus = false; /* +0033…, +01 99… */
  for (int pass = 0; pass < 2; pass++, input.sure = false)
    if (plus ? international(&input, digits, count, PHONE_PLUS, number) : fold(&input, number)) return true;
  if (unknown(&input, plus, number)) return true;
  *number = (struct phone_number){ .count = 0 };
  return false;
}

bool phone_fold_again(struct phone_memo *memo, const struct phone_region *region, const char *digits, unsigned count, bool plus,
                      struct phone_number *number) {
  unsigned at;
  if (count < NATIONAL_LEAST || count > PHONE_DIGITS_MOST) return phone_fold(region, digits, count, plus, number);
  at = ((unsigned)digits[count - 1] + 3u * (unsigned)digits[count - 2] + count) % PHONE_MEMO_ROWS;
  if (memo->rows[at].region != region || memo->rows[at].count != count || memo->rows[at].plus != plus ||
      memcmp(memo->rows[at].digits, digits, count) != 0) {
    memo->rows[at].region = region;
    memo->rows[at].count = (uint8_t)count;
    memo->rows[at].plus = plus;
    memcpy(memo->rows[at].digits, digits, count);
    memo->rows[at].folds = phone_fold(region, digits, count, plus, &memo->rows[at].number);
  }
  *number = memo->rows[at].number;
  return memo->rows[at].folds;
}

bool phone_fold_local(const struct phone_region *region, struct text context, const char *digits, unsigned count, struct phone_number *number) {
  char                     whole[PHONE_DIGITS_MOST];
  unsigned                 size;
  const struct phone_code *code = phone_code_of(context.at, (unsigned)context.size, &size);
  if (context.size > 0 && context.size + count <= sizeof whole) {
    memcpy(whole, context.at, context.size);
    memcpy(whole + context.size, digits, count);
    if (phone_fold(region, whole, (unsigned)context.size + count, true, number)) return true;
  }
  return phone_fold(code != NULL ? phone_code_main(code) : region, digits, count, false, number);
}
