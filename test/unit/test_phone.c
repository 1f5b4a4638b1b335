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

enum { ROOM = 4096 };

static void complain(void *context, size_t rule, const char *key, long byte, const char *message) {
  (void)context, (void)rule, (void)byte;
  print_error("%s: %s\n", key, message);
}

/* The phone detector alone, in a region. */
static struct filter *filter_of(const char *region, enum filter_action action, bool strict) {
  const struct filter_options options = { .region = region,
                                          .key = (const uint8_t *)"0123456789abcdef0123456789abcdef",
                                          .epoch = "1",
                                          .match_limit = 1000,
                                          .depth_limit = 1000,
                                          .heap_limit_kib = 1000 };
  const struct rule_spec      spec = { .name = "phone", .detect = "phone", .action = action, .tag = "#", .strict = strict };
  struct ruleset             *rules = ruleset_new(&spec, 1, &options, complain, NULL);
  struct filter              *filter = filter_new(rules, ROOM);
  assert_non_null(filter);
  ruleset_unref(rules);
  return filter;
}

static const char *filtered(struct filter *filter, const char *in) {
  static char                 out[ROOM + 1];
  const struct filter_context context = { .field = TEXT("message") };
  size_t                      size;
  unsigned                    rule;
  if (filter_text(filter, &context, text_of(in), out, ROOM, &size, &rule) != FILTER_OK) return in;
  out[size] = 0;
  return out;
}

struct line {
  const char *region, *in, *out; /* out NULL: nothing is taken */
};

static void check_lines(const struct line *lines, size_t count, bool strict) {
  for (size_t i = 0; i < count; i++) {
    struct filter *filter = filter_of(lines[i].region, ACTION_STRIP, strict);
    const char    *want = lines[i].out != NULL ? lines[i].out : lines[i].in, *got = filtered(filter, lines[i].in);
    if (strcmp(got, want) != 0) print_error("%s\n  in   %s\n  want %s\n  got  %s\n", lines[i].region, lines[i].in, want, got);
    assert_string_equal(got, want);
    filter_free(filter);
  }
}

