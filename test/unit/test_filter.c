/* The engine through its face: tables of what must change and of what must stay. Numbers, addresses and names are from
 * reserved and fiction ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "test/unit/engine.h"

enum { ROOM = 1 << 16 };

static void complain(void *context, size_t rule, const char *key, long byte, const char *message) {
  (void)byte;
  snprintf(context, 256, "%zu:%s: %s", rule, key != NULL ? key : "-", message);
}

/* These rules, then a rule for each detector. */
static struct ruleset *rules_with(const struct rule_spec *first, size_t count) {
  struct rule_spec specs[64] = { 0 };
  for (size_t i = 0; i < count; i++) specs[i] = first[i];
  return engine_rules(specs, engine_detectors(specs, count));
}

static struct filter *filter_with(const struct rule_spec *first, size_t count) {
  struct ruleset *rules = rules_with(first, count);
  struct filter  *filter = filter_new(rules, ROOM);
  ruleset_unref(rules);
  assert_non_null(filter);
  return filter;
}

static enum filter_result run(struct filter *filter, struct text in, char *out, size_t *size) {
  const struct filter_context context = { .field = TEXT("message") };
  unsigned                    rule;
  enum filter_result          result = filter_text(filter, &context, in, out, ROOM, size, &rule);
  if (result == FILTER_SAME) {
    memcpy(out, in.at, in.size);
    *size = in.size;
  }
  out[*size] = 0;
  return result;
}

struct row {
  const char *says, *in, *out;
};

static void check_rows(struct filter *filter, const struct row *rows, size_t count) {
  static char out[ROOM + 1], twice[ROOM + 1];
  for (size_t i = 0; i < count; i++) {
    size_t size, again;
    run(filter, text_of(rows[i].in), out, &size);
    if (strcmp(out, rows[i].out) != 0) print_error("%s\n  in   %s\n  want %s\n  got  %s\n", rows[i].says, rows[i].in, rows[i].out, out);
    assert_string_equal(out, rows[i].out);
    run(filter, (struct text){ out, size }, twice, &again);
    if (strcmp(out, twice) != 0) print_error("%s: filtered again\n  once  %s\n  twice %s\n", rows[i].says, out, twice);
    assert_string_equal(out, twice);
  }
}

static void keeps_look_alikes(void **state) {
  static const struct {
    const char *says, *in;
  } rows[] = {
    { "a clock", "12:34:56" },
    { "a C++ name", "std::string a::b Foo::bar1" },
    { "loopback and any", "listening on ::1 and ::" },
    { "a four-part version", "Asterisk Ready. Version 16.28.0.1 built 2026-01-07 11:02:33 UTC" },
    { "a version after v", "v1.2.3.4" },
    { "a build", "md5=702f87e99532509088e0c17bb41427ee build 10.5.3.5" },
    { "a user agent", "User-Agent: Yealink SIP-T46U 108.86.0.20" },
    { "a user agent with a slash", "ua='snomD785/10.1.84.12' x" },
    { "a browser", "\"Mozilla/5.0 Chrome/126.0.0.0 Safari/537.36\"" },
    { "five parts are no address", "1.2.3.4.5" },
    { "an octet over 255", "192.0.2.256" },
    { "an epoch", "timestamp=1778157177;code=200" },
    { "a unique id", "1778157175.1314|support|NONE" },
    { "an order", "ref=ORD823020838" },
    { "a stamp of fourteen digits", "20260312143015" },
    { "dates", "2026-03-12 14:30:15 12/03/2026" },
    { "bytes", "wrote 7454629705 bytes in 12.4 s" },
    { "a session description", "o=- 3906123456 1 IN x" },
    { "a UUID", "job 6f88333d-01de-4a42-a44b-9063dd1d43c2" },
    { "a UUID of digits", "job 63883331-0199-4042-8044-906301994321" },
    { "a channel", "PJSIP/trunkin-00000016 PJSIP/00007674" },
    { "an extension", "Executing [201@from-internal:1]" },
    { "a branch", "branch=z9hG4bK-8201-749-0;rport" },
    { "a Call-ID", "ci=41bc39eb5d5d1a996318@sbc1 cseq=34251" },
    { "user@host of ssh", "root@pbx3" },
    { "emergency", "dials 112" },
    { "a codec", "a=rtpmap:101 telephone-event/8000" },
    { "a fingerprint", "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48" },
    { "nothing", "" },
    { "brackets", "<> <null>" },
  };
  struct filter *filter = filter_with(NULL, 0);
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) check_rows(filter, &(struct row){ rows[i].says, rows[i].in, rows[i].in }, 1);
  filter_free(filter);
}

