/* Hidden spellings: what they decode to, what of the original a decoded value stands for, and what is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "filters/scan.h"
#include "filters/view.h"

enum { ROOM = 1 << 16 };

static char        bytes[ROOM + 1];
static uint32_t    origin[ROOM + 1];
static struct view view = { bytes, origin, 0 };

/* With the CPU's wide instructions and without: the same. */
static bool needed(struct text text) {
  bool portable = view_needed(text, BLOCKS_PORTABLE);
  for (int width = 1; width <= (int)blocks_widest(); width++) assert_int_equal(view_needed(text, (enum blocks_width)width), portable);
  return portable;
}

/* Units tile the text. */
static void view_check(struct text text) {
  assert_true(view.size <= text.size);
  assert_int_equal(origin[view.size], text.size);
  if (view.size > 0) assert_int_equal(origin[0], 0);
  for (uint32_t i = 0; i < view.size; i++) {
    assert_true(origin[i] <= origin[i + 1]);
    assert_true(view_origin_end(&view, i + 1) > view_origin_start(&view, i));
  }
}

static unsigned decode(struct text text) { /* how many layers it took */
  unsigned layers = 0;
  view_open(&view, text);
  view_check(text);
  while (view_next(&view)) {
    layers++;
    view_check(text);
  }
  view_check(text);
  bytes[view.size] = 0;
  return layers;
}