static void hides_numbers(void **state) {
  static const struct line lines[] = {
    /* sure by their form, wherever they stand */
    { "FR", "x +33199001234 y", "x # y" },
    { "FR", "x 0033199001234 y", "x # y" },
    { "FR", "x 0199001234 y", "x # y" },
    { "FR", "x 01 99 00 12 34 y", "x # y" },
    { "FR", "x 01.99.00.12.34 y", "x # y" },
    { "FR", "x 01-99-00-12-34 y", "x # y" },
    { "FR", "x 01/99/00/12/34 y", "x # y" },
    { "FR", "x 0199 00 12 34 y", "x # y" },
    { "FR", "x +33 (0)1 99 00 12 34 y", "x # y" },
    { "FR", "x (+33) 1 99 00 12 34 y", "x # y" },
    { "FR", "x +33-1-99-00-12-34 y", "x # y" },
    { "FR", "x 00 33 1 99 00 12 34 y", "x # y" },
    { "FR", "x 33199001234 y", "x # y" },
    { "FR", "x +44 1632 960990 y", "x # y" },
    { "FR", "x +1 (202) 555-0188 y", "x # y" },
    { "FR", "x +61 2 5550 1234 y", "x # y" },
    { "FR", "x +1-202-555-0188x123 y", "x # y" },
    { "FR", "x +33 1 99 00 12 34 poste 12", "x # poste 12" },
    { "FR", "x +33 1 99 00 12 34, y", "x #, y" },
    { "FR", "call 0199001234. Then", "call #. Then" },
    { "FR", "0,0199001234", "0,#" },
    { "FR", "00199001234", "#" },
    { "FR", "90199001234 from", "90199001234 from" },
    { "FR", "dial 90199001234", "dial #" },
    { "FR", "20260312-0199001234-1778157175.wav", "20260312-#-1778157175.wav" },
    { "FR", "+33199001234 200 OK", "# 200 OK" },
    { "FR", "0199001234 200 OK", "# 200 OK" },
    { "GB", "x 01632 960990 y", "x # y" },
    { "GB", "x 01632 960-990 y", "x # y" },
    { "GB", "x (01632) 960990 y", "x # y" },
    { "GB", "x 020 7946 0123 y", "x # y" },
    { "GB", "x 07700 900456 y", "x # y" },
    { "GB", "dial 14101632960990", "dial #" },
    { "US", "x 202-555-0188 y", "x # y" },
    { "US", "x (202) 555-0188 y", "x # y" },
    { "US", "x 202.555.0188 y", "x # y" },
    { "US", "x 1-202-555-0188 y", "x # y" },
    { "US", "x 2025550188 y", "x # y" },
    { "US", "x 011 33 1 99 00 12 34 y", "x # y" },
    { "US", "x 01133199001234 y", "x # y" },
    { "US", "dial *672025550188", "dial *67#" },
    { "US", "dial 912025550188", "dial #" },
    { "CA", "x 613 555 0123 y", "x # y" },
    { "DE", "x 030 23125123 y", "x # y" },
    { "DE", "x 030/23125123 y", "x # y" },
    { "DE", "x 030 23125123 200 y", "x # 200 y" },
    { "DE", "x 0221 4710-123 y", "x # y" },
    { "DE", "x (069) 90009123 y", "x # y" },
    { "DE", "x +49 (0) 30 23125123 y", "x # y" },
    { "AU", "x 02 5550 1234 y", "x # y" },
    { "AU", "x (02) 5550 1234 y", "x # y" },
    { "AU", "x 0491 570 156 y", "x # y" },
    { "AU", "x 0011 33 1 99 00 12 34 y", "x # y" },
    { "SE", "x 08-465 004 12 y", "x # y" },
    { "SE", "x 070-174 06 05 y", "x # y" },
    { "ES", "x +33 199 001 234 y", "x # y" },
    { "RU", "x 8 10 33 1 99 00 12 34 y", "x # y" },
    /* sure by what stands beside */
    { "FR", "sip:441632960990@192.0.2.7", "sip:#@192.0.2.7" },
    { "FR", "sip:199001234@192.0.2.7", "sip:#@192.0.2.7" },
    { "FR", "<sip:12025550188;user=phone>", "<sip:#;user=phone>" },
    { "FR", "tel:441632960990", "tel:#" },
    { "FR", "tel:0199001234;phone-context=+33", "tel:#;phone-context=+33" },
    { "FR", "PJSIP/441632960990-0000002a", "PJSIP/#-0000002a" },
    { "FR", "PJSIP/trunk/441632960990", "PJSIP/trunk/#" },
    { "FR", "sofia/gateway/ovh/441632960990", "sofia/gateway/ovh/#" },
    { "FR", "Local/441632960990@from-internal-00000001;1", "Local/#@from-internal-00000001;1" },
    { "FR", "from=441632960990 to=12025550188", "from=# to=#" },
    { "FR", "{\"from\":441632960990,\"to\":\"12025550188\"}", "{\"from\":#,\"to\":\"#\"}" },
    { "FR", "caller 441632960990 matched", "caller # matched" },
    { "FR", "Camille <441632960990>", "Camille <#>" },
    { "FR", "|support|NONE|ENTERQUEUE||441632960990|1", "|support|NONE|ENTERQUEUE||#|1" },
    { "FR", "#31#441632960990", "#31##" },
    { "FR", "<caller>441632960990</caller>", "<caller>#</caller>" },
    /* no plan has it, but only a number stands there */
    { "FR", "sip:99912345678@192.0.2.7", "sip:#@192.0.2.7" },
    { "FR", "from=+99912345678", "from=#" },
    { "FR", "CallerIDNum: 5550123", "CallerIDNum: #" },
  };
  (void)state;
  check_lines(lines, sizeof lines / sizeof lines[0], false);
}

