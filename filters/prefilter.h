/* The prefilter: one pass over a text says which patterns may match in it, so that PCRE2 runs on few. Private to filters/.
 *
 *   pattern ─required_of─▶ literals ─▶ windows of 3 or 4 bytes ─▶ nibbles (AVX2) ─▶ hash ─▶ whole literal ─▶ bitmap of rules
 *
 * A rule that matches is always in the bitmap; a rule that is not in it cannot match. Our own, as Vectorscan 5.4.9 (Debian
 * 12) misses matches with AVX-512: "n" behind byte 64 of a text of 65, with HS_FLAG_SINGLEMATCH; upstream's pull requests
 * 368 and 378 mend more of the kind. A miss here is a leak. */
#ifndef TAMIS_FILTERS_PREFILTER_H
#define TAMIS_FILTERS_PREFILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/text.h"

struct prefilter; /* immutable: any number of threads */

/* patterns[i] is that of rule i, as required_of wants it, or NULL: the rule is always run. Borrowed for the call. NULL: no
 * memory. */
struct prefilter *prefilter_new(const char *const *patterns, size_t count);
void              prefilter_free(struct prefilter *prefilter); /* NULL is accepted */

/* Why a rule with a pattern is always run (constant text), *byte where in its pattern; NULL: it is not. */
const char *prefilter_why(const struct prefilter *prefilter, size_t rule, size_t *byte);
size_t      prefilter_words(const struct prefilter *prefilter); /* of a bitmap of the rules, 64 to a word */

/* Sets in bitmap the rules that may match in text, and clears the others. wide: with AVX2, which the CPU must have; the
 * result is the same. Allocates nothing. */
void prefilter_scan(const struct prefilter *prefilter, struct text text, bool wide, uint64_t *bitmap);
/* Sets every rule. */
void prefilter_all(const struct prefilter *prefilter, uint64_t *bitmap);

#endif
