/* secret: memory for keys and what is derived from them. Zeroed at birth, kept out of swap, core dumps and child processes,
 * wiped at its end. Whole pages: for few, long-lived things. */
#ifndef TAMIS_FILTERS_SECRET_H
#define TAMIS_FILTERS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

void *secret_new(size_t size);                /* NULL: no memory */
void  secret_free(void *memory, size_t size); /* size as it was given to secret_new; NULL is accepted */
bool  secret_unlocked(void);                  /* the kernel refused to lock some of it (RLIMIT_MEMLOCK): it may reach swap */

#endif