static void decodes(void **state) {
  static const struct {
    const char *says, *in, *out, *value, *original; /* value: a part of out; the bytes of in that it stands for */
    unsigned    layers;
  } rows[] = {
    { "percent", "a%40b", "a@b", "@", "%40", 1 },
    { "percent in small letters", "%2b33", "+33", "+33", "%2b33", 1 },
    { "percent twice", "a%2540b", "a@b", "@b", "%2540b", 2 },
    { "percent three times", "%25252B3", "+3", "+", "%25252B", 3 },
    { "the digits of an escape spelled apart", "%%34%30", "@", "@", "%%34%30", 2 },
    { "ECMAScript's escape()", "a%u0040b", "a@b", "@", "%u0040", 1 },
    { "UTF-8 in percent is one unit", "J%C3%A9r", "J\xc3\xa9r", "\xc3", "%C3%A9", 1 },
    { "a no-break space in percent", "01%C2%A099", "01 99", " ", "%C2%A0", 1 },
    { "JSON", "a\\u0040b", "a@b", "a@", "a\\u0040", 1 },
    { "JSON in JSON", "a\\\\u0040b", "a@b", "@", "\\\\u0040", 2 },
    { "quotes of JSON in JSON in JSON", "\\\\\\\"x\\\\\\\"", "\"x\"", "x", "x", 2 },
    { "a slash of PHP", "PJSIP\\/0199", "PJSIP/0199", "/0", "\\/0", 1 },
    { "line ends", "x\\r\\nfrom=", "x\r\nfrom=", "\n", "\\n", 1 },
    { "a pair of surrogates", "\\ud835\\udfce1", "01", "0", "\\ud835\\udfce", 1 },
    { "half a pair glued to a number", "\\ud83d0199",
      "\xef\xbf\xbd"
      "0199",
      "0199", "0199", 1 },
    { "a code point in braces", "\\u{40}\\x{40}", "@@", "@", "\\u{40}", 1 },
    { "Python", "a\\U00000040b\\U0001d7ce", "a@b0", "@", "\\U00000040", 1 },
    { "JSON in capitals", "A\\U0040B\\X40", "A@B@", "@", "\\U0040", 1 },
    { "C", "a\\x40b", "a@b", "@", "\\x40", 1 },
    { "an apostrophe in a name", "O\\'Brien", "O'Brien", "'", "\\'", 1 },
    { "quotes doubled by CSV in JSON", "\\\"\\\"x", "\"\"x", "x", "x", 1 },
    { "octal", "a\\100b\\0530", "a@b+0", "+0", "\\0530", 1 },
    { "punctuation of a regex or a shell", "a\\@b\\.c\\ d", "a@b.c d", ".", "\\.", 1 },
    { "decimal entity", "a&#64;b", "a@b", "@", "&#64;", 1 },
    { "entity without its end", "a&#64b", "a@b", "@", "&#64", 1 },
    { "hexadecimal entity", "a&#X0040;z", "a@z", "@", "&#X0040;", 1 },
    { "entity by name", "&lt;sip:a&commat;b&gt;", "<sip:a@b>", "a@b", "a&commat;b", 1 },
    { "entity by name without its end", "&lt sip&gt", "< sip>", ">", "&gt", 1 },
    { "entity of an entity", "&amp;amp;lt;", "<", "<", "&amp;amp;lt;", 3 },
    { "zeros of an entity of an entity", "&amp;#0000064;", "@", "@", "&amp;#0000064;", 2 },
    { "a key after quoted-printable", "=0D=0Apassword=61a9e", "\r\npassword=61a9e", "=61", "=61", 1 },
    { "quotes in quoted-printable", "x =22192.0.2.7=22", "x \"192.0.2.7\"", "7", "7", 1 },
    { "percent in an entity", "&#37;40", "@", "@", "&#37;40", 2 },
    { "accents", "H&eacute;l&Egrave;ne", "H\xc3\xa9l\xc3\x88ne", "\xc3\xa9", "&eacute;", 1 },
    { "quoted-printable in a word", "jean=40example.com", "jean@example.com", "@", "=40", 1 },
    { "quoted-printable plus", "tel:=2B33199001234", "tel:+33199001234", "+", "=2B", 1 },
    { "quoted-printable blanks in a number", "01=2099=2000", "01 99 00", "1 9", "1=209", 1 },
    { "quoted-printable with words between", "=2B33=20199=20", "+33 199 ", "33 199", "33=20199", 1 },
    { "quoted-printable in a row", "x=30=31=39", "x019", "019", "=30=31=39", 1 },
    { "quoted-printable accents", "H=C3=A9l", "H\xc3\xa9l", "\xc3\xa9", "=C3=A9", 1 },
    { "a key's value in quoted-printable", "src=3D33199001234", "src=33199001234", "=", "=3D", 1 },
    { "percent in quoted-printable", "callee==252B33199", "callee=+33199", "+", "=252B", 2 },
    { "an entity behind a backslash", "\\&#x75;0040\\%41", "@\\A", "@", "\\&#x75;0040", 2 },
    { "padding in quoted-printable", "c29sbmUuc2NoZmVyNDJAZXhhbXBsZS5uZXQ=3D ", "solne.schfer42@example.net ", "@",
      "c29sbmUuc2NoZmVyNDJAZXhhbXBsZS5uZXQ=3D", 2 },
    { "a soft line end", "01990=\r\n01234", "0199001234", "0199001234", "01990=\r\n01234", 1 },
    { "an encoded word is one unit", "From: =?utf-8?Q?Camille_O=27B?= <", "From: Camille O'B <", "Camille", "=?utf-8?Q?Camille_O=27B?=", 1 },
    { "an encoded word in base64", "=?UTF-8?B?Q2FtaWxsZQ==?= <", "Camille <", "ille", "=?UTF-8?B?Q2FtaWxsZQ==?=", 1 },
    { "rsyslog's line ends", "a#015#012To: b", "a\r\nTo: b", "\n", "#012", 1 },
    { "rsyslog's UTF-8", "H#303#251l", "H\xc3\xa9l", "\xc3", "#303#251", 1 },
    { "Kamailio's line ends", "x 0D  0A From: y", "x\nFrom: y", "\n", " 0D  0A ", 1 },
    { "full-width forms", "\xef\xbc\x8b\xef\xbc\x93\xef\xbc\x93 a\xef\xbc\xa0\xef\xbd\x82\xef\xbc\x8e", "+33 a@b.", "3 a", "\xef\xbc\x93 a", 1 },
    { "digits of other scripts", "\xd9\xa0\xd9\xa1\xe0\xa5\xaf", "019", "19", "\xd9\xa1\xe0\xa5\xaf", 1 },
    { "spaces of Unicode",
      "01\xc2\xa0"
      "99\xe2\x80\xaf"
      "00\xe2\x80\x87"
      "12",
      "01 99 00 12", "99 0",
      "99\xe2\x80\xaf"
      "0",
      1 },
    { "dashes of Unicode",
      "01\xe2\x80\x91"
      "99\xe2\x88\x92"
      "00",
      "01-99-00", "-", "\xe2\x80\x91", 1 },
    { "a soft hyphen goes with what is before",
      "01\xc2\xad"
      "99",
      "0199", "1", "1\xc2\xad", 1 },
    { "joiners at both ends",
      "\xe2\x80\x8b"
      "a\xef\xbb\xbf"
      "b\xe2\x80\x8d",
      "ab", "ab",
      "\xe2\x80\x8b"
      "a\xef\xbb\xbf"
      "b\xe2\x80\x8d",
      1 },
    { "a joiner in an entity", "a&#8203;b&zwnj;c", "abc", "bc", "b&zwnj;c", 1 },
    { "a padded token", "id=amVhbkBleGFtcGxlLmNvbTEy=;", "id=amVhbkBleGFtcGxlLmNvbTEy=;", "id", "id", 0 },
    { "base64 of an address", "x: amVhbi5kdXBvbnRAZXhhbXBsZS5jb20= y", "x: jean.dupont@example.com y", "jean",
      "amVhbi5kdXBvbnRAZXhhbXBsZS5jb20=", 1 },
    { "base64 at the end of a path", "/q/amVhbi5kdXBvbnRAZXhhbXBsZS5jb20=", "/q/jean.dupont@example.com", "@",
      "amVhbi5kdXBvbnRAZXhhbXBsZS5jb20=", 1 },
    { "a token behind an escape, and another", "%20amVhbi5kdXBvbnRAZXhhbXBsZS5jb20= amVhbi5kdXBvbnRAZXhhbXBsZS5jb20=",
      " jean.dupont@example.com jean.dupont@example.com", " j", "%20amVhbi5kdXBvbnRAZXhhbXBsZS5jb20=", 1 },
    { "a JWT", "eyJzdWIiOiJqZWFuQGV4YW1wbGUuY29tIn0.x", "{\"sub\":\"jean@example.com\"}.x", "jean", "eyJzdWIiOiJqZWFuQGV4YW1wbGUuY29tIn0", 1 },
    { "a NUL", "a%00b", "a", "a", "a", 1 },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct text in = text_of(rows[i].in);
    unsigned    layers = decode(in);
    const char *value;
    uint32_t    start, end;
    if (strcmp(bytes, rows[i].out) != 0) print_error("%s: %s is not %s\n", rows[i].says, bytes, rows[i].out);
    assert_string_equal(bytes, rows[i].out);
    value = strstr(bytes, rows[i].value);
    assert_non_null(value);
    start = view_origin_start(&view, (uint32_t)(value - bytes));
    end = view_origin_end(&view, (uint32_t)(value - bytes + strlen(rows[i].value)));
    if (!text_equal((struct text){ in.at + start, end - start }, text_of(rows[i].original)))
      print_error("%s: %s stands for %.*s\n", rows[i].says, rows[i].value, (int)(end - start), in.at + start);
    assert_true(text_equal((struct text){ in.at + start, end - start }, text_of(rows[i].original)));
    if (layers != rows[i].layers) print_error("%s: %u layers\n", rows[i].says, layers);
    assert_int_equal(layers, rows[i].layers);
    if (needed(in) != (layers > 0)) print_error("%s: view_needed\n", rows[i].says);
    assert_int_equal(needed(in), layers > 0);
  }
}