static void hides_addresses(void **state) {
  static const struct row rows[] = {
    { "IPv4", "src=192.0.2.7", "src=192.0.2.0" },
    { "a port stays", "192.0.2.7:5060", "192.0.2.0:5060" },
    { "a full stop stays", "from 192.0.2.7.", "from 192.0.2.0." },
    { "a prefix stays", "192.0.2.7/24", "192.0.2.0/24" },
    { "an Asterisk address", "IPV4/UDP/192.0.2.7/5060", "IPV4/UDP/192.0.2.0/5060" },
    { "after a name that looks like a product", "peer SBC01 192.0.2.7 reachable", "peer SBC01 192.0.2.0 reachable" },
    { "a reverse name", "7.2.0.192.in-addr.arpa", "0.2.0.192.in-addr.arpa" },
    { "a host name that carries it", "ip-192-0-2-7.pool.example.net", "ip-192-0-2-0.pool.example.net" },
    { "bracketed IPv6 keeps its port", "[2001:db8::7]:5060", "[2001:db8::]:5060" },
    { "IPv6 upper case", "2001:DB8:12:34:56:78:9A:BC", "2001:db8:12::" },
    { "IPv6 with a bare port", "2001:db8:1:2:3:4:5:6:49255 closed", "[2001:db8:1::]:49255 closed" },
    { "IPv4-mapped", "::ffff:192.0.2.7", "::ffff:192.0.2.0" },
    { "a zone stays", "fe80::1%eth0", "fe80::%eth0" },
    { "glued to its label", "IPv6:2001:db8::1", "IPv6:2001:db8::" },
    { "glued to a clock", "x 12:34:56:2001:db8::1", "x 12:34:56::" },
    { "mail", "to=<jean.dupont@example.com>, relay", "to=<[email]>, relay" },
    { "mail in percent spelling", "&mail=jean%40example.com&ref", "&mail=[email]&ref" },
    { "mail in JSON spelling", "\"jean\\u0040example.com\"", "\"[email]\"" },
    { "mail after a control escape", "#012jean@example.com", "#012[email]" },
  };
  struct filter *filter = filter_with(NULL, 0);
  (void)state;
  check_rows(filter, rows, sizeof rows / sizeof rows[0]);
  filter_free(filter);
}

static void hides_people(void **state) {
  static const struct {
    const char *says, *in, *raw;
  } rows[] = {
    { "quoted name", "From: \"Camille O'Brien\" <sip:+33199001234@example.com>", "Brien" },
    { "Kamailio's quotes", "from='\"Hélène Montclair\"' <sip:x@example.com>", "Montclair" },
    { "bare tokens", "call PJSIP/trunkin-0e Anaïs Zieliński <+441632960990> dials", "Zieli" },
    { "CSV quotes", "\"\"\"Amélie Ferraro\"\" <0261915990>\"", "Ferraro" },
    { "FreeSWITCH", "Processing Camille Rousselet <33199001234>->33199001235 in", "Rousselet" },
    { "SIP user", "sip:f.grosjean812@pbx.example.org", "grosjean" },
    { "SIP user and password", "sip:alice.m:s3cret@example.org", "s3cret" },
    { "account by key", "auth attempt user=f.grosjean812 from", "grosjean" },
    { "digest", "nonce=\"a66b0d389d95847ebd299753a767779673f778aa\"", "a66b0d38" },
    { "basic", "Authorization: Basic YWxpY2U6c2VjcmV0", "YWxp" },
    { "password", "Secret: hunter2", "hunter2" },
    { "MAC", "DHCPACK to 00:00:5e:00:53:af via", "53:af" },
    { "Cisco MAC", "mac 0000.5e00.53af", "53af" },
    { "MAC in a file name", "GET /provisioning/00005e0053af.cfg", "0053af" },
    { "MAC in a UUID", "urn:uuid:00000000-0000-1000-8000-00005e0053af", "0053af" },
  };
  static char    out[ROOM + 1], twice[ROOM + 1];
  struct filter *filter = filter_with(NULL, 0);
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    size_t size, again;
    assert_int_equal(run(filter, text_of(rows[i].in), out, &size), FILTER_OK);
    if (strstr(out, rows[i].raw) != NULL) print_error("%s: %s\n", rows[i].says, out);
    assert_null(strstr(out, rows[i].raw));
    run(filter, (struct text){ out, size }, twice, &again);
    assert_string_equal(out, twice);
  }
  filter_free(filter);
}

