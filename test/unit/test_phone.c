/* Telephone numbers: what is dialled, where, and the E.164 value it folds to; and digits that are no number. Numbers are from the
 * ranges that regulators keep for fiction, or services known to all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "filters/detect/phone_fold.h"
#include "filters/scan.h"

static const char *fold(const char *iso, const char *text, struct phone_number *number) {
  static char out[PHONE_E164_MOST + 2];
  char        digits[64];
  unsigned    count = 0;
  bool        plus = false;
  for (; *text != 0; text++) {
    plus |= *text == '+';
    if (is_digit(*text)) digits[count++] = *text;
  }
  if (!phone_fold(phone_region_find(iso), digits, count, plus, number)) return "";
  out[0] = '+';
  memcpy(out + 1, number->digits, number->count);
  out[number->count + 1] = 0;
  return out;
}

/* Each number in every spelling that its own region, a neighbour and the other end of the world know. */
static void one_number_one_value(void **state) {
  static const struct {
    const char *region, *e164, *code, *trunk, *nsn;
  } numbers[] = {
    { "FR", "+33199001234", "33", "0", "199001234" },   { "FR", "+33261915990", "33", "0", "261915990" },
    { "FR", "+33353010541", "33", "0", "353010541" },   { "FR", "+33465710102", "33", "0", "465710102" },
    { "FR", "+33536490678", "33", "0", "536490678" },   { "FR", "+33639980012", "33", "0", "639980012" },
    { "GB", "+441632960990", "44", "0", "1632960990" }, { "GB", "+442079460123", "44", "0", "2079460123" },
    { "GB", "+447700900456", "44", "0", "7700900456" }, { "US", "+12025550188", "1", "1", "2025550188" },
    { "CA", "+16135550123", "1", "1", "6135550123" },   { "DE", "+493023125123", "49", "0", "3023125123" },
    { "DE", "+496990009123", "49", "0", "6990009123" }, { "DE", "+494066969123", "49", "0", "4066969123" },
    { "DE", "+492214710123", "49", "0", "2214710123" }, { "DE", "+498999998123", "49", "0", "8999998123" },
    { "AU", "+61255501234", "61", "0", "255501234" },   { "AU", "+61270101234", "61", "0", "270101234" },
    { "AU", "+61491570156", "61", "0", "491570156" },   { "SE", "+46846500412", "46", "0", "846500412" },
    { "SE", "+46701740605", "46", "0", "701740605" },
  };
  static const struct {
    const char *region, *idd;
  } callers[] = { { "FR", "00" },  { "GB", "00" },   { "DE", "00" },  { "US", "011" }, { "AU", "0011" }, { "RU", "810" }, { "JP", "010" },
                  { "IT", "00" },  { "ES", "00" },   { "SE", "00" },  { "CA", "011" }, { "PL", "00" },   { "CH", "00" },  { "BE", "00" },
                  { "HK", "001" }, { "BR", "0015" }, { "KR", "002" }, { "NG", "009" }, { "FI", "00" },   { "TW", "002" } };
  struct phone_number number;
  (void)state;
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    char text[64];
    for (size_t k = 0; k < sizeof callers / sizeof callers[0]; k++) {
      snprintf(text, sizeof text, "+%s (%s)%s", numbers[i].code, numbers[i].trunk, numbers[i].nsn);
      assert_string_equal(fold(callers[k].region, text, &number), numbers[i].e164);
      assert_int_equal(number.form, PHONE_PLUS);
      assert_string_equal(fold(callers[k].region, numbers[i].e164, &number), numbers[i].e164);
      snprintf(text, sizeof text, "%s%s%s", callers[k].idd, numbers[i].code, numbers[i].nsn);
      if (strcmp(fold(callers[k].region, text, &number), numbers[i].e164) != 0) print_error("%s in %s\n", text, callers[k].region);
      assert_string_equal(fold(callers[k].region, text, &number), numbers[i].e164);
      assert_int_equal(number.form, PHONE_IDD);
      snprintf(text, sizeof text, "00%s%s", numbers[i].code, numbers[i].nsn);
      assert_string_equal(fold(callers[k].region, text, &number), numbers[i].e164);
    }
    snprintf(text, sizeof text, "%s%s", numbers[i].trunk, numbers[i].nsn);
    if (strcmp(fold(numbers[i].region, text, &number), numbers[i].e164) != 0) print_error("%s in %s\n", text, numbers[i].region);
    assert_string_equal(fold(numbers[i].region, text, &number), numbers[i].e164);
    assert_int_equal(number.form, PHONE_NATIONAL);
    assert_string_equal(fold(numbers[i].region, numbers[i].nsn, &number), numbers[i].e164);
    snprintf(text, sizeof text, "%s%s", numbers[i].code, numbers[i].nsn);
    assert_string_equal(fold(numbers[i].region, text, &number), numbers[i].e164);
    snprintf(text, sizeof text, "0%s%s", numbers[i].trunk, numbers[i].nsn); /* 0 or 9 for an outside line */
    if (strcmp(fold(numbers[i].region, text, &number), numbers[i].e164) != 0) print_error("%s in %s\n", text, numbers[i].region);
    assert_string_equal(fold(numbers[i].region, text, &number), numbers[i].e164);
    if (strcmp(numbers[i].region, "DE") == 0 || strcmp(numbers[i].region, "SE") == 0) continue; /* there 9… is a local number, too */
    snprintf(text, sizeof text, "9%s%s", numbers[i].trunk, numbers[i].nsn);
    if (strcmp(fold(numbers[i].region, text, &number), numbers[i].e164) != 0) print_error("%s in %s\n", text, numbers[i].region);
    assert_string_equal(fold(numbers[i].region, text, &number), numbers[i].e164);
  }
}

