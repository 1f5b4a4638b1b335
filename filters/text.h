/* A borrowed run of bytes. Never NUL-terminated by promise; bytes may hold anything, NUL and bad UTF-8 included. */
#ifndef TAMIS_FILTERS_TEXT_H
#define TAMIS_FILTERS_TEXT_H

#include <stddef.h>
#include <string.h>

struct text {
  const char *at;
  size_t      size; /* bytes */
};

#define TEXT(literal) ((struct text){ "" literal, sizeof(literal) - 1 })
#define TEXT_NONE     ((struct text){ NULL, 0 })

static inline struct text text_of(const char *string) { return string == NULL ? TEXT_NONE : (struct text){ string, strlen(string) }; }

static inline int text_equal(struct text a, struct text b) { return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0); }

#endif
