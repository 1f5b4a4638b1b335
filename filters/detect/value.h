/* value: what detectors of numbers and codes share. */
#ifndef TAMIS_FILTERS_DETECT_VALUE_H
#define TAMIS_FILTERS_DETECT_VALUE_H

#include "filters/scan.h"

enum { DIGITS_MOST = 40 };

/* Digits of a value without what stands between them. */
struct digits {
  char     at[DIGITS_MOST];
  unsigned count; /* DIGITS_MOST + 1: more */
  size_t   end;   /* in the text, behind the last */
};

/* Reads digits from byte start on; one byte of marks ("" for none) may stand between two of them. */
void digits_read(struct text text, size_t start, const char *marks, struct digits *digits);

/* ISO/IEC 7812-1 annex B: the last digit checks the others. */
bool luhn(const char *digits, unsigned count);

/* The next run of at least 14 digits; *index counts through anchors->digit, from 0. */
bool long_run(const struct scan *scan, uint32_t *index, size_t *start, size_t *end);

/* Where the letters that end at byte end begin. */
size_t word_start(struct text text, size_t end);
/* The word before a value that starts at byte start, past blanks, quotes, ':', '=', '#' and '-', is one of words. */
bool   word_before(struct text text, size_t start, const struct text *words, size_t count);
bool   word_among(struct text word, const struct text *words, size_t count); /* in any case */

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* The key of a keyed value as it is spelled, without quotes; *mark is its '=' or ':'. Where the text is a field's value as a
 * whole, the field's name; *mark is then KEY_IS_FIELD. */
#define KEY_IS_FIELD ((size_t)-1)
struct text keyed_name_of(const struct scan *scan, const struct keyed *keyed, size_t *mark);

/* Byte at begins a value whose key is of one of these kinds. */
bool keyed_at(const struct scan *scan, size_t at, uint32_t kinds);

/* The end of a value of several words: its quote, or ';', '|', '&', a line's end, ", " before another key, most bytes behind its start. */
size_t phrase_end(struct text text, const struct keyed *keyed, size_t most);

/* No letter or digit at byte at. */
static inline bool ends_clear(struct text text, size_t at) { return at >= text.size || !(is_alnum(text.at[at]) || text.at[at] == '_'); }
static inline bool starts_clear(struct text text, size_t at) { return at == 0 || !(is_alnum(text.at[at - 1]) || text.at[at - 1] == '_'); }

#endif
