/* Attempts to get a value through, and harmless text that looks like one. In each row what stands between « and » is a value that must
 * be gone; every other byte must be left, in its order, and filtering again must change nothing. One row a class of spelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "filters/filters.h"

enum { ROOM = 1 << 14, VALUES_MOST = 16 };

struct row {
  const char *says, *in;
};

static void complain(void *context, size_t rule, const char *key, long byte, const char *message) {
  (void)context, (void)rule, (void)key, (void)byte;
  fail_msg("%s", message);
}

static struct filter *filter_make(void) {
  static const struct filter_options options = { .region = "FR",
                                                 .key = (const uint8_t *)"0123456789abcdef0123456789abcdef",
                                                 .epoch = "1",
                                                 .match_limit = 100000,
                                                 .depth_limit = 5000,
                                                 .heap_limit_kib = 20000 };
  struct rule_spec                   specs[32] = { 0 };
  size_t                             count = 0;
  struct filter                     *filter;
  for (const char *const *name = filter_detector_names(); *name != NULL; name++)
    specs[count++] = (struct rule_spec){ .name = *name, .detect = *name, .ipv4_bits = 24, .ipv6_bits = 48 };
  struct ruleset *rules = ruleset_new(specs, count, &options, complain, NULL);
  assert_non_null(rules);
  filter = filter_new(rules, ROOM);
  ruleset_unref(rules);
  return filter;
}

static size_t run(struct filter *filter, struct text in, char *out) {
  const struct filter_context context = { .field = TEXT("message") };
  unsigned                    rule;
  size_t                      size;
  enum filter_result          result = filter_text(filter, &context, in, out, ROOM, &size, &rule);
  if (result == FILTER_SAME) {
    memcpy(out, in.at, in.size);
    size = in.size;
  } else {
    assert_int_equal(result, FILTER_OK);
  }
  out[size] = 0;
  return size;
}

/* The row without its marks: parts[0] value[0] parts[1] …; returns how many values. */
static size_t row_read(const char *marked, char *plain, char parts[][1024], char values[][1024]) {
  size_t count = 0, size = 0;
  char  *into = parts[0];
  for (const char *at = marked; *at != 0; at++) {
    bool open = strncmp(at, "«", 2) == 0, close = strncmp(at, "»", 2) == 0;
    if (open || close) {
      *into = 0;
      into = open ? values[count] : parts[++count];
      at++;
      continue;
    }
    *into++ = plain[size++] = *at;
  }
  *into = plain[size] = 0;
  return count;
}

/* Every part stands in out in its order, at both ends where it begins and ends the row, and no value stands between. */
static bool row_holds(const char *out, size_t count, char parts[][1024], char values[][1024]) {
  const char *at = out;
  size_t      last = strlen(parts[count]);
  if (strncmp(out, parts[0], strlen(parts[0])) != 0) return false;
  at += strlen(parts[0]);
  for (size_t i = 0; i < count; i++) {
    const char *next = i + 1 == count ? out + strlen(out) - last : strstr(at, parts[i + 1]);
    if (next == NULL || next < at || strcmp(out + strlen(out) - last, parts[count]) != 0) return false;
    for (const char *value = at; value < next; value++)
      if (strncmp(value, values[i], strlen(values[i])) == 0 && (size_t)(next - value) >= strlen(values[i])) return false;
    at = next + strlen(parts[i + 1]);
  }
  return count > 0 || out[strlen(parts[0])] == 0;
}

static void check_rows(const struct row *rows, size_t count) {
  static char    out[ROOM + 1], twice[ROOM + 1], plain[ROOM], parts[VALUES_MOST + 1][1024], values[VALUES_MOST][1024];
  struct filter *filter = filter_make();
  size_t         failed = 0;
  for (size_t i = 0; i < count; i++) {
    size_t found = row_read(rows[i].in, plain, parts, values), size = run(filter, text_of(plain), out);
    bool   holds = row_holds(out, found, parts, values);
    run(filter, (struct text){ out, size }, twice);
    if (!holds || strcmp(out, twice) != 0) print_error("%s\n  in    %s\n  out   %s\n  twice %s\n", rows[i].says, rows[i].in, out, twice);
    failed += !holds || strcmp(out, twice) != 0;
  }
  filter_free(filter);
  assert_int_equal(failed, 0);
}

