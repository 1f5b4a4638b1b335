#include "filters/secret.h"

#include <openssl/crypto.h>
#include <stdatomic.h>
#include <sys/mman.h>

static atomic_bool refused; /* a fact about the process, asked for once, to warn */

void *secret_new(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  if (mlock(memory, size) != 0) atomic_store(&refused, true);
  madvise(memory, size, MADV_DONTDUMP); /* both are refused by old kernels alone */
  madvise(memory, size, MADV_DONTFORK);
  return memory;
}

void secret_free(void *memory, size_t size) {
  if (memory == NULL) return;
  OPENSSL_cleanse(memory, size);
  munmap(memory, size);
}

bool secret_unlocked(void) { return atomic_load(&refused); }
