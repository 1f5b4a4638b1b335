/* The prefilter: one pass over a text says which patterns may match in it, so that PCRE2 runs on few. Vectorscan where it
 * is built in and the CPU has what it needs; else every rule may match. Private to filters/.
 *
 *   pattern ──relax_into──▶ wider pattern ──▶ one Vectorscan database ──prefilter_scan──▶ bitmap of rules
 *
 * A rule that matches is always in the bitmap. A rule that is not in it cannot match. */
#ifndef TAMIS_FILTERS_PREFILTER_H
#define TAMIS_FILTERS_PREFILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/text.h"

struct prefilter;         /* immutable: any number of threads */
struct prefilter_scratch; /* of one thread */

/* patterns[i] is what PCRE2 has compiled for rule i, as relax_into wants it, or NULL: the rule is always run. Borrowed
 * for the call. NULL: no memory. */
struct prefilter *prefilter_new(const char *const *patterns, size_t count);
void              prefilter_free(struct prefilter *prefilter); /* NULL is accepted */

/* Why a rule with a pattern is always run, borrowed from the prefilter, *byte where in its pattern, or -1; NULL: it is not. */
const char *prefilter_why(const struct prefilter *prefilter, size_t rule, long *byte);
size_t      prefilter_words(const struct prefilter *prefilter); /* of a bitmap of the rules, 64 to a word */

/* NULL: no memory. */
struct prefilter_scratch *prefilter_scratch_new(const struct prefilter *prefilter);
void                      prefilter_scratch_free(struct prefilter_scratch *scratch); /* NULL is accepted */

/* Sets in bitmap the rules that may match in text, and clears the others. Allocates nothing. */
void prefilter_scan(const struct prefilter *prefilter, struct prefilter_scratch *scratch, struct text text, uint64_t *bitmap);
/* Sets every rule. */
void prefilter_all(const struct prefilter *prefilter, uint64_t *bitmap);

#endif
