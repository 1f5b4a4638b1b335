/* Any bytes, in pieces of any size: frames lie inside what was given, progress never stops, and how the bytes were cut
 * into pieces changes nothing. */
#include <assert.h>
#include <stdint.h>

#include "proxy/wire/wire.h"

enum { MOST = 256 };

static uint64_t frames_sum(struct text bytes, size_t step) {
  struct framing framing = { .most = MOST };
  char           buffer[2 * MOST + 64];
  size_t         held = 0, fed = 0, used;
  uint64_t       sum = 0;
  struct text    frame;
  while (fed < bytes.size) {
    size_t more = bytes.size - fed < step ? bytes.size - fed : step;
    memcpy(buffer + held, bytes.at + fed, more);
    held += more;
    fed += more;
    for (;;) {
      enum frame_result result = frame_next(&framing, (struct text){ buffer, held }, &frame, &used);
      assert(used <= held);
      if (result == FRAME_BAD) return sum * 31 + 1;
      if (result == FRAME_ONE) {
        assert(frame.size <= MOST && frame.at >= buffer && frame.at + frame.size <= buffer + used);
        sum = sum * 31 + 7;
        for (size_t i = 0; i < frame.size; i++) sum = sum * 31 + (unsigned char)frame.at[i];
      }
      assert(used > 0 || result == FRAME_MORE);
      held -= used;
      memmove(buffer, buffer + used, held);
      if (result == FRAME_MORE) break;
    }
    assert(held <= MOST + 16); /* what a connection must be able to hold */
  }
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct text bytes = { (const char *)data, size };
  assert(frames_sum(bytes, 1) == frames_sum(bytes, 17));
  assert(frames_sum(bytes, 1) == frames_sum(bytes, MOST));
  return 0;
}