static void one_number_one_pseudonym(void **state) {
  static const char *const spellings[] = {
    "+33199001234",
    "0033199001234",
    "33199001234",
    "0199001234",
    "01 99 00 12 34",
    "01.99.00.12.34",
    "01-99-00-12-34",
    "+33 (0)1 99 00 12 34",
    "+33-1-99-00-12-34",
    "+33 1 99 00 12 34",
    "%2B33199001234",
    "00 33 1 99 00 12 34",
    "+33(0)199001234",
    "01\xc2\xa0"
    "99\xc2\xa0"
    "00\xc2\xa0"
    "12\xc2\xa0"
    "34",
    "00199001234",
    "\\u002B33199001234",
    "%252B33199001234",
    "%2B33%201%2099%2000%2012%2034",
    "\\\\u002b33199001234",
    "&#43;33&nbsp;1&nbsp;99 00 12 34",
    "=2B33=20199001234",
    "=30=31=39=39=30=30=31=32=33=34",
    "%30%31%39%39%30%30%31%32%33%34",
    "\xef\xbc\x8b\xef\xbc\x93\xef\xbc\x93"
    "199001234",
    "+33\xe2\x80\xaf"
    "1\xe2\x80\x87"
    "99\xc2\xad"
    "00\xe2\x80\x8b"
    "1234",
    "01\xe2\x80\x91"
    "99\xe2\x80\x91"
    "00\xe2\x80\x91"
    "12\xe2\x80\x91"
    "34",
  };
  static char    first[ROOM + 1], out[ROOM + 1];
  struct filter *filter = filter_with(NULL, 0);
  (void)state;
  for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
    char   in[128], *at;
    size_t size;
    snprintf(in, sizeof in, "number=[%s] x", spellings[i]);
    run(filter, text_of(in), out, &size);
    at = strstr(out, "tel_FR_");
    if (at == NULL) print_error("%s gives %s\n", in, out);
    assert_non_null(at);
    if (i == 0) strcpy(first, at);
    if (strncmp(first, at, 20) != 0) print_error("%s gives %s, not %s\n", in, at, first);
    assert_int_equal(strncmp(first, at, 20), 0);
  }
  filter_free(filter);
}

/* What is replaced begins and ends with whole spellings: the rest stays valid in its encoding. */
static void hides_hidden_spellings(void **state) {
  static const struct row rows[] = {
    { "percent", "?mail=jean%2Edupont%40example.com&x=%41", "?mail=[email]&x=%41" },
    { "percent twice", "?mail=jean%2540example%252Ecom%2526", "?mail=[email]%2526" },
    { "JSON", "{\"m\":\"\\u006aean@example.com\\n\"}", "{\"m\":\"[email]\\n\"}" },
    { "JSON in JSON", "{\"m\":\"{\\\"m\\\":\\\"jean\\\\u0040example.com\\\"}\"}", "{\"m\":\"{\\\"m\\\":\\\"[email]\\\"}\"}" },
    { "a header behind an escaped line end", "x\\r\\nsecret: hunter2\\r\\ny", "x\\r\\nsecret: [auth]\\r\\ny" },
    { "entities", "&lt;jean&#64;example.com&gt; &amp; 192&#46;0.2.7", "&lt;[email]&gt; &amp; 192.0.2.0" },
    { "a name before an address in entities", "From: &quot;Camille Rousselet&quot; &lt;sip:201@x&gt;", "From: &quot;[name]&quot; &lt;sip:201@x&gt;" },
    { "quoted-printable", "to=3Djean=40example.com=20", "to=3D[email]=20" },
    { "an encoded word", "From: =?utf-8?Q?Camille_Rousselet?= <sip:201@x>", "From: [name] <sip:201@x>" },
    { "rsyslog's line ends", "x#015#012secret: hunter2#015#012", "x#015#012secret: [auth]#015#012" },
    { "Kamailio's line ends", "x 0D  0A secret: hunter2 0D  0A y", "x 0D  0A secret: [auth] 0D  0A y" },
    { "base64", "x: amVhbi5kdXBvbnRAZXhhbXBsZS5jb20= y", "x: [email] y" },
    { "a value that a further layer would take for an escape", "CORP%5C192.0.2.7 x", "CORP%5C192.0.2.0 x" },
    { "a MAC", "00%3A00%3a5e%3A00%3A53%3Aaf", "mac_b3fy7gwkxrnfr" },
    { "IPv6", "%5B2001%3Adb8%3A1%3A%3A7%5D:5060", "%5B2001:db8:1::%5D:5060" },
    { "nothing personal stays", "/a%20b?x=%41%42&y=%2525 \\u0041 &lt;b&gt; cpu 98% =3D", "/a%20b?x=%41%42&y=%2525 \\u0041 &lt;b&gt; cpu 98% =3D" },
  };
  struct filter *filter = filter_with(NULL, 0);
  (void)state;
  check_rows(filter, rows, sizeof rows / sizeof rows[0]);
  filter_free(filter);
}

