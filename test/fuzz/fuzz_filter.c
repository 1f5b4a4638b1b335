/* The built-in detectors on any text: spans lie inside it, the same text gives the same result elsewhere in memory and without the
 * CPU's wide instructions, and room
 * that is too small is said with the size it takes, whatever the room. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "filters/filters.h"

enum { ROOM = 1 << 16 };

static void complain(void *context, size_t rule, const char *key, long byte, const char *message) {
  (void)context, (void)rule, (void)key, (void)byte, (void)message;
  abort();
}

static struct filter *filter_make(void) {
  static const struct filter_options options = { .region = "FR",
                                                 .key = (const uint8_t *)"0123456789abcdef0123456789abcdef",
                                                 .epoch = "1",
                                                 .match_limit = 100000,
                                                 .depth_limit = 5000,
                                                 .heap_limit_kib = 20000 };
  struct rule_spec                   specs[64] = { 0 };
  size_t                             count = 0;
  struct filter                     *filter;
  for (const char *const *name = filter_detector_names(); *name != NULL; name++)
    specs[count++] = (struct rule_spec){ .name = *name, .detect = *name, .ipv4_bits = 24, .ipv6_bits = 48 };
  struct ruleset *rules = ruleset_new(specs, count, &options, complain, NULL);
  filter = filter_new(rules, ROOM);
  ruleset_unref(rules);
  return filter;
}

static enum filter_result run(struct filter *filter, struct text in, char *out, size_t room, size_t *size) {
  const struct filter_context context = { .field = TEXT("message") };
  unsigned                    rule;
  enum filter_result          result = filter_text(filter, &context, in, out, room, size, &rule);
  if (result != FILTER_SAME) return result;
  memcpy(out, in.at, in.size);
  *size = in.size;
  return FILTER_OK;
}

static struct filter *filter, *portable;

static void release(void) { /* LeakSanitizer does not look into the locked memory of a rule set */
  filter_free(filter);
  filter_free(portable);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char        once[ROOM], twice[ROOM], copy[ROOM];
  size_t             n, m, count;
  const struct span *spans;
  if (filter == NULL) {
    filter = filter_make();
    portable = filter_make();
    filter_width(portable, 0);
    atexit(release);
  }
  if (size == 0 || size > 4096) return 0;
  memcpy(copy + 1, data, size);
  if (run(filter, (struct text){ (const char *)data, size }, once, ROOM, &n) != FILTER_OK) { /* hidden too deep */
    assert(run(portable, (struct text){ copy + 1, size }, twice, ROOM, &m) == FILTER_WITHHOLD);
    return 0;
  }
  spans = filter_spans(filter, &count);
  for (size_t i = 0; i < count; i++) assert(spans[i].start < spans[i].end && spans[i].end <= size);
  assert(run(portable, (struct text){ copy + 1, size }, twice, ROOM, &m) == FILTER_OK);
  assert(n == m && memcmp(once, twice, n) == 0);
  if (n == size && memcmp(once, data, n) == 0) return 0;
  assert(run(filter, (struct text){ (const char *)data, size }, twice, n / 2, &m) == FILTER_ROOM || n == 0);
  assert(m == n);
  return 0;
}
