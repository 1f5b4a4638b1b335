/* What is likely a mistake in rules that load and pass their tests. For `tamis check`. */
#ifndef TAMIS_CONF_REVIEW_H
#define TAMIS_CONF_REVIEW_H

#include "conf/conf.h"

/* One place of a text may cost a pattern this many steps of PCRE2 (as its match limit counts them, without JIT) for each
 * byte of the text, and REVIEW_STEPS_FREE more. Patterns of linear cost take a handful; quadratic ones pass it on a long
 * line, exponential ones at once. */
enum { REVIEW_STEPS_BYTE = 16, REVIEW_STEPS_FREE = 2000, REVIEW_TEXT_BYTES = 1500 };

/* Adds to warnings, each at the key that it is about: rules that an earlier rule makes useless; patterns that cost too much
 * on typical lines, on their own tests or on those drawn out; patterns that are run on every text. */
void conf_review_rules(const struct conf *conf, struct conf_errors *warnings);

#endif