/* Actions of detectors take the decoded value; patterns see the text as it is. */
static void acts_on_hidden_spellings(void **state) {
  static const struct rule_spec specs[] = {
    { .name = "pattern", .match = "badge=\\d+", .action = ACTION_STRIP, .tag = "[badge]" },
    { .name = "mask", .detect = "email", .action = ACTION_MASK, .mask_first = 2, .mask_last = 4 },
    { .name = "swap", .detect = "mac", .action = ACTION_REPLACE, .with = "(a device)" },
    { .name = "cut", .detect = "ip", .action = ACTION_TRUNCATE, .ipv4_bits = 16, .ipv6_bits = 32 },
    { .name = "allow", .match = "%40example\\.net", .action = ACTION_KEEP },
  };
  static const struct row rows[] = {
    { "a mask shows decoded characters", "m=jean%2540example%252Ecom", "m=je**********.com" },
    { "a template", "00%3A00%3a5e%3A00%3A53%3Aaf", "(a device)" },
    { "truncation", "192%2E0%2e2%2E7", "192.0.0.0" },
    { "patterns see the text as it is", "badge%3D123 badge=%31", "badge%3D123 badge=%31" },
  };
  struct filter *filter = filter_with(specs, sizeof specs / sizeof specs[0]);
  (void)state;
  check_rows(filter, rows, sizeof rows / sizeof rows[0]);
  filter_free(filter);
}

/* A value goes as a whole: as long as a record may be, or as what it is. */
static void hides_long_values(void **state) {
  static const struct {
    const char *before, *fill, *after;
    size_t      size;
  } rows[] = {
    { "password=", "a1", " x", 60000 },
    { "user \"", "a1", "\" x", 60000 },
    { "{\"token\":\"", "a1", "\"}", 60000 },
    { "<secret>", "a1", "</secret>", 60000 },
    { "Authorization: Bearer ", "a1", " x", 60000 },
    { "sip:", "a1", "@x", 60000 },
    { "Subject: ", "ab ", "", 60000 },
    { "Failed password for ", "ab", " from 192.0.2.7", 200 },
    { "https://", "a1", ":p@example.com/", 900 },
    { "dtmf=", "12", " x", 200 },
  };
  static char    in[ROOM], out[ROOM * 2 + 1];
  struct filter *filter = filter_with(NULL, 0);
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    size_t size = (size_t)snprintf(in, sizeof in, "%s", rows[i].before), most = size + rows[i].size, length;
    while (size < most) size += (size_t)snprintf(in + size, sizeof in - size, "%s", rows[i].fill);
    size += (size_t)snprintf(in + size, sizeof in - size, "%s", rows[i].after);
    assert_int_equal(engine_run(filter, (struct text){ in, size }, out, sizeof out - 1, &length), FILTER_OK);
    out[length] = 0;
    if (length > 100 || strstr(out, rows[i].fill) != NULL) fail_msg("%s: %.80s", rows[i].before, out);
  }
  filter_free(filter);
}

