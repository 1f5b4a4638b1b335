/* A keyring file of any bytes: taken or refused with a line; what is taken reads back from what it is written as. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "filters/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct keyring       ring, again;
  struct keyring_error error;
  char                *out, id[EPOCH_ID_MOST + 1];
  int64_t              from_s;
  size_t               length;
  if (!keyring_parse(&ring, (struct text){ (const char *)data, size }, &error)) {
    assert(error.why != NULL && ring.epochs == NULL);
    return 0;
  }
  out = malloc(keyring_room(&ring));
  length = keyring_format_into(&ring, out);
  assert(length <= keyring_room(&ring));
  assert(keyring_parse(&again, (struct text){ out, length }, &error) && again.count == ring.count);
  assert(ring.count == 0 || memcmp(again.epochs, ring.epochs, ring.count * sizeof *ring.epochs) == 0);
  for (size_t i = 0; i < ring.count; i++) assert(keyring_at(&ring, ring.epochs[i].from_s) == &ring.epochs[i]);
  for (int n = 0; n < 8 && keyring_wanted(&again, (enum period)(size % 4), 3, (int64_t)size * 86400, id, &from_s); n++)
    if (keyring_add(&again, id, from_s) == NULL) break;
  free(out);
  keyring_wipe(&ring);
  keyring_wipe(&again);
  return 0;
}