static void hides_names(void **state) {
  static const struct row rows[] = {
    { "by a key of many words", "variable_effective_caller_id_name: «Camille Rousselet»" },
    { "by a key in capitals and small letters", "DestCallerIDName: «Camille Rousselet»" },
    { "by a key of two words in prose", "(Calling Name=«Camille Rousselet»)(TON=National)" },
    { "both names behind '='", "CALLERID(name)=«Camille Rousselet») in new stack" },
    { "up to the next key", "name from=x cidname=«Camille Rousselet» number=12" },
    { "by the object that holds it", "\"caller\":{\"name\":\"«Camille Rousselet»\",\"number\":\"201\"}" },
    { "an element of XML", "<caller_id_name>«Camille Rousselet»</caller_id_name>" },
    { "name and value of XML", "<variable name=\"effective_caller_id_name\" value=\"«Camille Rousselet»\"/>" },
    { "before a mail address", "From: «Camille Rousselet» <«camille@example.com»>" },
    { "an encoded word", "From: «=?utf-8?B?Q2FtaWxsZQ==?=» <sip:201@example.com>" },
    { "digits in a name", "From: «Bureau 12 Camille» <sip:201@example.com>" },
    { "before a number in parentheses", "Incoming call from «Camille Rousselet» («0199001234»)" },
    { "quoted, before a number", "Incoming call from \"«Camille Rousselet»\" «0199001234»" },
    { "before a user", "Processing «Camille Rousselet» <1001>->«0199001234» in context default" },
    { "an agent of queue_log", "1778157175|1778157175.1314|support|«Camille Rousselet»|RINGNOANSWER|1000" },
    { "cut before its quote closes", "From: \"«Camille Rous»" },
    { "cut without quotes", "From: «Camille Rous»" },
    { "a subject", "Subject: «Rendez-vous avec Camille»" },
    { "a tag in its place stays", "CallerIDName: [name]" },
    { "an unknown name stays", "CallerIDName: <unknown>" },
    { "no name: a queue", "1778157175|1778157175.1314|support|NONE|ENTERQUEUE||1" },
    { "no name: a certificate", "subject=CN = pbx.example.com" },
    { "no name: prose before parentheses", "Registered from cache (1778157177)" },
    { "no name: an interface", "name=eth0 \"name\":\"eth0\"" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void hides_credentials(void **state) {
  static const struct row rows[] = {
    { "by a key of many words", "variable_sip_auth_password: «hunter2»" },
    { "by a key in capitals", "PGPASSWORD=«hunter2»" },
    { "by a key with a number", "password1=«hunter2»" },
    { "an arrow", "secret => «hunter2»" },
    { "a dump's brackets", "[sip_secret] => «hunter2»" },
    { "prose and quotes", "for password '«hunter2»'" },
    { "an option", "mysql --user=«camille» --password=«hunter2»" },
    { "with separators in it", "auth_pass=«hun,ter;2», user=201" },
    { "in a URL", "postgres://«kam:hunter2»@db.example.com:5432/kamailio" },
    { "in a URL, with @ in it", "ftp://«camille:hun@ter2»@prov.example.com/cfg" },
    { "in a URL without a user", "redis://«:hunter2»@cache.example.com:6379/0" },
    { "an element", "<authPassword>«hunter2»</authPassword>" },
    { "name and value", "<param name=\"password\" value=\"«hunter2»\"/>" },
    { "a scheme nobody knows", "Authorization: Token «abcdef0123456»" },
    { "a header", "X-Auth-Token: «abcdef0123456»" },
    { "an SRTP key", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:«PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR»|2^20|1:4" },
    { "an ICE password", "a=ice-pwd:«x9cml/YzichV2+XlhiMu8g»" },
    { "digest parts of a reply",
      "Authentication-Info: nextnonce=\"«47364c23432d2e131a5fb210812c»\", rspauth=\"«6629fae49393a05397450978507c4ef1»\"" },
    { "what was calculated", "check_response(): Our result = '«702f87e99532509088e0c17bb41427ee»'" },
    { "the rest of a digest value", "«a767779673f778aa»\", uri=\"sip:example.com\", qop=auth" },
    { "FreeRADIUS", "Login incorrect (mschap: FAILED): [«camille/hunter2»] (from client ap1 port 0)" },
    { "no secret: stars", "password: ********" },
    { "no secret: none", "password=(null) password=<hidden>" },
    { "no secret: prose", "Failed password for root, password authentication failed, token bucket full" },
    { "no digest: a status", "response: 200 OK" },
    { "no digest: a word", "Response: Success" },
    { "no digest: a result", "result: 20260312" },
    { "no scheme: prose", "Authorization: denied by policy" },
  };
  (void)state;
  check_rows(rows, sizeof rows / sizeof rows[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(hides_names),
    cmocka_unit_test(hides_credentials),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
