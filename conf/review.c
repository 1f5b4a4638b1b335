#include "conf/review.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/error.h"

enum { PUMPS_MOST = 24 };

static const char *const typical[] = {
  "INFO: <script>: REQ INVITE sip:0199001234@sip.example.com from sip:+33199001235@sip.example.com;user=phone src 192.0.2.81:15082",
  "[2026-03-12 14:30:15] VERBOSE[2210][C-0000002a] pbx.c: Executing [201@from-internal:1] NoOp(\"PJSIP/trunk-0000002a\", \"call\") in new stack",
  "Via: SIP/2.0/UDP [2001:db8::7]:5060;branch=z9hG4bK-8201-749-0;rport;received=192.0.2.7",
  "From: \"Camille Rousselet\" <sip:+33199001234@sip.example.org;user=phone>;tag=as6f88333d",
  "Authorization: Digest username=\"alice\",realm=\"sip.example.org\",nonce=\"a66b0d389d95847ebd299753a7677796\",uri=\"sip:example.org\"",
  "192.0.2.7 - - [12/Mar/2026:14:30:15 +0000] \"GET /provisioning/00005e0053af.cfg?token=4f1b HTTP/1.1\" 200 7454 \"-\" \"Yealink SIP-T46U\"",
  "postfix/smtp[812]: 4F1B2C3D: to=<jean.dupont@example.com>, relay=mx.example.com[192.0.2.25]:25, delay=1.2, status=sent (250 OK)",
  "{\"from\":\"+33199001234\",\"to\":\"0033199001235\",\"user\":\"f.grosjean\",\"duration\":62,\"codec\":\"opus\",\"ok\":true}",
  "sshd[4021]: Failed password for invalid user admin from 198.51.100.7 port 40122 ssh2",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
  "0101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010!",
  "                                                                                                                         .",
};

/* Behind a text that is drawn out: it breaks what would match, and has each character that PCRE2 may look for beforehand. */
static const char end[] = "\x01 !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

struct review {
  const struct conf    *conf;
  const struct ruleset *rules;
  struct conf_errors   *warnings;
};

static void warn(const struct review *review, size_t index, const char *key, const char *format, ...) __attribute__((format(printf, 4, 5)));
static void warn(const struct review *review, size_t index, const char *key, const char *format, ...) {
  const struct conf_rule *rule = &review->conf->rules[index];
  struct conf_place       place = conf_rule_place(rule, key);
  char                    text[200];
  va_list                 arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  conf_fail_at(review->warnings, rule->file, place.line, place.col, "warning: rule \"%.40s\": %s", rule->spec.name, text);
}

/* ---- rules that come too late ---- */

static bool same(const char *a, const char *b) { return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0); }

static bool list_has(const char *const *list, size_t count, const char *word) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(list[i], word) == 0) return true;
  return false;
}

/* Each word of the second list is in the first; an empty list stands for all words. */
static bool list_covers(const char *const *list, size_t count, const char *const *other, size_t other_count) {
  if (count == 0) return true;
  for (size_t i = 0; i < other_count; i++)
    if (!list_has(list, count, other[i])) return false;
  return other_count > 0;
}

/* What the later rule would find, the earlier has found. */
static bool covers(const struct rule_spec *earlier, const struct rule_spec *later) {
  return same(earlier->match, later->match) && same(earlier->detect, later->detect) &&
         (earlier->match != NULL || (same(earlier->region, later->region) && earlier->strict == later->strict)) &&
         (earlier->group_count == 0 ||
          (later->group_count > 0 && list_covers(earlier->groups, earlier->group_count, later->groups, later->group_count))) &&
         list_covers(earlier->when_input, earlier->when_input_count, later->when_input, later->when_input_count) &&
         list_covers(earlier->when_app, earlier->when_app_count, later->when_app, later->when_app_count) &&
         list_covers(earlier->when_host, earlier->when_host_count, later->when_host, later->when_host_count) &&
         list_covers(earlier->when_field, earlier->when_field_count, later->when_field, later->when_field_count) &&
         (earlier->when_severity == 0 || (later->when_severity != 0 && (later->when_severity & ~earlier->when_severity) == 0));
}

static void review_order(const struct review *review, size_t index) {
  const struct rule_spec *later = &review->conf->rules[index].spec;
  if (later->action == ACTION_DROP || later->action == ACTION_WITHHOLD) return; /* beats what was found before */
  for (size_t i = 0; i < index; i++) {
    const struct conf_rule *earlier = &review->conf->rules[i];
    if (!covers(&earlier->spec, later)) continue;
    warn(review, index, later->match != NULL ? "match" : "detect", "never acts: \"%.40s\" (%.60s:%d) finds the same before it", earlier->spec.name,
         earlier->file, earlier->line);
    return;
  }
}

