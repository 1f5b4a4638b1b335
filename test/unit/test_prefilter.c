/* With the prefilter and without it the output is the same, whatever the patterns and whatever the text; portable and wide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "filters/filters.h"
#include "filters/prefilter.h"
#include "filters/required.h"
#include "test/unit/engine.h"
#include "test/unit/random_pattern.h"

enum { ROOM = 1 << 12, SETS = 600, PATTERNS = 10, TEXTS = 800 };

static const struct filter_options options = {
  .region = "FR",
  .key = ENGINE_KEY,
  .epoch = "1",
  .match_limit = 500,
  .depth_limit = 500,
  .heap_limit_kib = 1000,
};

static struct ruleset *rules_of(const struct random_pattern *patterns, size_t count, bool drops) {
  struct rule_spec specs[PATTERNS] = { 0 };
  char             names[PATTERNS][24];
  struct ruleset  *rules;
  for (size_t i = 0; i < count; i++) {
    snprintf(names[i], sizeof names[i], "r%zu", i);
    specs[i] =
        (struct rule_spec){ .name = names[i], .match = patterns[i].pattern, .tag = names[i], .action = drops && i == 7 ? ACTION_DROP : ACTION_STRIP };
  }
  rules = ruleset_new(specs, count, &options, engine_complain, NULL);
  assert_non_null(rules);
  return rules;
}

static bool pcre2_takes(const char *pattern) {
  int         code;
  PCRE2_SIZE  offset;
  pcre2_code *compiled = *pattern != 0 ? pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                                       PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &offset, NULL)
                                       : NULL;
  pcre2_code_free(compiled);
  return compiled != NULL;
}

struct outcome {
  enum filter_result result;
  unsigned           rule;
  size_t             size;
  char               out[4 * ROOM];
};

static void run(struct filter *filter, struct text text, struct outcome *outcome) {
  const struct filter_context context = { .field = TEXT("message") };
  outcome->result = filter_text(filter, &context, text, outcome->out, sizeof outcome->out, &outcome->size, &outcome->rule);
}

/* Says for each pattern that it finds something alone where the prefilter sees nothing. */
static void differ(const struct random_pattern *patterns, size_t count, struct text text) {
  static struct outcome with, without;
  print_error("text:");
  for (size_t i = 0; i < text.size; i++) print_error(" %02x", (unsigned char)text.at[i]);
  print_error("\n");
  for (size_t i = 0; i < count; i++) {
    struct ruleset *rules = rules_of(&patterns[i], 1, false);
    struct filter  *filter = filter_new(rules, ROOM);
    run(filter, text, &with);
    filter_run_all(filter);
    run(filter, text, &without);
    if (with.result != without.result) print_error("%zu: %s\n", i, patterns[i].pattern);
    filter_free(filter);
    ruleset_unref(rules);
  }
  fail();
}

/* A rule that meets its limit withholds the text; one that the prefilter has shown not to match meets none. */
static size_t compare_texts(const struct random_pattern *patterns, size_t count, bool drops, uint64_t *seed) {
  static struct outcome with, without;
  struct ruleset       *rules = rules_of(patterns, count, drops);
  struct filter        *filter = filter_new(rules, ROOM), *portable = filter_new(rules, ROOM), *all = filter_new(rules, ROOM);
  size_t                matched = 0;
  char                  text[ROOM];
  filter_run_all(all);
  filter_width(portable, 0);
  for (int i = 0; i < TEXTS; i++) {
    struct text in = { text, random_text(patterns, count, seed, text, 400) };
    run(i % 2 == 0 ? filter : portable, in, &with);
    run(all, in, &without);
    matched += without.result == FILTER_OK || without.result == FILTER_DROP;
    if (without.result == FILTER_WITHHOLD) continue;
    if (with.result != without.result || with.rule != without.rule || with.size != without.size || memcmp(with.out, without.out, with.size) != 0)
      differ(patterns, count, in);
  }
  filter_free(filter);
  filter_free(portable);
  filter_free(all);
  ruleset_unref(rules);
  return matched;
}