static void folds(void **state) {
  static const struct {
    const char     *says, *region, *text, *e164;
    enum phone_form form;
  } rows[] = {
    { "a SIP trunk's spelling abroad", "FR", "441632960990", "+441632960990", PHONE_CODE },
    { "a SIP trunk's spelling from America", "FR", "12025550188", "+12025550188", PHONE_CODE },
    { "a SIP trunk's spelling in America", "US", "33199001234", "+33199001234", PHONE_CODE },
    { "a desk dials 9 and 1", "US", "912025550188", "+12025550188", PHONE_DIALLED },
    { "a desk dials 9 and abroad", "US", "901133199001234", "+33199001234", PHONE_DIALLED },
    { "a desk dials 0 and abroad", "FR", "000441632960990", "+441632960990", PHONE_DIALLED },
    { "a number withheld by 3651", "FR", "36510199001234", "+33199001234", PHONE_DIALLED },
    { "a number withheld by 141", "GB", "14101632960990", "+441632960990", PHONE_DIALLED },
    { "a number withheld by 1831", "AU", "18310255501234", "+61255501234", PHONE_DIALLED },
    { "a carrier chosen in America", "US", "101012212025550188", "+12025550188", PHONE_DIALLED },
    { "a carrier chosen in Germany", "DE", "0101303023125123", "+493023125123", PHONE_DIALLED },
    { "Italy keeps its zero", "FR", "+39 06 69812345", "+390669812345", PHONE_PLUS },
    { "Italy keeps its zero at home", "IT", "0669812345", "+390669812345", PHONE_NATIONAL },
    { "Italy keeps its zero in parentheses", "FR", "+39 (0)6 69812345", "+390669812345", PHONE_PLUS },
    { "no trunk prefix in Spain, though written", "FR", "+34 (0)910 123 456", "+34910123456", PHONE_PLUS },
    { "8 in Russia", "RU", "8 (495) 123-45-67", "+74951234567", PHONE_NATIONAL },
    { "8 after Russia's code", "FR", "+7 (8) 495 123-45-67", "+74951234567", PHONE_PLUS },
    { "8~10 in Russia", "RU", "8 10 33 1 99 00 12 34", "+33199001234", PHONE_IDD },
    { "06 in Hungary", "HU", "06 1 234 5678", "+3612345678", PHONE_NATIONAL },
    { "Argentina's mobile 15", "AR", "011 15 2345 6789", "+5491123456789", PHONE_NATIONAL },
    { "Argentina's mobile 9", "FR", "+54 9 11 2345 6789", "+5491123456789", PHONE_PLUS },
    { "Mexico's 1 until 2019", "FR", "+52 1 55 1234 5678", "+525512345678", PHONE_PLUS },
    { "Mexico's 044 until 2019", "MX", "044 55 1234 5678", "+525512345678", PHONE_DIALLED },
    { "a carrier chosen in Brazil", "BR", "0 15 11 2345-6789", "+551123456789", PHONE_NATIONAL },
    { "a local number of the Bahamas", "BS", "356 7890", "+12423567890", PHONE_NATIONAL },
    { "too long for France, a plus says number", "FR", "+33 1 99 00 12 34 56", "+3319900123456", PHONE_PLUS },
    { "too long for France, 00 says number", "FR", "0033 1 99 00 12 34 56", "+3319900123456", PHONE_IDD },
    { "a code that is no country's", "FR", "+999 123 456 78", "+99912345678", PHONE_PLUS },
    { "a plus before a national number", "FR", "+0199001234", "+33199001234", PHONE_NATIONAL },
    { "a plus before 00", "FR", "+0033199001234", "+33199001234", PHONE_IDD },
    { "too short", "FR", "112", "", PHONE_NONE },
    { "a service", "FR", "3900", "", PHONE_NONE },
    { "inquiries", "FR", "118712", "", PHONE_NONE },
    { "too long", "FR", "0199001234567890123456789", "", PHONE_NONE },
    { "a stamp of fourteen digits", "FR", "20260312143015", "", PHONE_NONE },
    { "an epoch in France", "FR", "1778157177", "", PHONE_NONE },
    { "an epoch in America", "US", "1778157177", "", PHONE_NONE },
    { "an epoch in Spain", "ES", "1778157177", "", PHONE_NONE },
    { "zeros", "FR", "0000000000", "", PHONE_NONE },
  };
  struct phone_number number;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *got = fold(rows[i].region, rows[i].text, &number);
    if (strcmp(got, rows[i].e164) != 0 || number.form != rows[i].form)
      print_error("%s: %s in %s gives %s, form %d\n", rows[i].says, rows[i].text, rows[i].region, got, (int)number.form);
    assert_string_equal(got, rows[i].e164);
    assert_int_equal(number.form, rows[i].form);
  }
}