/* Values in values in values would cost the square of the text's size: such a text is withheld, and says why. */
static void withholds_nested_values(void **state) {
  static const char *const    keys[] = { "uid=", "pwd=", "to:", "?code=", "o=", "user=\"x" };
  static char                 in[ROOM], out[ROOM * 2 + 1];
  const struct filter_context context = { .field = TEXT("message") };
  struct ruleset             *rules = rules_with(NULL, 0);
  struct filter              *filter = filter_new(rules, ROOM);
  (void)state;
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    size_t   size = 0, length;
    unsigned rule;
    while (size + 8 < sizeof in) size += (size_t)snprintf(in + size, 9, "%s", keys[i]);
    if (i < 5) {
      assert_int_equal(filter_text(filter, &context, (struct text){ in, size }, out, sizeof out, &length, &rule), FILTER_WITHHOLD);
      assert_string_equal(ruleset_reason(rules, rule), "too-many-values");
    } else { /* none in another one: each is hidden */
      assert_int_equal(filter_text(filter, &context, (struct text){ in, size }, out, sizeof out, &length, &rule), FILTER_OK);
    }
  }
  filter_free(filter);
  ruleset_unref(rules);
}

/* Thousands of values in one line, each spelled so that every layer finds it: settled in order, none left. */
static void hides_many_hidden(void **state) {
  static char                 in[ROOM], out[ROOM * 2 + 1];
  size_t                      size = 0, length;
  unsigned                    rule;
  const struct filter_context context = { .field = TEXT("message") };
  struct filter              *filter = filter_with(NULL, 0);
  (void)state;
  while (size + 32 < ROOM) size += (size_t)snprintf(in + size, 32, "%%252B33199001234 ");
  assert_int_equal(filter_text(filter, &context, (struct text){ in, size }, out, sizeof out, &length, &rule), FILTER_OK);
  out[length] = 0;
  assert_null(strstr(out, "99001234"));
  filter_free(filter);
}

static void operators_rules(void **state) {
  static const char *const      groups[] = { "1", "card" };
  static const char *const      apps[] = { "crm*" };
  static const struct rule_spec specs[] = {
    { .name = "allow", .match = "192\\.0\\.2\\.53", .action = ACTION_KEEP },
    { .name = "badge", .match = "badge=(\\d+) card=(?<card>\\d+)", .groups = groups, .group_count = 2, .action = ACTION_STRIP, .tag = "[id]" },
    { .name = "swap", .match = "(\\w+), (\\w+)!", .action = ACTION_REPLACE, .with = "$2 ${1}$$" },
    { .name = "mask", .match = "iban=\\K[A-Z0-9]{5,}", .action = ACTION_MASK, .mask_first = 2, .mask_last = 2 },
    { .name = "gone", .match = "^healthcheck", .action = ACTION_DROP },
    { .name = "cut", .match = "net=\\K\\S+", .action = ACTION_TRUNCATE, .ipv4_bits = 16, .ipv6_bits = 32 },
    { .name = "crm", .match = "zebra", .action = ACTION_STRIP, .when_app = apps, .when_app_count = 1 },
    { .name = "bad", .match = "yak", .action = ACTION_STRIP, .tag = "#", .when_severity = 1 << 3 | 1 << 2, .tags = apps, .tag_count = 1 },
    { .name = "part", .match = "0199", .action = ACTION_STRIP, .tag = "#" },
  };
  static const struct row rows[] = {
    { "keep protects from later rules", "dns 192.0.2.53 and 192.0.2.54", "dns 192.0.2.53 and 192.0.2.0" },
    { "groups alone are taken", "badge=123 card=456 x", "badge=[id] card=[id] x" },
    { "a template", "one, two!", "two one$" },
    { "a mask", "iban=FR7612345", "iban=FR*****45" },
    { "truncation by a pattern", "net=198.51.100.7", "net=198.51.0.0" },
    { "when: of another app", "zebra", "zebra" },
    { "when: of a severity that is not known", "yak", "yak" },
  };
  static char           out[ROOM + 1];
  size_t                size;
  unsigned              rule;
  struct filter_context context = { .app = TEXT("crm2") };
  struct ruleset       *rules = rules_with(specs, sizeof specs / sizeof specs[0]);
  struct filter        *filter = filter_new(rules, ROOM);
  (void)state;
  check_rows(filter, rows, sizeof rows / sizeof rows[0]);
  assert_int_equal(filter_text(filter, &context, TEXT("healthcheck"), out, ROOM, &size, &rule), FILTER_DROP);
  assert_string_equal(ruleset_name(rules, rule), "gone");
  assert_int_equal(filter_text(filter, &context, TEXT("zebra!"), out, ROOM, &size, &rule), FILTER_OK);
  context.severity = 1 << 4;
  assert_int_equal(filter_text(filter, &context, TEXT("yak"), out, ROOM, &size, &rule), FILTER_SAME);
  context.severity = 1 << 3;
  assert_int_equal(filter_text(filter, &context, TEXT("yak"), out, ROOM, &size, &rule), FILTER_OK);
  assert_string_equal(ruleset_tags(rules, 7, &size)[0], "crm*");
  run(filter, TEXT("call 0199001234 now"), out, &size);
  assert_null(strstr(out, "001234")); /* a part taken by another rule lets no rest through */
  filter_free(filter);
  ruleset_unref(rules);
}