static void same_with_and_without(void **state) {
  static struct random_pattern patterns[PATTERNS];
  uint64_t                     seed = 1;
  size_t                       matched = 0, taken = 0;
  (void)state;
  for (int set = 0; set < SETS; set++) {
    for (size_t i = 0; i < PATTERNS; i++) {
      do random_pattern(&patterns[i], &seed);
      while (!pcre2_takes(patterns[i].pattern) || (set % 4 != 0 && required_of(patterns[i].pattern).why != NULL));
      taken += required_of(patterns[i].pattern).why == NULL;
    }
    matched += compare_texts(patterns, PATTERNS, set % 4 == 0, &seed);
  }
  print_message("%d pairs, %zu texts with a match, %zu of %d patterns prefiltered\n", SETS * TEXTS, matched, taken, SETS * PATTERNS);
  assert_true(taken > SETS * PATTERNS / 3 && matched > SETS * TEXTS / 10);
}

static void finds_a_literal_wherever_it_stands(void **state) {
  static const char *const patterns[] = { "badge7=", "abc", "(?i)task", "long literal, more than sixteen" };
  static const char *const values[] = { "badge7=", "abc", "tAsK", "long literal, more than sixteen", "tas\xe2\x84\xaa", "TA\xc5\xbfk" };
  struct prefilter        *prefilter = prefilter_new(patterns, 4);
  char                     bytes[160];
  (void)state;
  assert_non_null(prefilter);
  for (size_t value = 0; value < 6; value++) {
    size_t length = strlen(values[value]);
    for (size_t size = length; size <= sizeof bytes; size++)
      for (size_t at = 0; at + length <= size; at++) {
        char    *exact = memset(malloc(size), 'x', size); /* a byte read too much is seen */
        uint64_t portable, wide;
        memcpy(exact + at, values[value], length);
        prefilter_scan(prefilter, (struct text){ exact, size }, false, &portable);
        prefilter_scan(prefilter, (struct text){ exact, size }, __builtin_cpu_supports("avx2"), &wide);
        if (portable != 1u << (value < 4 ? value : 2) || wide != portable) print_error("%s at %zu of %zu\n", values[value], at, size);
        assert_int_equal(portable, 1 << (value < 4 ? value : 2));
        assert_int_equal(wide, portable);
        free(exact);
      }
  }
  prefilter_free(prefilter);
}

static void says_what_is_required(void **state) {
  static const struct {
    const char *pattern, *list; /* or why */
    size_t      byte;
  } rows[] = {
    { "badge001=(\\d{6})", "badge001=", 0 },
    { "(?i)customer no7\\W+\\w+", "customer no7", 0 },
    { "\\bfoo\\b=(?!x)bar", "foo=bar", 0 },
    { "call(?:er|ee)+ from", " from", 0 },
    { "(?:user|account)=\\w+", "user account", 0 },
    { "(?x) order \\s+ no # number", "order", 0 },
    { "\\Qa.b\\E=1", "a.b=1", 0 },
    { "a{2}bcd", "abcd", 0 },
    { "(abc)?def", "def", 0 },
    { "(?<=abc)de", "no three characters in a row stand for themselves in every match", 0 },
    { "abc|\\d+", "no three characters in a row stand for themselves in every match", 0 },
    { "abc(*ACCEPT)d", "a verb", 3 },
    { "abc\\12", "a number that is a group's or a character's", 3 },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct required required = required_of(rows[i].pattern);
    char            list[REQUIRED_MOST * (LITERAL_MOST + 1) + 1] = "";
    for (size_t k = 0; k < required.count; k++)
      snprintf(list + strlen(list), sizeof list - strlen(list), "%s%.*s", k > 0 ? " " : "", (int)required.list[k].size, required.list[k].bytes);
    assert_string_equal(required.why != NULL ? required.why : list, rows[i].list);
    assert_int_equal(required.byte, rows[i].byte);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(says_what_is_required), cmocka_unit_test(finds_a_literal_wherever_it_stands),
                                      cmocka_unit_test(same_with_and_without) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
