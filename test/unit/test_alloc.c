/* Two hundred operators' rules: nothing is allocated for a line, and the engine stays within 64 MiB. What the process
 * allocates is counted here, in the libraries too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "test/unit/engine.h"

enum { RULES = 200, MOST = 64 * 1024, ROOM = 4 * MOST, MEMORY_MOST = 64 * 1024 * 1024 };

static unsigned long allocations;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
void __sanitizer_malloc_hook(const volatile void *ptr, size_t size);
void __sanitizer_malloc_hook(const volatile void *ptr, size_t size) {
  (void)ptr, (void)size;
  allocations++;
}
static const bool sanitized = true;
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *malloc(size_t size) {
  allocations++;
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  allocations++;
  return __libc_calloc(count, size);
}
void *realloc(void *old, size_t size) {
  allocations++;
  return __libc_realloc(old, size);
}
static const bool sanitized = false;
#endif

/* The operators' rules, then the built-in detectors. */
static struct ruleset *rules_new(void) {
  static const char *const groups[] = { "1" };
  static char              names[RULES][32], patterns[RULES][64];
  struct rule_spec         specs[RULES + 32] = { 0 };
  size_t                   count = 0;
  for (; count < RULES; count++) {
    snprintf(names[count], sizeof names[count], "r%zu", count);
    if (count == RULES - 1) snprintf(patterns[count], sizeof patterns[count], "\\d{3}-\\d{4}"); /* run on every text */
    else if (count % 2 == 0) snprintf(patterns[count], sizeof patterns[count], "badge%03zu=(\\d{6})", count);
    else snprintf(patterns[count], sizeof patterns[count], "(?i)customer no%03zu\\W+(\\w+)", count);
    specs[count] = (struct rule_spec){ .name = names[count], .match = patterns[count], .action = count % 4 == 0 ? ACTION_HASH : ACTION_REPLACE };
    specs[count].with = "[$0]";
    specs[count].groups = groups;
    specs[count].group_count = count < RULES - 1;
  }
  return engine_rules(specs, engine_detectors(specs, count));
}

static enum filter_result line_run(struct filter *filter, struct text text) {
  static char                 out[ROOM];
  const struct filter_context context = { .input = TEXT("syslog"), .app = TEXT("kamailio"), .field = TEXT("message") };
  size_t                      size;
  unsigned                    rule;
  return filter_text(filter, &context, text, out, sizeof out, &size, &rule);
}

static void allocates_nothing_for_a_line(void **state) {
  static const char *const lines[] = {
    "badge004=123456 customer no007: smith",
    "CUSTOMER NO199 -- m\xc3\xbcller calls +33 1 99 00 12 34 from 192.0.2.7:5060",
    "REQ INVITE sip:0199001234@sip.example.com from \"Camille Rousselet\" <sip:+33199001235@sip.example.com>",
    "invalid \xff\xfe customer no\xc5\xbf badge002=654321 \xe2\x84\xaa 555-0100",
    "nonce=\"a66b0d389d95847ebd299753a767779673f778aa\" mail to=<jean.dupont@example.com> 2001:db8::7",
  };
  static char     longest[MOST];
  struct ruleset *rules = rules_new();
  struct filter  *filter = rules != NULL ? filter_new(rules, MOST) : NULL;
  unsigned long   before, rounds = 200;
  (void)state;
  assert_non_null(filter);
  for (size_t i = 0; i < sizeof longest; i++) longest[i] = "badge010=123456 "[i % 16];
  line_run(filter, text_of(lines[3])); /* PCRE2's interpreter keeps its frames from the first text that is no UTF-8 */
  before = allocations;
  for (; rounds > 0; rounds--)
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
      if (line_run(filter, text_of(lines[i])) != FILTER_OK) break;
  line_run(filter, (struct text){ longest, sizeof longest });
  before = allocations - before;
  filter_free(filter);
  ruleset_unref(rules);
  assert_int_equal(rounds, 0);
  assert_int_equal(before, 0);
}

/* Pages of data that this process has asked for (proc(5), statm). */
static size_t data_bytes(void) {
  FILE         *stream = fopen("/proc/self/statm", "re");
  unsigned long data = 0;
  assert_non_null(stream);
  assert_int_equal(fscanf(stream, "%*u %*u %*u %*u %*u %lu", &data), 1);
  fclose(stream);
  return data * (size_t)sysconf(_SC_PAGESIZE);
}

static void memory_is_bounded(void **state) {
  size_t          before = data_bytes(), after;
  struct ruleset *rules = rules_new();
  struct filter  *filter = filter_new(rules, MOST);
  (void)state;
  assert_non_null(filter);
  line_run(filter, TEXT("badge004=123456 customer no007: smith"));
  after = data_bytes();
  print_message("%zu KiB for %d rules and a filter\n", (after - before) / 1024, RULES);
  if (!sanitized) assert_true(after - before < MEMORY_MOST);
  filter_free(filter);
  ruleset_unref(rules);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(memory_is_bounded), cmocka_unit_test(allocates_nothing_for_a_line) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