/* Each ends in a limit, which counts steps and not time, or in no match. */
static void bounds_catastrophes(void **state) {
  static const char *const patterns[] = {
    "(a+)+$", "(?:a|aa)+$", "(a*)*b$", "^(?:(a)|a)*c$", "(?=(a+))\\1*!$", "(?:(a|ab)(?1)?)+c$", "(\\w+\\s?)+$"
  };
  static char                 in[ROOM], out[ROOM + 1];
  const struct filter_context context = { .field = TEXT("message") };
  (void)state;
  memset(in, 'a', sizeof in);
  memcpy(in + sizeof in - 4, "\001!bc", 4);
  for (size_t i = 0; i < 2 * sizeof patterns / sizeof patterns[0]; i++) {
    const struct rule_spec spec = { .name = "slow", .match = patterns[i / 2], .action = ACTION_STRIP };
    char                   why[256];
    struct ruleset        *rules = ruleset_new(&spec, 1, &engine_options, complain, why);
    struct filter         *filter = filter_new(rules, ROOM);
    enum filter_result     result;
    size_t                 size;
    unsigned               rule;
    in[0] = i % 2 == 0 ? 'a' : '\xff'; /* with JIT, without */
    result = filter_text(filter, &context, (struct text){ in, sizeof in }, out, ROOM, &size, &rule);
    if (result != FILTER_SAME && result != FILTER_WITHHOLD) print_error("%s: %d\n", spec.match, result);
    assert_true(result == FILTER_SAME || (result == FILTER_WITHHOLD && rule == 0));
    if (i < 2) assert_int_equal(result, FILTER_WITHHOLD);
    filter_free(filter);
    ruleset_unref(rules);
  }
}

/* With limits that are out of reach, the JIT code's own stack ends, and the text is withheld by name all the same. */
static void withholds_when_the_stack_ends(void **state) {
  static const struct rule_spec spec = { .name = "deep", .match = "^(?:(a)|b)*c", .action = ACTION_STRIP };
  static char                   in[ROOM], out[ROOM + 1];
  const struct filter_context   context = { .field = TEXT("message") };
  struct filter_options         wide = engine_options;
  struct ruleset               *rules;
  struct filter                *filter;
  char                          why[256];
  size_t                        size;
  unsigned                      rule = 9;
  (void)state;
  wide.match_limit = wide.depth_limit = UINT32_MAX;
  rules = ruleset_new(&spec, 1, &wide, complain, why);
  filter = filter_new(rules, ROOM);
  memset(in, 'a', sizeof in);
  in[sizeof in - 1] = 'd';
  in[sizeof in - 2] = 'c';
  in[sizeof in - 3] = 'x';
  assert_int_equal(filter_text(filter, &context, (struct text){ in, sizeof in }, out, ROOM, &size, &rule), FILTER_WITHHOLD);
  assert_int_equal(rule, 0);
  filter_free(filter);
  ruleset_unref(rules);
}

static void fails_closed(void **state) {
  static const struct rule_spec slow[] = { { .name = "slow", .match = "(a+)+$", .action = ACTION_STRIP } };
  static char                   in[ROOM + 2], out[ROOM + 1];
  size_t                        size;
  unsigned                      rule;
  const struct filter_context   context = { .field = TEXT("message") };
  struct filter                *filter = filter_with(slow, 1);
  (void)state;
  memset(in, 'a', sizeof in);
  in[200] = '!';
  assert_int_equal(filter_text(filter, &context, (struct text){ in, 201 }, out, ROOM, &size, &rule), FILTER_WITHHOLD);
  assert_int_equal(rule, 0);
  assert_int_equal(filter_text(filter, &context, (struct text){ in, ROOM + 1 }, out, ROOM, &size, &rule), FILTER_WITHHOLD);
  assert_int_equal(rule, FILTER_NO_RULE);
  assert_int_equal(filter_text(filter, &context, TEXT("jean@example.com jean@example.com"), out, 10, &size, &rule), FILTER_ROOM);
  filter_free(filter);
}

