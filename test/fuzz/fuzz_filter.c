/* The built-in detectors on any text: spans lie inside it, the same text gives the same result elsewhere in memory and without the
 * CPU's wide instructions, and room that is too small is said with the size it takes, whatever the room. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "test/unit/engine.h"

enum { ROOM = 1 << 16 };

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
    filter = engine_filter_all(ROOM);
    portable = engine_filter_all(ROOM);
    filter_width(portable, 0);
    atexit(release);
  }
  if (size == 0 || size > 4096) return 0;
  memcpy(copy + 1, data, size);
  if (engine_run(filter, (struct text){ (const char *)data, size }, once, ROOM, &n) != FILTER_OK) { /* hidden too deep */
    assert(engine_run(portable, (struct text){ copy + 1, size }, twice, ROOM, &m) == FILTER_WITHHOLD);
    return 0;
  }
  spans = filter_spans(filter, &count);
  for (size_t i = 0; i < count; i++) assert(spans[i].start < spans[i].end && spans[i].end <= size);
  assert(engine_run(portable, (struct text){ copy + 1, size }, twice, ROOM, &m) == FILTER_OK);
  assert(n == m && memcmp(once, twice, n) == 0);
  if (n == size && memcmp(once, data, n) == 0) return 0;
  assert(engine_run(filter, (struct text){ (const char *)data, size }, twice, n / 2, &m) == FILTER_ROOM || n == 0);
  assert(m == n);
  return 0;
}