/* ---- cost ---- */

static bool too_dear(const struct review *review, size_t index, struct text text) {
  return !ruleset_within(review->rules, index, text, (uint32_t)(REVIEW_STEPS_FREE + REVIEW_STEPS_BYTE * text.size));
}

/* text up to byte at, that byte over and over, and the end. */
static struct text drawn_out(struct text text, size_t at, char out[REVIEW_TEXT_BYTES]) {
  size_t size = at < REVIEW_TEXT_BYTES / 2 ? at : REVIEW_TEXT_BYTES / 2, repeats = REVIEW_TEXT_BYTES - size - (sizeof end - 1);
  memcpy(out, text.at, size);
  memset(out + size, text.at[at], repeats);
  memcpy(out + size + repeats, end, sizeof end - 1);
  return (struct text){ out, REVIEW_TEXT_BYTES };
}

static struct text repeated(struct text text, char out[REVIEW_TEXT_BYTES]) {
  size_t size = 0;
  for (; size + text.size + sizeof end < REVIEW_TEXT_BYTES; size += text.size) memcpy(out + size, text.at, text.size);
  memcpy(out + size, end, sizeof end - 1);
  return (struct text){ out, size + sizeof end - 1 };
}

/* Where runs of a text's words end: places to draw it out at. */
static bool test_too_dear(const struct review *review, size_t index, struct text text) {
  char   out[REVIEW_TEXT_BYTES];
  size_t pumps = 0;
  if (text.size == 0) return false;
  if (too_dear(review, index, text)) return true;
  if (text.size < REVIEW_TEXT_BYTES && too_dear(review, index, repeated(text, out))) return true;
  for (size_t i = 0; i < text.size && pumps < PUMPS_MOST; i++) {
    bool word = (unsigned char)text.at[i] < 0x80 && strchr(" .,:;=<>\"'()[]/-", text.at[i]) == NULL;
    bool last = i + 1 == text.size || strchr(" .,:;=<>\"'()[]/-", text.at[i + 1]) != NULL;
    if (text.at[i] == 0 || (word && !last)) continue;
    pumps++;
    if (too_dear(review, index, drawn_out(text, i, out))) return true;
  }
  return false;
}

/* Behind a literal of the pattern, whatever repeats. */
static bool literal_too_dear(const struct review *review, size_t index) {
  static const char repeats[] = "a0 .-=/\"";
  char              literal[FILTER_LITERAL_MOST + 1], out[REVIEW_TEXT_BYTES];
  size_t            size = filter_literal_into(review->conf->rules[index].spec.match, literal);
  for (const char *repeat = repeats; *repeat != 0; repeat++) {
    literal[size] = *repeat;
    if (too_dear(review, index, drawn_out((struct text){ literal, size + 1 }, size, out))) return true;
  }
  return false;
}

static void review_cost(const struct review *review, size_t index) {
  const struct conf_rule *rule = &review->conf->rules[index];
  bool                    dear = literal_too_dear(review, index);
  for (size_t i = 0; !dear && i < sizeof typical / sizeof typical[0]; i++) dear = test_too_dear(review, index, text_of(typical[i]));
  for (size_t i = 0; !dear && i < rule->test_count; i++) dear = test_too_dear(review, index, text_of(rule->tests[i].in));
  if (dear)
    warn(review, index, "match",
         "costs too much: over %d steps a byte from one place; does a repetition stand in or beside another that takes the same?", REVIEW_STEPS_BYTE);
}

static void review_prefilter(const struct review *review, size_t index) {
  size_t      byte = 0;
  const char *why = ruleset_always_run(review->rules, index, &byte);
  if (why != NULL) warn(review, index, "match", "is run on every text: at byte %zu of the pattern: %s", byte, why);
}

void conf_review_rules(const struct conf *conf, struct conf_errors *warnings) {
  static const uint8_t key[32] = { 0 };
  struct conf_errors   errors = { 0 };
  struct ruleset      *rules = conf_rules(conf, key, "review", &errors);
  struct review        review = { conf, rules, warnings };
  for (size_t i = 0; rules != NULL && i < conf->rule_count; i++) {
    review_order(&review, i);
    if (conf->rules[i].spec.match == NULL) continue;
    review_prefilter(&review, i);
    review_cost(&review, i);
  }
  ruleset_unref(rules);
  conf_errors_free(&errors);
}