static void keeps_look_alikes(void **state) {
  static const struct line lines[] = {
    { "FR", "timestamp=1778157177;code=200", NULL },
    { "FR", "ts 1778157177123 next", NULL },
    { "FR", "1778157175.1314|support|NONE", NULL },
    { "FR", "kernel: [90142.664520] eth0: up", NULL },
    { "FR", "jitter 0.0021 rtt 0.0412 lost 3 of 1034567890", NULL },
    { "FR", "wrote 7454629705 bytes in 12.4 s", NULL },
    { "FR", "o=- 3906123456 1 IN IP4 192.0.2.7", NULL },
    { "FR", "o=- 3906123456 3906123457 IN IP4 192.0.2.7", NULL },
    { "FR", "20260312143015", NULL },
    { "FR", "2026-03-12 14:30:15.123456", NULL },
    { "FR", "12/03/2026 01:02:03", NULL },
    { "FR", "03-12-2026 04:05:06", NULL },
    { "FR", "192.0.2.7:5060 198.51.100.200/24", NULL },
    { "FR", "Asterisk 16.28.0.1, Yealink 108.86.0.20", NULL },
    { "FR", "job 63883331-0199-4042-8044-906301994321", NULL },
    { "FR", "branch=z9hG4bK0199001234", NULL },
    { "FR", "ref=ORD0199001234", NULL },
    { "FR", "PJSIP/trunkin-00000016", NULL },
    { "FR", "PJSIP/00007674", NULL },
    { "FR", "queued as 0199001234", NULL },
    { "FR", "0199001234: to=<x>, relay=mx", NULL },
    { "FR", "ticket #823020838 closed", NULL },
    { "FR", "order 823020838 paid", NULL },
    { "FR", "SSRC 3906123456, seq 12345, ts 4294967295", NULL },
    { "FR", "dials 112 then 15, 3900 and 118712", NULL },
    { "FR", "Executing [201@from-internal:1]", NULL },
    { "FR", "at +0100 or +02:00", NULL },
    { "FR", "acc.c:279 [core/parser/msg_parser.c:345]", NULL },
    { "FR", "0.1.99.0.12.34.5 of 1.3.6.1.4.1.9999", NULL },
    { "FR", "7.5 1.25 10.75 0.50", NULL },
    { "FR", "cpu 02 03 04", NULL },
    { "FR", "441632960990 alone could be anything", NULL },
    { "FR", "199001234 alone, too", NULL },
    { "FR", "<time>1778157177</time>", NULL },
    { "FR", "size 1234567 of 7654321", NULL },
    { "FR", "0000000000 00000000", NULL },
    { "FR", "0x0199001234", NULL },
    { "FR", "tel_FR_kywhsvdaddo3s", NULL },
    { "GB", "timestamp=1778157177 bytes=7454629705", NULL },
    { "GB", "203.0.113.143 10.0.0.138", NULL },
    { "GB", "2026-03-12 12-03-2026", NULL },
    { "US", "timestamp=1778157177 ts=1778157177123", NULL },
    { "US", "203.201.13.14:5060", NULL },
    { "US", "wrote 7454629705 bytes", NULL },
    { "US", "o=- 3906123456 1 IN IP4 192.0.2.7", NULL },
    { "US", "2026-03-12 12/03/2026 20260312143015", NULL },
    { "US", "dials 911 or 411", NULL },
    { "US", "555-0123", NULL },
    { "US", "1234567890 alone is no number there", NULL },
    { "DE", "06.12.2025 06-12-2025 06122025", NULL },
    { "DE", "timestamp=1778157177 seq 3906123456", NULL },
    { "DE", "0.12345678 0.5.1", NULL },
    { "ES", "timestamp=1778157177", NULL },
    { "ES", "wrote 745462970 bytes", NULL },
    { "ES", "id=745462970", NULL },
    { "IT", "o=- 3906123456 1 IN IP4 192.0.2.7", NULL },
    { "IT", "ssrc 3906123456", NULL },
    { "SE", "2026-03-12 08-04-12", NULL },
    { "DK", "20260312 2026-03-12", NULL },
    { "AU", "02.03.2026 14:30", NULL },
  };
  (void)state;
  check_lines(lines, sizeof lines / sizeof lines[0], false);
}

static void strict_hides_what_nothing_explains(void **state) {
  static const struct line lines[] = {
    { "FR", "441632960990 alone", "# alone" },
    { "FR", "74546297 alone", "# alone" },
    { "FR", "1234567 is too short", NULL },
    { "FR", "1778157177 is a time", NULL },
    { "FR", "20260312143015 is a date", NULL },
    { "FR", "wrote 7454629705 bytes", NULL },
    { "FR", "o=- 3906123456 1 IN IP4 192.0.2.7", NULL },
    { "FR", "job 63883331-0199-4042-8044-906301994321", NULL },
    { "FR", "1234567890123456 is too long", NULL },
  };
  (void)state;
  check_lines(lines, sizeof lines / sizeof lines[0], true);
}