/* PCRE2 10.42's JIT code does not, on invalid UTF-8: bytes behind the text came out of the filter. */
static void stays_inside_the_text(void **state) {
  static const struct rule_spec specs[] = { { .name = "rest", .match = "(?i)id=[^s]*", .action = ACTION_MASK, .mask_first = 100 } };
  static char                   out[ROOM + 1];
  const char                   *in = "id=7\xff\xff\xc5\xbfsecret";
  const struct filter_context   context = { .field = TEXT("message") };
  struct filter                *filter = filter_with(specs, 1);
  size_t                        size;
  unsigned                      rule;
  (void)state;
  for (size_t length = 4; length <= 8; length++) {
    assert_int_equal(filter_text(filter, &context, (struct text){ in, length }, out, ROOM, &size, &rule), FILTER_OK);
    assert_int_equal(size, length);
    assert_memory_equal(out, "****", 4);
    assert_memory_equal(out + 4, in + 4, length - 4);
  }
  filter_free(filter);
}

static void refuses_bad_rules(void **state) {
  static const struct {
    struct rule_spec spec;
    const char      *why;
  } rows[] = {
    { { .name = "a", .match = "(", .action = ACTION_STRIP }, "0:match: missing closing parenthesis at byte 1 of the pattern" },
    { { .name = "a", .match = "x", .detect = "ip" }, "0:detect: a rule has either detect: or match:" },
    { { .name = "a", .detect = "ipp" }, "0:detect: unknown detector \"ipp\"" },
    { { .name = "a", .detect = "phone", .action = ACTION_TRUNCATE }, "0:action: phone values cannot be truncated: use hash, strip, mask or replace" },
    { { .name = "a", .match = "x" }, "0:action: a rule with match: needs an action:" },
    { { .name = "a", .match = "x", .action = ACTION_REPLACE }, "0:with: action: replace needs with:, the text to write" },
    { { .name = "a", .match = "x", .action = ACTION_REPLACE, .with = "$2" }, "0:with: the pattern has no group 2" },
    { { .name = "a", .detect = "ip", .ipv4_bits = 33 }, "0:ipv4: an IPv4 prefix has 0 to 32 bits" },
    { { .name = "a", .detect = "phone", .region = "ZZ" }, "0:region: unknown region \"ZZ\": two letters such as FR" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char why[256] = "";
    assert_null(ruleset_new(&rows[i].spec, 1, &engine_options, complain, why));
    assert_string_equal(why, rows[i].why);
  }
}

/* Any bytes, and what is made of them: no crash, and nothing outside the buffers (ASan). */
static void survives_noise(void **state) {
  static const char alphabet[] = "0123456789abcdef@:.-+%<>\"'=\\ /#()[]_\0\xff\xc3\xa9sipuFROM,;&x";
  static char       in[4096], out[ROOM + 1], twice[ROOM + 1];
  struct filter    *filter = filter_with(NULL, 0);
  uint32_t          seed = 1;
  (void)state;
  for (int round = 0; round < 3000; round++) {
    size_t size, again, length = 1 + (size_t)round % 600;
    for (size_t i = 0; i < length; i++) {
      seed = seed * 1664525 + 1013904223;
      in[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
    }
    run(filter, (struct text){ in, length }, out, &size);
    run(filter, (struct text){ out, size }, twice, &again);
  }
  filter_free(filter);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(keeps_look_alikes),
    cmocka_unit_test(hides_addresses),
    cmocka_unit_test(hides_people),
    cmocka_unit_test(one_number_one_pseudonym),
    cmocka_unit_test(operators_rules),
    cmocka_unit_test(fails_closed),
    cmocka_unit_test(hides_hidden_spellings),
    cmocka_unit_test(acts_on_hidden_spellings),
    cmocka_unit_test(hides_many_hidden),
    cmocka_unit_test(hides_long_values),
    cmocka_unit_test(withholds_nested_values),
    cmocka_unit_test(stays_inside_the_text),
    cmocka_unit_test(bounds_catastrophes),
    cmocka_unit_test(withholds_when_the_stack_ends),
    cmocka_unit_test(refuses_bad_rules),
    cmocka_unit_test(survives_noise),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