static void leaves_alone(void **state) {
  static const struct {
    const char *says, *in;
  } rows[] = {
    { "a percentage", "98.40% [NOTICE] 5 % 100%" },
    { "an interface's scope", "fe80::1%eth0" },
    { "formats", "%s %u %p %zu" },
    { "cut escapes", "%4" },
    { "a percent at the end", "%" },
    { "no hexadecimal digits", "%4g %uD83 \\u12 \\xg0 \\u{110000} \\u{ \\u{}" },
    { "a cut \\u", "\\u004" },
    { "a backslash at the end", "\\" },
    { "a domain's account", "CORP\\alice \\w+ \\d" },
    { "queries", "?a=1&b=2&ref=ORD1&lt=5&copy=1" },
    { "entities that are none", "&; &# &#; &#x; &#x110000; &unknown; R&D &averylongname;" },
    { "values of two digits", "cseq=40 port=20 x=16.28" },
    { "numbers after a key", "code=200 cseq=34251 timestamp=2001234567 port=40123 id=220612345678 n=2012 wait=20s wait=234s" },
    { "hexadecimal after a key", "tag=1F2E c=E9 sid=00AB ci=40d3b7729@sbc1 ci=28d4846c to_tag=3D06 x=22af tag=2Fcafe" },
    { "small letters are no quoted-printable", "x=c3=a9" },
    { "assignments", "a==b a=? =?x=1 ==" },
    { "ticket numbers", "#303 #200 ticket #823020 #8 #1771234" },
    { "a hash at the end", "#01" },
    { "accents and quotes", "H\xc3\xa9l\xc3\xa8ne \xe2\x80\x9cx\xe2\x80\x9d \xe2\x82\xac" },
    { "bytes that are no UTF-8", "\xff\xa0\xc2 \xe2\x80 \xf5\xad\x80\x80 \xc0\xa0 \xed\xa0\x80" },
    { "hexadecimal dumps", "00 0D 0A 0D 0A  0D 0A " },
    { "a hash of MD5 in base64", "1B2M2Y8AsgTpgAmY7PhCfg==" },
    { "a word that could be base64", "ChallengeResponseFailed=\"\" some_long_key_name_x= " },
    { "short tokens", "YWxpY2U=" },
    { "an unpadded token that is no JWT", "z9hG4bK0123456789abcdef eyJ" },
    { "nothing", "" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct text in = text_of(rows[i].in);
    unsigned    layers = decode(in);
    if (layers > 0 || needed(in)) print_error("%s: %s\n", rows[i].says, bytes);
    assert_int_equal(layers, 0);
    assert_string_equal(bytes, rows[i].in);
    assert_false(needed(in));
  }
}

/* Decoded, but alone no reason for a view. */
static void reads_through(void **state) {
  static const struct {
    const char *in, *out;
  } rows[] = {
    { "{\\\"from\\\": \\'1\\'}", "{\"from\": '1'}" },
    { "http:\\/\\/a\\/b", "http://a/b" },
    { "end\\r\\n", "end\r\n" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_false(needed(text_of(rows[i].in)));
    assert_int_equal(decode(text_of(rows[i].in)), 1);
    assert_string_equal(bytes, rows[i].out);
  }
  assert_true(needed(TEXT("x\\nfrom=1")));
}

/* 64 KiB of anything that could nest: every layer is linear and ends. */
static void is_linear(void **state) {
  static const char *const pieces[] = { "%25", "\\\\",   "&amp;", "=3D", "=\n", "\\u005c", "%",    "&#38;",     "\xc2\xad",
                                        "a/",  "eyJaa/", "aaaa=", "=?",  "#",   "AA==",    "\xe2", "=?u?q?a?=", "&#" };
  static char              in[ROOM];
  (void)state;
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    size_t size = strlen(pieces[i]);
    for (size_t at = 0; at < ROOM; at++) in[at] = pieces[i][at % size];
    needed((struct text){ in, ROOM });
    view_open(&view, (struct text){ in, ROOM });
    for (unsigned layer = 0; layer < VIEW_LAYERS && view_next(&view); layer++) view_check((struct text){ in, ROOM });
  }
}

/* Any bytes: units tile, a view that is not needed hides nothing but what reads_through has, and a decoded text that was
 * left as it is stays so. */
static void survives_noise(void **state) {
  static const char alphabet[] = "01234fFDAJ@:.-+%%%\\\\&&##==;?/ uxqQBb\n\r\0\xff\xc2\xad\xa0\xef\xbc\x90\xe2\x80lt";
  static char       in[4096];
  uint32_t          seed = 1;
  (void)state;
  for (int round = 0; round < 20000; round++) {
    size_t length = (size_t)round % 200;
    bool   hidden;
    for (size_t i = 0; i < length; i++) {
      seed = seed * 1664525 + 1013904223;
      in[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
    }
    hidden = needed((struct text){ in, length });
    if (decode((struct text){ in, length }) == 0) {
      assert_false(hidden);
      assert_true(text_equal(view_text(&view), (struct text){ in, length }));
    } else if (memchr(in, '\\', length) == NULL) assert_true(hidden);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(decodes),   cmocka_unit_test(leaves_alone),   cmocka_unit_test(reads_through),
    cmocka_unit_test(is_linear), cmocka_unit_test(survives_noise),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
