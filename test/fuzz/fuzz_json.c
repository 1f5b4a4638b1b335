/* What is rewritten is one line of JSON again, and rewriting it once more changes nothing. */
#include <assert.h>
#include <stdint.h>

#include "proxy/wire/wire.h"

enum { ROOM = 1 << 16 };

static enum json_verdict visit(void *context, enum json_kind kind, struct text key, struct text value, struct text *changed) {
  (void)context, (void)key;
  if (kind == JSON_NUMBER || value.size == 0 || value.at[0] != 'x') return JSON_SAME;
  *changed = TEXT("\x01\"y\\\xff\n");
  return JSON_CHANGED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char         once[ROOM], twice[ROOM], bytes[ROOM];
  struct json_scratch scratch = { bytes, sizeof bytes };
  struct text         element;
  size_t              n, m;
  if (size > ROOM / 16) return 0;
  for (size_t at = 0; json_elements((struct text){ (const char *)data, size }, &at, &element) == 1;) assert(element.size > 0);
  if (json_rewrite((struct text){ (const char *)data, size }, once, sizeof once, &n, &scratch, visit, NULL) != JSON_OK) return 0;
  assert(memchr(once, '\n', n) == NULL && memchr(once, '\r', n) == NULL);
  for (size_t i = 0; i < n; i += utf8_size((struct text){ once, n }, i)) assert(utf8_size((struct text){ once, n }, i) > 0);
  assert(json_rewrite((struct text){ once, n }, twice, sizeof twice, &m, &scratch, visit, NULL) == JSON_OK);
  assert(n == m && memcmp(once, twice, n) == 0);
  return 0;
}