static void knows_whose_number(void **state) {
  static const struct {
    const char *e164, *region;
  } rows[] = {
    { "+12025550188", "US" },  { "+16135550123", "CA" },  { "+18092345678", "DO" }, { "+12423567890", "BS" },  { "+442079460123", "GB" },
    { "+441481256789", "GG" }, { "+441534234567", "JE" }, { "+74951234567", "RU" }, { "+77172123456", "KZ" },  { "+390612345678", "IT" },
    { "+390669812345", "VA" }, { "+4721234567", "NO" },   { "+4779123456", "SJ" },  { "+262262161234", "RE" }, { "+262269601234", "YT" },
    { "+590590201234", "GP" }, { "+61255501234", "AU" },  { "+61891621234", "CC" }, { "+33199001234", "FR" },  { "+80012345678", "001" },
  };
  struct phone_number number;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_string_equal(fold("FR", rows[i].e164, &number), rows[i].e164);
    if (strcmp(number.region->iso, rows[i].region) != 0) print_error("%s is of %s\n", rows[i].e164, number.region->iso);
    assert_string_equal(number.region->iso, rows[i].region);
  }
}

static void reads_phone_context(void **state) {
  static const struct {
    const char *context, *digits, *e164;
  } rows[] = {
    { "33", "0199001234", "+33199001234" }, { "33", "199001234", "+33199001234" },    { "1", "2025550188", "+12025550188" },
    { "1202", "5550188", "+12025550188" },  { "44", "01632960990", "+441632960990" }, { "39", "0669812345", "+390669812345" },
    { "", "0199001234", "+33199001234" },
  };
  struct phone_number number;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_true(phone_fold_local(phone_region_find("FR"), text_of(rows[i].context), rows[i].digits, (unsigned)strlen(rows[i].digits), &number));
    assert_int_equal(number.count + 1, strlen(rows[i].e164));
    assert_memory_equal(number.digits, rows[i].e164 + 1, number.count);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_number_one_value),
    cmocka_unit_test(folds),
    cmocka_unit_test(knows_whose_number),
    cmocka_unit_test(reads_phone_context),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
