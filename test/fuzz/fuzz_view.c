/* Hidden spellings of any text: units tile it, layers shrink and end, what is not needed decodes to nothing new but what
 * detectors read through, and a decoded text is decoded no further. */
#include <assert.h>
#include <stdlib.h>

#include "filters/scan.h"
#include "filters/view.h"

enum { ROOM = 1 << 16 };

/* With the CPU's wide instructions and without: the same. */
static bool needed(struct text text) {
  bool portable = view_needed(text, BLOCKS_PORTABLE);
  for (int width = 1; width <= (int)blocks_widest(); width++) assert(view_needed(text, (enum blocks_width)width) == portable);
  return portable;
}

static void check(const struct view *view, struct text text) {
  assert(view->size <= text.size && view->origin[view->size] == text.size);
  assert(view->size == 0 || view->origin[0] == 0);
  for (uint32_t i = 0; i < view->size; i++) {
    assert(view->origin[i] <= view->origin[i + 1]);
    assert(view_origin_end(view, i + 1) > view->origin[i] && view_origin_end(view, i + 1) <= text.size);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char     bytes[ROOM], again[ROOM];
  static uint32_t origin[ROOM + 1];
  struct view     view = { bytes, origin, 0 };
  struct text     text = { (const char *)data, size };
  bool            changed = false, hidden;
  uint32_t        before;
  if (size > ROOM) return 0;
  hidden = needed(text);
  view_open(&view, text);
  check(&view, text);
  do {
    before = view.size;
    if (!view_next(&view)) break;
    changed = true;
    check(&view, text);
    assert(view.size < before);
  } while (true);
  assert(view.size == before);
  if (!changed) assert(size == 0 || memcmp(bytes, data, size) == 0);
  if (!changed) assert(!hidden);
  if (changed && memchr(data, '\\', size) == NULL) assert(hidden);
  size = view.size; /* a text of its own now */
  memcpy(again, bytes, size);
  view_open(&view, (struct text){ again, size });
  assert(!view_next(&view) && view.size == size && memcmp(bytes, again, size) == 0);
  return 0;
}