/* All spellings of one number in one region's log give one pseudonym. */
static void one_pseudonym(void **state) {
  static const struct {
    const char *region, *spellings[16];
  } rows[] = {
    { "FR",
      { "+33199001234", "0033199001234", "33199001234", "0199001234", "01 99 00 12 34", "01.99.00.12.34", "01-99-00-12-34", "+33 (0)1 99 00 12 34",
        "00 33 1 99 00 12 34", "00199001234", "(+33) 1 99 00 12 34", "+33199001234x12", "36510199001234", "199001234", "33 1 99 00 12 34" } },
    { "GB",
      { "+441632960990", "00441632960990", "441632960990", "01632960990", "01632 960 990", "01632-960990", "(01632) 960990", "+44 (0)1632 960990",
        "14101632960990", "901632960990", "1632960990" } },
    { "US",
      { "+12025550188", "01112025550188", "12025550188", "2025550188", "(202) 555-0188", "202-555-0188", "202.555.0188", "1-202-555-0188",
        "912025550188", "+1 (202) 555-0188", "101012212025550188", "0012025550188" } },
    { "DE",
      { "+493023125123", "00493023125123", "493023125123", "03023125123", "030 23125123", "030/23125123", "(030) 23125123", "+49 (0)30 23125123",
        "0101303023125123", "003023125123" } },
    { "AU",
      { "+61255501234", "001161255501234", "61255501234", "0255501234", "02 5550 1234", "(02) 5550 1234", "18310255501234", "+61 (0)2 5550 1234" } },
    { "SE", { "+46846500412", "0046846500412", "46846500412", "0846500412", "08-465 004 12", "+46 (0)8 465 004 12" } },
    { "IT", { "+33199001234", "0033199001234", "00 33 1 99 00 12 34", "+33 (0)1 99 00 12 34" } }, /* 33199001234 is a mailbox there */
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct filter *filter = filter_of(rows[i].region, ACTION_HASH, false);
    char           first[ROOM + 1], in[128];
    for (size_t k = 0; k < 16 && rows[i].spellings[k] != NULL; k++) {
      const char *got;
      snprintf(in, sizeof in, "number=%s,", rows[i].spellings[k]);
      got = filtered(filter, in);
      if (k == 0) snprintf(first, sizeof first, "%s", got);
      if (strcmp(got, first) != 0) print_error("%s in %s: %s, not %s\n", in, rows[i].region, got, first);
      assert_string_equal(got, first);
      assert_non_null(strstr(got, "tel_"));
    }
    filter_free(filter);
  }
}

static void says_why_not(void **state) {
  static const struct {
    const char *in, *why;
  } rows[] = {
    { "441632960990 alone", "no valid number of the region, and nothing beside it says that it is one" },
    { "0199001234: to=<x>", "a mail queue's id" },
    { "branch=0199001234", "its key says that it is a token" },
    { "0.1.99.0.12.34.5", "a decimal fraction" },
    { "12345678901234567890123456789 x", "no valid number of the region, and nothing beside it says that it is one" },
    { "from 1778157177", "seconds since 1970" },
    { "from 7454629705 bytes", "a quantity: a unit follows" },
  };
  struct filter *filter = filter_of("FR", ACTION_HASH, false);
  (void)state;
  assert_true(filter_explain(filter));
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    size_t                    count;
    const struct filter_note *notes;
    assert_string_equal(filtered(filter, rows[i].in), rows[i].in);
    notes = filter_notes(filter, &count);
    if (count == 0 || strcmp(notes[0].why, rows[i].why) != 0) print_error("%s: %s\n", rows[i].in, count > 0 ? notes[0].why : "nothing said");
    assert_true(count > 0);
    assert_string_equal(notes[0].why, rows[i].why);
  }
  filter_free(filter);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_number_one_value), cmocka_unit_test(folds),
    cmocka_unit_test(knows_whose_number),   cmocka_unit_test(reads_phone_context),
    cmocka_unit_test(hides_numbers),        cmocka_unit_test(keeps_look_alikes),
    cmocka_unit_test(one_pseudonym),        cmocka_unit_test(strict_hides_what_nothing_explains),
    cmocka_unit_test(says_why_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
