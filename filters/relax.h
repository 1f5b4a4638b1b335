/* A PCRE2 pattern as a wider one over bytes, of what every matcher understands alike: bytes, classes of bytes, groups,
 * alternatives, repetitions. Where the pattern matches (under PCRE2_UTF, in any text, valid UTF-8 or not), some run of the
 * matched bytes is one that the wider pattern describes. Private to filters/. */
#ifndef TAMIS_FILTERS_RELAX_H
#define TAMIS_FILTERS_RELAX_H

#include <stddef.h>

struct relaxed {
  const char *why;   /* NULL: out holds the wider pattern. Else constant text: what could not be widened */
  size_t      byte;  /* with why: where in the pattern */
  size_t      width; /* least bytes of a match */
};

/* Writes the wider pattern with a NUL into out. pattern is one that PCRE2 has compiled, with PCRE2_UTF and without
 * PCRE2_UCP, PCRE2_EXTENDED and the like, LF as its newline. */
struct relaxed relax_into(const char *pattern, char *out, size_t room);

#endif
