/* What a PCRE2 pattern cannot match without: literals of which one stands in every match. Private to filters/. */
#ifndef TAMIS_FILTERS_REQUIRED_H
#define TAMIS_FILTERS_REQUIRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filters/filters.h"

enum { REQUIRED_MOST = 16, LITERAL_LEAST = 3, LITERAL_MOST = FILTER_LITERAL_MOST };

struct literal {
  unsigned char bytes[LITERAL_MOST];
  size_t        size;
  uint32_t      nocase; /* bit n: byte n is a lower-case letter that stands for both cases */
  bool          folds;  /* one of these is k or s: U+212A and U+017F stand for them too */
};

struct required {
  const char    *why;  /* NULL: each match has one of the literals in it. Else constant text: why none is known */
  size_t         byte; /* with why: where in the pattern */
  struct literal list[REQUIRED_MOST];
  size_t         count;
};

/* pattern is one that PCRE2 has compiled with PCRE2_UTF, with no option that changes how it is read, LF as its newline. In
 * any text, valid UTF-8 or not: what it matches has one of the literals among its bytes, or, where that one folds, the same
 * with U+212A or U+017F in the place of some k or s. */
struct required required_of(const char *pattern);

#endif
